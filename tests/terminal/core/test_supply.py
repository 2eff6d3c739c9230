"""When a reader's supply is cut: tables of what happened before, and any order of it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.core.supply import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    WELL_S,
    Supply,
    away,
    given_back,
    next_deadline,
    on_time,
    well,
)

AFTER_S, OFF_S = 60.0, 5.0
Step = tuple[float, str]
"""A moment, and what the supervisor sees then."""


def told(supply: Supply, now: float, what: str) -> Supply:
    match what:
        case "well":
            return well(supply, now)
        case "away":
            return away(supply, now, curable=True)
        case "no library":
            return away(supply, now, curable=False)
        case "restart":
            return given_back(supply, now) if supply.is_cut else supply
    raise AssertionError(what)


def cuts(steps: list[Step], until: float) -> list[float]:
    """The moments at which the supply is cut."""
    supply = Supply()
    found: list[float] = []
    for at, what in [*steps, (until, "end")]:
        while (due := next_deadline(supply, AFTER_S)) is not None and due <= at:
            was_cut, supply = supply.is_cut, on_time(supply, due, after_s=AFTER_S, off_s=OFF_S)
            assert supply.is_cut is not was_cut, "at its own deadline it does something"
            if supply.is_cut:
                found.append(due)
            else:
                supply = away(supply, due, curable=True)  # it is not there at once
        if what != "end" and not (supply.is_cut and what != "restart"):
            supply = told(supply, at, what)
    return found


SECOND = 60 + OFF_S + FIRST_PAUSE_S
THIRD = SECOND + OFF_S + 2 * FIRST_PAUSE_S


@pytest.mark.parametrize(
    ("steps", "until", "at"),
    [
        ([(0, "well")], 100_000, []),
        ([(0, "away")], 59, []),
        ([(0, "away")], 60, [60]),
        ([(0, "away")], 1000, [60, SECOND, THIRD]),
        ([(0, "away"), (50, "away")], 60, [60]),
        ([(0, "away"), (59, "well")], 100_000, []),
        ([(0, "no library")], 100_000, []),
        ([(0, "away"), (30, "no library")], 100_000, []),
        ([(0, "no library"), (30, "away")], 100, [90]),
        # Well for a moment only: the pause goes on, and stays as long as it had become.
        ([(0, "away"), (70, "well"), (80, "away")], 1000, [60, SECOND, THIRD]),
        # Well for long: as if it had never been away.
        ([(0, "away"), (70, "well"), (70 + WELL_S, "away")], 750, [60, 130 + WELL_S]),
        ([(0, "away"), (62, "restart")], 1000, [60, SECOND, THIRD]),
    ],
)
def test_supply_is_cut_when_it_may_help_and_ever_more_seldom(
    steps: list[Step], until: float, at: list[float]
) -> None:
    assert cuts(steps, until) == at


def test_pause_grows_to_an_hour_and_no_further() -> None:
    moments = cuts([(0, "away")], 40_000)
    pauses = [later - earlier - OFF_S for earlier, later in pairwise(moments)]
    assert pauses[:5] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S, 8 * FIRST_PAUSE_S, 3600]
    assert set(pauses[4:]) == {LONGEST_PAUSE_S}


SEEN = st.sampled_from(["well", "away", "no library", "restart"])


@given(st.lists(st.tuples(st.integers(1, 2000), SEEN), max_size=30))
def test_in_any_order_what_works_is_never_cut_and_cuts_keep_their_distance(steps: list[Step]) -> None:
    supply = Supply()
    now = 0.0
    works = False
    last: float | None = None
    for after, what in steps:
        end = now + after
        while (due := next_deadline(supply, AFTER_S)) is not None and due <= end:
            was_cut, supply = supply.is_cut, on_time(supply, due, after_s=AFTER_S, off_s=OFF_S)
            if supply.is_cut and not was_cut:
                assert not works
                assert last is None or due - last >= OFF_S + FIRST_PAUSE_S
                last = due
        now = end
        if not supply.is_cut or what == "restart":
            supply = told(supply, now, what)
            works = what == "well" or (works and what == "restart")
