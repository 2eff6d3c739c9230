"""Settings of a gate's list from the registry's rows, read by the same code as an estate file's."""

from __future__ import annotations

from operator import attrgetter, itemgetter
from zoneinfo import ZoneInfo

from django.conf import settings as django_settings

from office.errors import OfficeError
from office.estate_rows import (
    area_row,
    door_row,
    finished,
    interlock_groups,
    policy_row,
    reader_row,
    schedule_row,
)
from office.registry.models import EstateRules, GateSite, Holiday, Outage, OutageState, Schedule
from office.table import Table
from sync.records import DoorMode, ListSettings, OutageWindow, PinOnly, Utility
from sync.records import Holiday as HolidayRecord
from sync.records.settings import DEFAULT_POLICIES, MAX_ITEMS


def gate_settings(gate: GateSite) -> ListSettings:
    """The settings of one gate's list.

    Raises:
        OfficeError: gate, row, key, and the cure.
    """
    zone = ZoneInfo(django_settings.TIME_ZONE)
    rules = EstateRules.objects.first() or EstateRules()
    schedules = {
        one.name: finished(Table({"id": one.schedule_id, **one.rows}, f"schedule {one.name}"), schedule_row)
        for one in Schedule.objects.all()
    }
    areas = {}
    for row in _tables(gate.areas, f"gate {gate.name}: area"):
        name = row.text("name")
        areas[name] = (gate.name, finished(row, area_row))
    doors, by_pin = [], []
    for door in gate.doors.all():
        row = Table({"id": door.door_id, **door.policy}, f"door {door.name}")
        if row.flag("pin_only"):
            by_pin.append(door.door_id)
        doors.append(finished(row, lambda table: door_row(table, schedules, areas)))
    policies = {one.kind: one for one in DEFAULT_POLICIES}
    for row in _tables(rules.policies, "policy"):
        policy = finished(row, policy_row)
        policies[policy.kind] = policy
    if by_pin and not rules.pin_salt:
        raise OfficeError(f"gate {gate.name}: doors that open by a PIN alone need the estate's PIN salt")
    names = {door.name: door.door_id for door in gate.doors.all()}
    return ListSettings(
        zone.key,
        tuple(sorted(doors, key=attrgetter("door_id"))),
        tuple(sorted(schedules.values(), key=attrgetter("schedule_id"))),
        tuple(sorted(HolidayRecord(one.day, one.type) for one in Holiday.objects.all())),
        tuple(sorted((area for _, area in areas.values()), key=attrgetter("area_id"))),
        interlock_groups(gate.interlocks, names),
        tuple(policies[kind] for kind in sorted(policies)),
        _outages(gate),
        tuple(
            sorted(
                (finished(row, reader_row) for row in _tables(gate.readers, f"gate {gate.name}: reader")),
                key=itemgetter(0),
            )
        ),
        PinOnly(bytes.fromhex(rules.pin_salt), tuple(sorted(by_pin))) if by_pin else None,
    )


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
