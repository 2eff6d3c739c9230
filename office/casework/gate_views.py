"""How the gates stand, from the hub's records, what connected gates tell, and the last events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from django.db.models import OuterRef, Subquery
from msgspec import Struct
from msgspec.structs import replace

from office.casework.gate_watch import hub_status
from office.hub.braking import HeldBack
from office.hub.clerk_steps import standing
from office.hub.control_client import GateFacts
from office.hub.facts import Gate
from office.hub.gate_state import GateState, GateView
from office.hub.planner import Why
from office.hub.publisher import Publisher
from office.hub.signers import NoSigners
from office.hub.standing import Standing, standing_view
from office.lists.store import hub_store
from office.procedures.alarms import Alarm as AlarmWord
from office.registry.models import Alarm, AlarmKind, Door, GateSite, UsageEvent
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
    waits: str
    """What a change waits for, in the hub's words: the manager; empty: none does …"""
    held_back: HeldBack | None
    """… and what it would do; not judged where all gates are shown."""

    @property
    def planned(self) -> bool:
        """Whether the office waits for its first key."""
        return not self.gate.public_key


def gate_lines(at: datetime) -> tuple[list[GateLine], bool]:
    """Every gate that is in service or planned, and whether a hub answers.

    Whether a change waits for the manager stands as the watcher's last round judged it: to judge
    thousands of changed cards at two hundred gates takes seconds.
    """
    status = hub_status()
    store = hub_store()
    doors, last = _doors(), _last_events()
    gates = [one for one in store.gates.all() if one.struck_at is None]
    standings, waiting = store.standings.all(), _waiting()
    lines = [
        _line(
            one,
            standings[one.gate_id],
            at,
            status or {},
            doors,
            last,
            waits=one.gate_id in waiting and standings[one.gate_id].differs,
        )
        for one in gates
    ]
    order = (GateState.ERROR, GateState.UNREACHABLE, GateState.PENDING, GateState.IN_SYNC)
    return sorted(lines, key=lambda one: (order.index(one.view.state), one.gate.name)), status is not None


def gate_line(gate_id: int, at: datetime) -> tuple[GateLine, bool]:
    """One gate, and whether a hub answers; raises ``OfficeError`` if there is no such gate."""
    status, store = hub_status(), hub_store()
    gate = store.gates.get(gate_id)
    stands, held_back = standing(store, gate_id), None
    found = standing_view(gate, stands, int(at.timestamp()))
    if found.state in (GateState.PENDING, GateState.UNREACHABLE) and gate.public_key and stands.differs:
        held_back = Publisher(store, NoSigners()).held_back(gate_id, int(at.timestamp()))
    waits = held_back is not None
    line = _line(gate, stands, at, status or {}, _doors(), _last_events(gate_id), waits=waits)
    return replace(line, held_back=held_back), status is not None


def as_built(gate_id: int) -> AsBuilt | None:
    """What a technician built in and tested there last, if the hub has it."""
    data = hub_store().as_built.newest(gate_id)
    try:
        return None if data is None else read_as_built(data)[0]
    except AsBuiltError:  # of a later version: the hub took it in, we cannot show it
        return None


def _line(
    gate: Gate,
    stands: Standing,
    at: datetime,
    status: Mapping[int, GateFacts],
    doors: Mapping[int, tuple[str, ...]],
    last: Mapping[int, UsageEvent],
    *,
    waits: bool,
) -> GateLine:
    now = int(at.timestamp())
    found = standing_view(gate, stands, now, Why.NEEDS_MANAGER if waits else None)
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
        Why.NEEDS_MANAGER.value if waits else "",
        None,
    )


def _waiting() -> set[int | None]:
    """Gates of which the watcher has raised it, and not ended it."""
    running = Alarm.objects.filter(
        kind=AlarmKind(AlarmWord.MASS_CHANGE.value), cleared_at__isnull=True, ended_at__isnull=True
    )
    return set(running.values_list("gate_id", flat=True))


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
