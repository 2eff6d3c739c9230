"""Hypothesis strategies for whole taps: few ids, so that references meet, and sometimes miss."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from hypothesis import strategies as st
from msgspec import Struct

from sync.records import (
    Access,
    ClockState,
    Direction,
    DoorMode,
    DoorPolicy,
    Grant,
    GrantKind,
    Holiday,
    KindPolicy,
    ListSettings,
    ModeWindow,
    PassbackArea,
    PassbackMode,
    Pin,
    PinMatch,
    Record,
    RevocationReason,
    Schedule,
    Tombstone,
    Window,
)
from terminal.core.decision import Decision, decide
from terminal.core.rules import compile_rules
from terminal.core.situation import Now, PinEntry, Position, Request, Situation
from tests.terminal.core.scenes import CARD, FLOOR, MISSING, NOW, OTHER_CARD, PIN, SHANGHAI

Item = TypeVar("Item")
OTHER_PIN = Pin(bytes(16), b"\1" * 32)
GRANT_IDS = st.integers(1, 6)
ISSUES = st.integers(1, 3)
DIRECTIONS = st.sampled_from((Direction.IN, Direction.OUT, Direction.BOTH))
KINDS = st.sampled_from((GrantKind.RESIDENT, GrantKind.GUARD, GrantKind.VISITOR, GrantKind.RELEASE_SLIP))
NEAR = st.integers(FLOOR - 7200, FLOOR + 10_800)
"""Around the floor and around now."""


def mostly(usual: Item, *others: Item) -> st.SearchStrategy[Item]:
    """``usual`` in more than half of all cases."""
    return st.sampled_from((*(usual,) * (2 * len(others)), *others))


class Tap(Struct, frozen=True):
    """Everything a decision rests on."""

    request: Request
    records: tuple[Record, ...]
    settings: ListSettings
    situation: Situation
    now: Now

    def decide(self) -> Decision:
        """Decide it."""
        rules = compile_rules(self.settings, SHANGHAI)
        return decide(self.request, self.records, rules, self.situation, self.now)


def grants() -> st.SearchStrategy[Grant]:
    """Grants of CARD, many of which open something."""
    return st.builds(
        Grant,
        GRANT_IDS,
        ISSUES,
        st.just(CARD),
        KINDS,
        mostly((Access(1), Access(2)), (Access(2, Direction.IN),), (Access(MISSING),)),
        schedule=mostly(None, 1, 2, MISSING),
        valid_from=st.none() | st.integers(FLOOR - 7200, FLOOR + 5000),
        valid_until=st.none() | st.integers(FLOOR + 5001, FLOOR + 10_800),
        uses=mostly(None, 1, 2),
        companion=mostly(frozenset(), frozenset({GrantKind.GUARD})),
        pin=mostly(None, PIN, OTHER_PIN),
        long_opening=st.booleans(),
        passback_exempt=st.booleans(),
        first_card=st.booleans(),
        overrides_lockdown=st.booleans(),
    ) | st.builds(
        Grant, GRANT_IDS, ISSUES, st.just(CARD), KINDS, st.just((Access(1), Access(2))), valid_until=NEAR
    )


def tombstones() -> st.SearchStrategy[Tombstone]:
    """Ended grants of CARD."""
    return st.builds(Tombstone, GRANT_IDS, ISSUES, st.just(CARD), st.sampled_from(RevocationReason), NEAR)


def record_tuples() -> st.SearchStrategy[tuple[Record, ...]]:
    """What a look-up of CARD may find."""
    each = grants() | grants() | tombstones()
    return st.lists(each, min_size=1, max_size=4, unique_by=lambda one: one.grant_id).map(tuple)


def settings() -> st.SearchStrategy[ListSettings]:
    """Settings of doors 1 and 2 whose references sometimes dangle."""
    return st.builds(
        _settings,
        mostly(1, None, MISSING),
        mostly((), (ModeWindow(1, DoorMode.FREE),), (ModeWindow(MISSING, DoorMode.FREE),)),
        st.sampled_from(PassbackMode),
        st.none() | st.integers(0, 1439),
        st.booleans(),
        mostly(None, 0, 100),
        st.booleans(),
    )


def _settings(
    area: int | None,
    modes: tuple[ModeWindow, ...],
    passback: PassbackMode,
    forgive_at: int | None,
    is_holiday: bool,
    max_age_s: int | None,
    opens_without_clock: bool,
) -> ListSettings:
    timeout = 1800 if passback is PassbackMode.TIMED else None
    return ListSettings(
        "Asia/Shanghai",
        (DoorPolicy(1, modes=modes), DoorPolicy(2, area_in=area)),
        (Schedule(1, (Window(0x7F, 9 * 60, 10 * 60),)), Schedule(2, (Window(0x7F, 22 * 60, 34 * 60),))),
        (Holiday(date(2025, 6, 18)),) if is_holiday else (),
        (PassbackArea(1, passback, timeout, forgive_at),),
        policies=tuple(KindPolicy(kind, max_age_s, opens_without_clock) for kind in GrantKind),
    )


def nows() -> st.SearchStrategy[Now]:
    """Every clock state, clocks before the floor and beyond the calendar among them."""
    utc = st.none() | NEAR | st.integers(-(10**18), 10**18)
    floor = st.just(0) | st.just(FLOOR) | st.integers(-(10**18), 10**18)
    return st.builds(Now, st.floats(0, 10**9), utc, floor, st.sampled_from(ClockState)) | st.just(NOW)


def situations() -> st.SearchStrategy[Situation]:
    """Facts around the tap."""
    positions = st.builds(
        Position, st.booleans(), st.integers(0, 9), st.none() | NEAR, st.none() | st.floats(0, 10**9)
    )
    return st.builds(
        Situation,
        mostly(DoorMode.NORMAL, DoorMode.FREE, DoorMode.LOCKDOWN),
        st.none() | st.integers(0, 200),
        mostly(True, False),
        st.booleans(),
        st.dictionaries(GRANT_IDS, st.integers(0, 2), max_size=3),
        mostly(frozenset(), frozenset({1, 2})),
        st.dictionaries(st.tuples(st.just(1), GRANT_IDS), positions, max_size=2),
    )


def requests() -> st.SearchStrategy[Request]:
    """Taps of CARD, now and then of another card or at a door the list does not hold."""
    matches = st.dictionaries(st.sampled_from((PIN, OTHER_PIN)), st.sampled_from(PinMatch))
    return st.builds(
        Request,
        mostly(CARD, OTHER_CARD),
        mostly(2, 1, MISSING),
        DIRECTIONS,
        st.builds(PinEntry, matches, mostly(False, True)),
        st.frozensets(KINDS, max_size=2),
    )


def taps() -> st.SearchStrategy[Tap]:
    """Whole taps."""
    return st.builds(Tap, requests(), record_tuples(), settings(), situations(), nows())
