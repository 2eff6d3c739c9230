"""The tables of an estate file, each as the record it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar
from zoneinfo import ZoneInfo

from office.errors import OfficeError, Trouble
from office.notation import read_day, read_minute, read_time, read_window
from office.table import Table, choice, flag, text, whole, words
from sync.records import (
    ByteOrder,
    DoorMode,
    DoorPolicy,
    GrantKind,
    Holiday,
    KindPolicy,
    MappingRule,
    ModeWindow,
    OutageWindow,
    PassbackArea,
    PassbackMode,
    RecordError,
    Schedule,
    Utility,
    Window,
)

Item = TypeVar("Item")


def finished(row: Table, build: Callable[[Table], Item]) -> Item:
    """What ``build`` makes of a table, all of whose keys it must have read."""
    try:
        built = build(row)
    except RecordError as error:
        text = f"{row.place}: {error}"
        raise OfficeError(text, Trouble.SETTINGS_WRONG, text=text) from None
    row.finish()
    return built


def one_of(names: Mapping[str, object], what: str) -> Callable[[object], str]:
    """A reader of a name that must be among ``names``."""

    def read(value: object) -> str:
        name = text(value)
        if name not in names:
            raise ValueError(f"there is no {what} {name!r}; known are: {', '.join(names) or 'none'}")
        return name

    return read


def schedule_row(row: Table) -> Schedule:
    """A weekly schedule."""
    special = row.table("holiday_windows") if row.has("holiday_windows") else None
    windows: list[tuple[int, tuple[Window, ...]]] = []
    for kind in range(1, 10):
        if special is not None and special.has(str(kind)):
            hours = special.read(str(kind), lambda value: _windows(value, weekdays=False))
            windows.append((kind, hours))
    if special is not None:
        special.finish()
    return Schedule(
        row.whole("id"),
        row.read("windows", lambda value: _windows(value, weekdays=True)),
        tuple(windows),
        row.flag("observes_holidays", otherwise=True),
    )


def _windows(value: object, *, weekdays: bool) -> tuple[Window, ...]:
    return tuple(sorted(read_window(one, weekdays=weekdays) for one in words(value)))


def holiday_row(row: Table) -> Holiday:
    """A holiday."""
    return Holiday(row.read("day", read_day), row.maybe("type", whole) or 1)


def area_row(row: Table) -> PassbackArea:
    """A passback area."""
    return PassbackArea(
        row.whole("id"),
        row.read("mode", choice(PassbackMode)),
        row.maybe("timeout_s", whole),
        row.maybe("forgive_at", lambda value: read_minute(text(value))),
    )


def door_row(
    row: Table, schedules: Mapping[str, Schedule], areas: Mapping[str, tuple[str, PassbackArea]]
) -> DoorPolicy:
    """What the office decides about a door."""
    area = row.maybe("area_in", one_of(areas, "area"))
    modes = tuple(finished(one, lambda table: _mode(table, schedules)) for one in row.tables("modes"))
    within = row.maybe("companion_within_s", whole)
    area_in = None if area is None else areas[area][1].area_id
    door_id = row.whole("id")
    return (
        DoorPolicy(door_id, area_in, modes) if within is None else DoorPolicy(door_id, area_in, modes, within)
    )


def _mode(row: Table, schedules: Mapping[str, Schedule]) -> ModeWindow:
    schedule = schedules[row.read("schedule", one_of(schedules, "schedule"))].schedule_id
    return ModeWindow(schedule, row.read("mode", choice(DoorMode)), row.flag("needs_first_card"))


def policy_row(row: Table) -> KindPolicy:
    """A trust policy for one kind of grant."""
    return KindPolicy(
        row.read("kind", choice(GrantKind)),
        row.maybe("max_list_age_s", whole),
        row.read("opens_without_clock", flag),
    )


def outage_row(row: Table, zone: ZoneInfo) -> OutageWindow:
    """An announced outage."""
    return OutageWindow(
        row.read("start", lambda value: read_time(value, zone)),
        row.read("end", lambda value: read_time(value, zone)),
        row.read("utility", choice(Utility)),
        row.maybe("door_mode", choice(DoorMode)) or DoorMode.NORMAL,
    )


def reader_row(row: Table) -> tuple[int, MappingRule]:
    """A reader's id and mapping rule."""
    rule = MappingRule(
        row.maybe("byte_order", lambda value: ByteOrder(text(value))) or ByteOrder.MSB_FIRST,
        row.maybe("low_bits", whole),
        row.flag("decimal"),
        row.maybe("width_bytes", whole),
    )
    return row.whole("id"), rule


def interlock_groups(value: object, doors: Mapping[str, int]) -> tuple[tuple[int, ...], ...]:
    """Groups of doors, by name, of which one may be open at a time."""
    if not isinstance(value, list):
        raise ValueError('must be groups of doors, such as [["outer", "inner"]]')  # noqa: TRY004  # told like other typos
    door = one_of(doors, "door of this gate")
    return tuple(tuple(sorted(doors[door(name)] for name in words(group))) for group in value)
