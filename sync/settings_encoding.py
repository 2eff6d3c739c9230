"""The settings part of a list as bytes (format v1): arrays in the order of the fields.

A list that lets no PIN open without a card has nine parts, and no tenth.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from sync.codec import CodecError, decode, encode
from sync.fields import array, many, member, octets, optional, text, truth, whole
from sync.records import (
    ByteOrder,
    DoorMode,
    DoorPolicy,
    GrantKind,
    Holiday,
    KindPolicy,
    ListSettings,
    MappingRule,
    ModeWindow,
    OutageWindow,
    PassbackArea,
    PassbackMode,
    PinOnly,
    RecordError,
    Schedule,
    Utility,
    Window,
)

MAX_SETTINGS_BYTES: Final = 128 * 1024
MAX_SETTINGS_ITEMS: Final = 16_384
"""An estate has tens of schedules and some hundred holidays; far above, and bounded."""

_KINDS: Final = {int(one): one for one in GrantKind}
_DOOR_MODES: Final = {int(one): one for one in DoorMode}
_PASSBACK_MODES: Final = {int(one): one for one in PassbackMode}
_UTILITIES: Final = {int(one): one for one in Utility}
_LAST_DAY: Final = date.max.toordinal()


def encode_settings(settings: ListSettings) -> bytes:
    """Canonical bytes; raises ``CodecError`` when they would exceed their cap."""
    pin_only = [] if settings.pin_only is None else [[settings.pin_only.salt, settings.pin_only.doors]]
    data = encode(
        [
            settings.time_zone,
            [_door_row(one) for one in settings.doors],
            [_schedule_row(one) for one in settings.schedules],
            [[one.day.toordinal(), one.holiday_type] for one in settings.holidays],
            [[one.area_id, int(one.mode), one.timeout_s, one.forgive_at_minute] for one in settings.areas],
            settings.interlocks,
            [[int(one.kind), one.max_list_age_s, one.opens_without_clock] for one in settings.policies],
            [[one.start, one.end, int(one.utility), int(one.door_mode)] for one in settings.outages],
            [[reader, *_mapping_row(rule)] for reader, rule in settings.mappings],
            *pin_only,
        ]
    )
    decode_settings(data)  # the caps of the reading side, told to the writer
    return data


def decode_settings(data: bytes) -> ListSettings:
    """Inverse of ``encode_settings``.

    Raises:
        CodecError: other bytes than ``encode_settings`` gives, or settings that break their rules.
    """
    value = decode(data, max_bytes=MAX_SETTINGS_BYTES, max_items=MAX_SETTINGS_ITEMS)
    parts = array(value, "settings", at_most=10)
    zone, doors, schedules, holidays, areas, interlocks, policies, outages, mappings = array(
        parts[:9], "settings", length=9
    )
    try:
        return ListSettings(
            time_zone=text(zone, "time zone"),
            doors=many(doors, _door, "doors"),
            schedules=many(schedules, _schedule, "schedules"),
            holidays=many(holidays, _holiday, "holidays"),
            areas=many(areas, _area, "areas"),
            interlocks=many(interlocks, _interlock, "interlocks"),
            policies=many(policies, _policy, "policies"),
            outages=many(outages, _outage, "outages"),
            mappings=many(mappings, _mapping, "mappings"),
            pin_only=_pin_only(parts[9]) if len(parts) > 9 else None,
        )
    except RecordError as error:
        raise CodecError(str(error)) from None


def _door_row(door: DoorPolicy) -> list[object]:
    modes = [[one.schedule, int(one.mode), one.needs_first_card] for one in door.modes]
    return [door.door_id, door.area_in, modes, door.companion_within_s]


def _door(value: object) -> DoorPolicy:
    door_id, area_in, modes, within = array(value, "door", length=4)
    return DoorPolicy(
        whole(door_id, "door"),
        optional(area_in, whole, "area"),
        many(modes, _mode_window, "modes"),
        whole(within, "companion time limit"),
    )


def _mode_window(value: object) -> ModeWindow:
    schedule, mode, first = array(value, "mode window", length=3)
    return ModeWindow(
        whole(schedule, "schedule"), member(_DOOR_MODES, mode, "door mode"), truth(first, "first card")
    )


def _window_rows(windows: tuple[Window, ...]) -> list[object]:
    return [[one.weekdays, one.start_minute, one.end_minute] for one in windows]


def _schedule_row(one: Schedule) -> list[object]:
    special = [[kind, _window_rows(windows)] for kind, windows in one.holiday_windows]
    return [one.schedule_id, _window_rows(one.windows), special, one.observes_holidays]


def _schedule(value: object) -> Schedule:
    schedule_id, windows, special, observes = array(value, "schedule", length=4)
    return Schedule(
        whole(schedule_id, "schedule"),
        many(windows, _window, "windows"),
        many(special, _holiday_windows, "holiday windows"),
        truth(observes, "observes holidays"),
    )


def _holiday_windows(value: object) -> tuple[int, tuple[Window, ...]]:
    kind, windows = array(value, "holiday windows", length=2)
    return whole(kind, "holiday type"), many(windows, _window, "windows")


def _window(value: object) -> Window:
    weekdays, start, end = array(value, "window", length=3)
    return Window(whole(weekdays, "weekdays"), whole(start, "start"), whole(end, "end"))


def _holiday(value: object) -> Holiday:
    ordinal, kind = array(value, "holiday", length=2)
    day = whole(ordinal, "holiday")
    if not 1 <= day <= _LAST_DAY:
        raise CodecError(f"holiday: day {day} is in no calendar")
    return Holiday(date.fromordinal(day), whole(kind, "holiday type"))


def _area(value: object) -> PassbackArea:
    area_id, mode, timeout, forgive = array(value, "area", length=4)
    return PassbackArea(
        whole(area_id, "area"),
        member(_PASSBACK_MODES, mode, "passback mode"),
        optional(timeout, whole, "timeout"),
        optional(forgive, whole, "forgiving minute"),
    )


def _interlock(value: object) -> tuple[int, ...]:
    return many(value, lambda door: whole(door, "door"), "interlock")


def _policy(value: object) -> KindPolicy:
    kind, age, without_clock = array(value, "policy", length=3)
    return KindPolicy(
        member(_KINDS, kind, "grant kind"),
        optional(age, whole, "list age"),
        truth(without_clock, "opens without clock"),
    )


def _outage(value: object) -> OutageWindow:
    start, end, utility, mode = array(value, "outage", length=4)
    return OutageWindow(
        whole(start, "start"),
        whole(end, "end"),
        member(_UTILITIES, utility, "utility"),
        member(_DOOR_MODES, mode, "door mode"),
    )


def _pin_only(value: object) -> PinOnly:
    salt, doors = array(value, "pin only", length=2)
    return PinOnly(octets(salt, "pin only: salt"), many(doors, lambda one: whole(one, "door"), "doors"))


def _mapping_row(rule: MappingRule) -> list[object]:
    return [rule.byte_order is ByteOrder.LSB_FIRST, rule.low_bits, rule.decimal, rule.width_bytes]


def _mapping(value: object) -> tuple[int, MappingRule]:
    reader, lsb_first, low_bits, decimal, width = array(value, "mapping", length=5)
    order = ByteOrder.LSB_FIRST if truth(lsb_first, "byte order") else ByteOrder.MSB_FIRST
    return whole(reader, "reader"), MappingRule(
        order,
        optional(low_bits, whole, "low bits"),
        truth(decimal, "decimal"),
        optional(width, whole, "width"),
    )
