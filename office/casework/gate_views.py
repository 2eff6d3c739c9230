"""How the gates stand, from the hub's records, what connected gates tell, and the last events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from django.db.models import OuterRef, Subquery
from msgspec import Struct

from office.casework.gate_watch import hub_status
from office.hub.braking import HeldBack
from office.hub.control_client import GateFacts
from office.hub.desk import standing
from office.hub.facts import Gate
from office.hub.gate_state import GateState, GateView
from office.hub.planner import Why
from office.hub.publisher import Publisher
from office.hub.signers import NoSigners
from office.hub.sqlite_store import SqliteHub
from office.hub.standing import Standing, standing_view
from office.lists.store import hub_store
from office.registry.models import Door, GateSite, UsageEvent
from sync.as_built import AsBuilt, AsBuiltError, read_as_built

GOOD: Final = ("ok", "running", "trusted", "quiet")


class GateLine(Struct, frozen=True):
    """One gate at a glance."""

    gate: Gate
    view: GateView
    list_since: datetime | None
    spoke_at: datetime | None
    doors: tuple[str, ...]
    facts: GateFacts | None
    """What it told of itself; ``None``: it is not connected."""
    troubles: tuple[str, ...]
    last: UsageEvent | None
    held_back: HeldBack | None
    """A change that waits for the manager."""

    @property
    def planned(self) -> bool:
        """Whether the office waits for its first key."""
        return not self.gate.public_key


def gate_lines(at: datetime) -> tuple[list[GateLine], bool]:
    """Every gate that is in service or planned, and whether a hub answers."""
    status = hub_status()
    store = hub_store()
    doors, last = _doors(), _last_events()
    gates = [one for one in store.gates.all() if one.struck_at is None]
    standings = store.standings.all()
    lines = [_line(store, one, standings[one.gate_id], at, status or {}, doors, last) for one in gates]
    order = (GateState.ERROR, GateState.UNREACHABLE, GateState.PENDING, GateState.IN_SYNC)
    return sorted(lines, key=lambda one: (order.index(one.view.state), one.gate.name)), status is not None


def gate_line(gate_id: int, at: datetime) -> tuple[GateLine, bool]:
    """One gate, and whether a hub answers; raises ``OfficeError`` if there is no such gate."""
    status, store = hub_status(), hub_store()
    gate = store.gates.get(gate_id)
    line = _line(store, gate, standing(store, gate_id), at, status or {}, _doors(), _last_events(gate_id))
    return line, status is not None


def as_built(gate_id: int) -> AsBuilt | None:
    """What a technician built in and tested there last, if the hub has it."""
    data = hub_store().as_built.newest(gate_id)
    try:
        return None if data is None else read_as_built(data)[0]
    except AsBuiltError:  # of a later version: the hub took it in, we cannot show it
        return None


def _line(
    store: SqliteHub,
    gate: Gate,
    stands: Standing,
    at: datetime,
    status: Mapping[int, GateFacts],
    doors: Mapping[int, tuple[str, ...]],
    last: Mapping[int, UsageEvent],
) -> GateLine:
    now = int(at.timestamp())
    found, held_back = standing_view(gate, stands, now), None
    may_wait = found.state in (GateState.PENDING, GateState.UNREACHABLE) and gate.public_key
    if may_wait and stands.differs:
        held_back = Publisher(store, NoSigners()).held_back(gate.gate_id, now)
        if held_back is not None:
            found = standing_view(gate, stands, now, Why.NEEDS_MANAGER)
    facts = status.get(gate.gate_id)
    return GateLine(
        gate,
        found,
        _ago(now, found.list_age_s),
        _ago(now, found.silent_s),
        doors.get(gate.gate_id, ()),
        facts,
        () if facts is None else tuple(f"{name}: {one}" for name, one in facts.items() if _is_bad(name, one)),
        last.get(gate.gate_id),
        held_back,
    )


def _is_bad(name: str, told: str) -> bool:
    if name.startswith("door "):
        return not told.endswith(("alarm none", "alarm None"))
    return told not in GOOD


def _ago(now: int, seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(now - seconds, UTC)


def _doors() -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = defaultdict(list)
    for gate_id, name in Door.objects.order_by("door_id").values_list("gate_id", "name"):
        found[gate_id].append(name)
    return {gate_id: tuple(doors) for gate_id, doors in found.items()}


def _last_events(gate_id: int | None = None) -> dict[int, UsageEvent]:
    newest = UsageEvent.objects.filter(gate_id=OuterRef("gate_id")).order_by("-at_ms", "-pk")
    sites = GateSite.objects.all() if gate_id is None else GateSite.objects.filter(gate_id=gate_id)
    keys = sites.annotate(newest=Subquery(newest.values("pk")[:1])).values_list("newest", flat=True)
    return {one.gate_id: one for one in UsageEvent.objects.filter(pk__in=[key for key in keys if key])}
