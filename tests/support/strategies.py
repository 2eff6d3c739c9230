"""Hypothesis strategies for records and settings: every value the format can hold."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date
from typing import TypeVar

from hypothesis import strategies as st
from msgspec.structs import replace

from sync.records import (
    MAX_NUMBER_BYTES,
    Access,
    ByteOrder,
    Credential,
    Direction,
    DoorMode,
    DoorPolicy,
    Grant,
    GrantKind,
    Holiday,
    KindPolicy,
    ListSettings,
    MappingRule,
    ModeWindow,
    OutageWindow,
    PassbackArea,
    PassbackMode,
    Pin,
    PinOnly,
    Record,
    RevocationReason,
    Schedule,
    Technology,
    Tombstone,
    Utility,
    Window,
)
from sync.records.grant import MAX_ID, MAX_USES
from sync.records.settings import DAY_S, MINUTES_PER_DAY

Item = TypeVar("Item")
DIRECTIONS = (Direction.IN, Direction.OUT, Direction.BOTH)


def ids() -> st.SearchStrategy[int]:
    """Ids of any size, small ones often."""
    return st.integers(1, 300) | st.integers(1, MAX_ID)


def times() -> st.SearchStrategy[int]:
    """UTC seconds, the whole range of the format."""
    return st.integers(0, 4_102_444_800) | st.integers(0, MAX_ID)


def credentials() -> st.SearchStrategy[Credential]:
    """Credentials of every technology; the usual lengths often, all lengths sometimes."""
    usual = st.sampled_from((4, 7, 10)).flatmap(lambda size: st.binary(min_size=size, max_size=size))
    numbers = usual | st.binary(min_size=1, max_size=MAX_NUMBER_BYTES)
    return st.builds(Credential, st.sampled_from(Technology), numbers)


def pins() -> st.SearchStrategy[Pin]:
    """PINs with and without a duress digest."""
    digests = st.binary(min_size=32, max_size=32)
    return st.builds(Pin, st.binary(min_size=16, max_size=16), digests, st.none() | digests)


def grants() -> st.SearchStrategy[Grant]:
    """Grants with any combination of extras."""
    access = _distinct(st.builds(Access, ids(), st.sampled_from(DIRECTIONS)), lambda one: one.door, 1, 4)
    return st.builds(
        Grant,
        ids(),
        ids(),
        credentials(),
        st.sampled_from(GrantKind),
        access,
        schedule=st.none() | ids(),
        uses=st.none() | st.integers(1, MAX_USES),
        companion=st.frozensets(st.sampled_from(GrantKind), max_size=4),
        pin=st.none() | pins(),
        long_opening=st.booleans(),
        passback_exempt=st.booleans(),
        first_card=st.booleans(),
        overrides_lockdown=st.booleans(),
    ).flatmap(_with_validity)


def tombstones() -> st.SearchStrategy[Tombstone]:
    """Tombstones of every reason."""
    return st.builds(Tombstone, ids(), ids(), credentials(), st.sampled_from(RevocationReason), times())


def records() -> st.SearchStrategy[Record]:
    """Grants and tombstones."""
    return grants() | tombstones()


def record_sets(max_size: int = 12) -> st.SearchStrategy[list[Record]]:
    """Lists of records in which each (credential, grant id) stands once."""
    return st.lists(records(), max_size=max_size, unique_by=lambda one: (one.credential, one.grant_id))


def windows() -> st.SearchStrategy[Window]:
    """Windows inside a day, over midnight, and a whole day long."""
    return st.builds(
        lambda days, start, length: Window(days, start, start + length),
        st.integers(1, 0x7F),
        st.integers(0, MINUTES_PER_DAY - 1),
        st.integers(1, MINUTES_PER_DAY),
    )


def window_tuples() -> st.SearchStrategy[tuple[Window, ...]]:
    """A few windows."""
    return st.lists(windows(), max_size=3).map(tuple)


def schedules() -> st.SearchStrategy[Schedule]:
    """Schedules with holiday windows of their own."""
    special = _distinct(st.tuples(st.integers(1, 5), window_tuples()), lambda one: one[0], 0, 2)
    return st.builds(Schedule, ids(), window_tuples(), special, st.booleans())


def holidays() -> st.SearchStrategy[Holiday]:
    """Holidays on any day of the calendar."""
    return st.builds(Holiday, st.dates(date.min, date.max), st.integers(1, 5))


def areas() -> st.SearchStrategy[PassbackArea]:
    """Passback areas of every mode."""
    forgive = st.none() | st.integers(0, MINUTES_PER_DAY - 1)
    untimed = st.sampled_from((PassbackMode.OFF, PassbackMode.SOFT, PassbackMode.HARD))
    return st.builds(PassbackArea, ids(), untimed, st.none(), forgive) | st.builds(
        PassbackArea, ids(), st.just(PassbackMode.TIMED), st.integers(1, 7 * DAY_S), forgive
    )


def door_policies() -> st.SearchStrategy[DoorPolicy]:
    """Door policies; their references may dangle."""
    modes = st.lists(st.builds(ModeWindow, ids(), st.sampled_from(DoorMode), st.booleans()), max_size=2)
    return st.builds(DoorPolicy, ids(), st.none() | ids(), modes.map(tuple), st.integers(1, 600))


def settings() -> st.SearchStrategy[ListSettings]:
    """Whole settings; references between their parts may dangle."""
    interlocks = st.lists(st.lists(ids(), max_size=3).map(tuple), max_size=2).map(tuple)
    outages = st.builds(
        lambda start, length, utility, mode: OutageWindow(start, start + length, utility, mode),
        times(),
        st.integers(1, DAY_S),
        st.sampled_from(Utility),
        st.sampled_from(DoorMode),
    )
    door_ids = _distinct(ids(), lambda one: one, 1, 3)
    return st.builds(
        ListSettings,
        time_zone=st.sampled_from(("Asia/Shanghai", "Europe/Berlin", "UTC")),
        doors=_distinct(door_policies(), lambda one: one.door_id, 0, 3),
        schedules=_distinct(schedules(), lambda one: one.schedule_id, 0, 3),
        holidays=_distinct(holidays(), lambda one: one, 0, 3),
        areas=_distinct(areas(), lambda one: one.area_id, 0, 2),
        interlocks=interlocks,
        policies=_policies(),
        outages=st.lists(outages, max_size=2).map(tuple),
        mappings=_distinct(st.tuples(ids(), _mapping_rules()), lambda one: one[0], 0, 2),
        pin_only=st.none() | st.builds(PinOnly, st.binary(min_size=16, max_size=16), door_ids),
    )


def _policies() -> st.SearchStrategy[tuple[KindPolicy, ...]]:
    ages = st.none() | st.integers(0, 30 * DAY_S)
    return st.tuples(*(st.builds(KindPolicy, st.just(kind), ages, st.booleans()) for kind in GrantKind))


def _mapping_rules() -> st.SearchStrategy[MappingRule]:
    orders = st.sampled_from(ByteOrder)
    bits = st.none() | st.integers(8, 8 * MAX_NUMBER_BYTES)
    widths = st.integers(1, MAX_NUMBER_BYTES)
    return st.builds(MappingRule, orders, bits, st.just(False), st.none() | widths) | st.builds(
        MappingRule, orders, bits, st.just(True), widths
    )


def _with_validity(grant: Grant) -> st.SearchStrategy[Grant]:
    spans = st.tuples(times(), st.integers(1, 10**9)).filter(lambda span: sum(span) <= MAX_ID)
    return st.one_of(
        st.just(grant),
        times().map(lambda start: replace(grant, valid_from=start)),
        times().map(lambda end: replace(grant, valid_until=end)),
        spans.map(lambda span: replace(grant, valid_from=span[0], valid_until=sum(span))),
    )


def _distinct(
    items: st.SearchStrategy[Item], key: Callable[[Item], Hashable], smallest: int, largest: int
) -> st.SearchStrategy[tuple[Item, ...]]:
    """Items in the order of their keys, each key once."""
    return st.lists(items, min_size=smallest, max_size=largest, unique_by=key).map(
        lambda found: tuple(sorted(found, key=key))  # type: ignore[arg-type]  # the keys here all have an order
    )
