"""The settings of a permission list, compiled for look-up: once per list, not per tap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, tzinfo

from msgspec import Struct

from sync.records import (
    DoorMode,
    GrantKind,
    KindPolicy,
    ListSettings,
    MappingRule,
    OutageWindow,
    PassbackArea,
    PinOnly,
)
from terminal.core.schedule import Holidays, WeekPlan, week_plan


class ModeRule(Struct, frozen=True):
    """A door's mode window with its schedule looked up."""

    plan: WeekPlan
    mode: DoorMode
    needs_first_card: bool


class DoorRule(Struct, frozen=True):
    """One door with everything it refers to looked up."""

    area: PassbackArea | None
    """Entered by passing inwards."""
    modes: tuple[ModeRule, ...]
    companion_within_s: int
    interlocked_with: frozenset[int]
    """The other doors of its interlock groups: all must be closed and locked."""
    opens_by_pin: bool
    """A PIN without a card opens here."""
    dangling: tuple[str, ...]
    """References that lead nowhere, in words. Such a door refuses every tap: `fault`."""


class Rules(Struct, frozen=True):
    """Compiled settings of one gate's list."""

    zone: tzinfo
    doors: Mapping[int, DoorRule]
    plans: Mapping[int, WeekPlan]
    holidays: Holidays
    policies: Mapping[GrantKind, KindPolicy]
    outages: tuple[OutageWindow, ...]
    mappings: Mapping[int, MappingRule]
    """Reader id → rule; a reader not named delivers whole numbers."""
    pin_only: PinOnly | None = None


def compile_rules(settings: ListSettings, zone: tzinfo) -> Rules:
    """Compile ``settings``; ``zone`` is what ``settings.time_zone`` names. Never raises:
    a dangling reference is kept as such and refuses later."""
    plans = {one.schedule_id: week_plan(one) for one in settings.schedules}
    holidays: defaultdict[date, tuple[int, ...]] = defaultdict(tuple)
    for holiday in settings.holidays:
        holidays[holiday.day] += (holiday.holiday_type,)
    return Rules(
        zone=zone,
        doors=_door_rules(settings, plans),
        plans=plans,
        holidays=dict(holidays),
        policies={one.kind: one for one in settings.policies},
        outages=settings.outages,
        mappings=dict(settings.mappings),
        pin_only=settings.pin_only,
    )


def _door_rules(settings: ListSettings, plans: Mapping[int, WeekPlan]) -> dict[int, DoorRule]:
    areas = {one.area_id: one for one in settings.areas}
    known = {one.door_id for one in settings.doors}
    rules = {}
    for door in settings.doors:
        groups = [set(group) for group in settings.interlocks if door.door_id in group]
        partners = frozenset[int]().union(*groups) - {door.door_id}
        dangling = [f"interlock with door {one}" for one in sorted(partners - known)]
        dangling += [f"mode schedule {one.schedule}" for one in door.modes if one.schedule not in plans]
        if door.area_in is not None and door.area_in not in areas:
            dangling.append(f"area {door.area_in}")
        rules[door.door_id] = DoorRule(
            area=None if door.area_in is None else areas.get(door.area_in),
            modes=tuple(
                ModeRule(plans[one.schedule], one.mode, one.needs_first_card)
                for one in door.modes
                if one.schedule in plans
            ),
            companion_within_s=door.companion_within_s,
            interlocked_with=partners,
            opens_by_pin=settings.pin_only is not None and door.door_id in settings.pin_only.doors,
            dangling=tuple(dangling),
        )
    return rules
