"""Which doors a card opens: it follows from the place it belongs to, and from exceptions that end.

A door serves a place. A resident's card opens the doors that serve the unit, its entrance,
its building and so on up to the estate. A card of the staff belongs to a place and also opens
every door inside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from office.procedures.issue_states import State
from sync.records import Access, GrantKind, RevocationReason

KINDS: Final[Mapping[str, GrantKind]] = {
    "resident": GrantKind.RESIDENT,
    "tenant": GrantKind.TENANT,
    "vehicle": GrantKind.VEHICLE,
    "temporary": GrantKind.TEMPORARY,
    "staff": GrantKind.STAFF,
    "guard": GrantKind.GUARD,
    "merchant": GrantKind.MERCHANT,
    "contractor": GrantKind.CONTRACTOR,
    "visitor": GrantKind.VISITOR,
    "technician": GrantKind.TECHNICIAN,
}
"""What a card kind of the registry is at the gates."""
ALL_INSIDE: Final = frozenset({GrantKind.STAFF, GrantKind.GUARD, GrantKind.TECHNICIAN})
"""Kinds of cards that open every door inside their place, too."""

ENDS: Final[Mapping[State, RevocationReason]] = MappingProxyType(
    {
        State.SUSPENDED: RevocationReason.SUSPENDED,
        State.LOST: RevocationReason.LOST,
        State.FOUND: RevocationReason.LOST,
        State.DAMAGED: RevocationReason.DAMAGED,
        State.WITHDRAWN: RevocationReason.WITHDRAWN,
        State.REPLACED: RevocationReason.SUPERSEDED,
        State.COLLECTED: RevocationReason.WITHDRAWN,
    }
)
"""Why gates refuse a card in this state: a closed list, without unpaid money (Civil Code art. 944(3))."""


def end_reason(state: State, *, moves_out: bool) -> RevocationReason:
    """Why gates refuse an issue in this state; a card of somebody who moved away says so (15.3)."""
    reason = ENDS.get(state, RevocationReason.WITHDRAWN)
    return RevocationReason.MOVED_OUT if moves_out and reason is RevocationReason.WITHDRAWN else reason


class DoorFact(Struct, frozen=True):
    """A door: at which gate, and which place it serves."""

    door_id: int
    gate_id: int
    serves: str | None
    """Path of the place; ``None``: by exception only."""
    for_vehicles: bool = False


class ExceptionFact(Struct, frozen=True):
    """One word about one door, until it ends."""

    door_id: int
    allows: bool
    until: int
    """UTC seconds; from then on it says nothing."""


def opened_doors(
    kind: GrantKind,
    place: str | None,
    doors: Iterable[DoorFact],
    exceptions: Iterable[ExceptionFact],
    at: int,
    *,
    of_vehicle: bool = False,
) -> dict[int, tuple[Access, ...]]:
    """What a card opens, by gate; empty if nothing. ``of_vehicle``: it stands in for a vehicle's card."""
    by_vehicle = of_vehicle or kind is GrantKind.VEHICLE
    said = {one.door_id: one.allows for one in exceptions if one.until > at}
    found: dict[int, list[Access]] = {}
    for door in doors:
        if said.get(door.door_id, _follows(kind, place, door, by_vehicle)):
            found.setdefault(door.gate_id, []).append(Access(door.door_id))
    return {gate_id: tuple(sorted(accesses)) for gate_id, accesses in found.items()}


def _follows(kind: GrantKind, place: str | None, door: DoorFact, by_vehicle: bool) -> bool:
    if place is None or door.serves is None:
        return False
    if kind in ALL_INSIDE:
        return place.startswith(door.serves) or door.serves.startswith(place)
    return door.for_vehicles == by_vehicle and place.startswith(door.serves)
