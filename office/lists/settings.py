"""Settings of a gate's list from the registry's rows, read by the same code as an estate file's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter, itemgetter
from zoneinfo import ZoneInfo

from django.conf import settings as django_settings

from office.errors import OfficeError, Trouble
from office.estate_rows import (
    area_row,
    door_row,
    finished,
    interlock_groups,
    policy_row,
    reader_row,
    schedule_row,
)
from office.registry.models import Door, EstateRules, GateSite, Holiday, Outage, OutageState, Schedule
from office.table import Table
from sync.records import (
    DoorMode,
    DoorPolicy,
    KindPolicy,
    ListSettings,
    OutageWindow,
    PassbackArea,
    PinOnly,
    Utility,
)
from sync.records import Holiday as HolidayRecord
from sync.records import Schedule as ScheduleRecord
from sync.records.settings import DEFAULT_POLICIES, MAX_ITEMS


def gate_settings(gate: GateSite) -> ListSettings:
    """The settings of one gate's list.

    Raises:
        OfficeError: gate, row, key, and the cure.
    """
    rules = EstateRules.objects.first() or EstateRules()
    schedules = {
        one.name: finished(Table({"id": one.schedule_id, **one.rows}, f"schedule {one.name}"), schedule_row)
        for one in Schedule.objects.all()
    }
    areas = _areas(gate)
    doors = list(gate.doors.all())
    readers = (finished(row, reader_row) for row in _tables(gate.readers, f"gate {gate.name}: reader"))
    return ListSettings(
        ZoneInfo(django_settings.TIME_ZONE).key,
        tuple(sorted((_door(one, schedules, areas) for one in doors), key=attrgetter("door_id"))),
        tuple(sorted(schedules.values(), key=attrgetter("schedule_id"))),
        tuple(sorted(HolidayRecord(one.day, one.type) for one in Holiday.objects.all())),
        tuple(sorted((area for _, area in areas.values()), key=attrgetter("area_id"))),
        interlock_groups(gate.interlocks, {door.name: door.door_id for door in doors}),
        _policies(rules),
        _outages(gate),
        tuple(sorted(readers, key=itemgetter(0))),
        _by_pin(gate, doors, rules),
    )


def _areas(gate: GateSite) -> dict[str, tuple[str, PassbackArea]]:
    found = {}
    for row in _tables(gate.areas, f"gate {gate.name}: area"):
        name = row.text("name")
        found[name] = (gate.name, finished(row, area_row))
    return found


def _door(
    door: Door, schedules: Mapping[str, ScheduleRecord], areas: Mapping[str, tuple[str, PassbackArea]]
) -> DoorPolicy:
    row = Table({"id": door.door_id, **door.policy}, f"door {door.name}")
    row.flag("pin_only")  # said of all doors in one record
    return finished(row, lambda table: door_row(table, schedules, areas))


def _policies(rules: EstateRules) -> tuple[KindPolicy, ...]:
    policies = {one.kind: one for one in DEFAULT_POLICIES}
    own = [finished(row, policy_row) for row in _tables(rules.policies, "policy")]
    policies |= {one.kind: one for one in own}
    return tuple(policies[kind] for kind in sorted(policies))


def _by_pin(gate: GateSite, doors: Iterable[Door], rules: EstateRules) -> PinOnly | None:
    by_pin = tuple(sorted(one.door_id for one in doors if one.policy.get("pin_only")))
    if by_pin and not rules.pin_salt:
        raise OfficeError(
            f"gate {gate.name}: doors that open by a PIN alone need the estate's PIN salt",
            Trouble.SETTINGS_WRONG,
            text=f"{gate.name}: pin_salt",
        )
    return PinOnly(bytes.fromhex(rules.pin_salt), by_pin) if by_pin else None


def _outages(gate: GateSite) -> tuple[OutageWindow, ...]:
    """Windows of outages in a place around the gate, as long as they are to come or run."""
    live = Outage.objects.filter(state__in=[OutageState.ANNOUNCED, OutageState.RUNNING], end__isnull=False)
    around = live.filter(place__in=gate.place.ancestor_ids()).order_by("start", "pk")
    return tuple(
        OutageWindow(
            int(one.start.timestamp()),
            int(one.end.timestamp()),
            Utility[one.utility.upper()],
            DoorMode(one.door_mode),
        )
        for one in around[:MAX_ITEMS]
        if one.end is not None and int(one.end.timestamp()) > int(one.start.timestamp())
    )


def _tables(rows: list[dict[str, object]], where: str) -> list[Table]:
    return [Table(row, f"{where} {number}") for number, row in enumerate(rows, start=1)]
