"""Release slips as rules (15.2): what a slip must say, and how its trips are counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from office.procedures.errors import Refused, RuleError
from office.procedures.slips import (
    SAME_TRIP_S,
    Count,
    Passing,
    Seen,
    SlipState,
    SlipWish,
    check_open,
    check_slip,
    count_trips,
    issue_id_of,
    slip_id_of,
)

NOW = datetime(2026, 11, 26, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
GOOD = SlipWish("2 sofas", "粤B12345", NOW, NOW + HOUR, 1, exit_for_slips=True, identity_checked=True)


@pytest.mark.parametrize(
    ("wrong", "rule", "refused"),
    [
        (replace(GOOD, identity_checked=False), "15.3", Refused.IDENTITY_NOT_CHECKED),
        (replace(GOOD, goods=" "), "15.2", Refused.NO_GOODS),
        (replace(GOOD, carrier=""), "15.2", Refused.NO_CARRIER),
        (replace(GOOD, exit_for_slips=False), "15.2", Refused.NOT_AN_EXIT),
        (replace(GOOD, until=NOW), "15.2", Refused.DATES_WRONG),
        (replace(GOOD, since=NOW - 2 * HOUR, until=NOW - HOUR), "15.2", Refused.DATES_WRONG),
        (replace(GOOD, trips=0), "15.2", Refused.TRIPS_WRONG),
        (replace(GOOD, trips=70_000), "15.2", Refused.TRIPS_WRONG),
    ],
)
def test_15_2_a_slip_says_what_leaves_with_whom_when_and_where(
    wrong: SlipWish, rule: str, refused: Refused
) -> None:
    check_slip(GOOD, NOW)
    with pytest.raises(RuleError) as error:
        check_slip(wrong, NOW)
    assert (error.value.rule, error.value.refused) == (rule, refused)


@given(st.integers(1, 1 << 40))
def test_15_2_a_slips_id_at_the_gates_is_never_a_cards(slip_id: int) -> None:
    assert slip_id_of(issue_id_of(slip_id)) == slip_id
    assert slip_id_of(slip_id) is None


@pytest.mark.parametrize("state", set(SlipState) - {SlipState.OPEN})
def test_15_2_a_closed_slip_stays_closed(state: SlipState) -> None:
    with pytest.raises(RuleError):
        check_open(state)


def test_15_2_a_booking_after_a_spent_trip_is_that_trip_and_any_other_is_one_more() -> None:
    spent, booked = Passing(Seen.OPENED, 100, 1), Passing(Seen.BOOKED, 160, 1)
    assert count_trips([spent]) == Count(1, 0)
    assert count_trips([booked]) == Count(0, 1)
    assert count_trips([booked, spent]) == Count(1, 0)
    assert count_trips([spent, booked, replace(booked, at_s=170)]) == Count(1, 1)
    assert count_trips([spent, replace(booked, gate_id=2)]) == Count(1, 1)
    assert count_trips([spent, replace(booked, at_s=101 + SAME_TRIP_S)]) == Count(1, 1)


def test_15_2_a_guards_refusal_spends_nothing() -> None:
    assert count_trips([Passing(one, 1, 1) for one in set(Seen) - {Seen.OPENED, Seen.BOOKED}]).used == 0


@given(st.lists(st.tuples(st.sampled_from(Seen), st.integers(0, 5000), st.integers(1, 2))))
def test_15_2_spent_trips_are_never_forgotten_and_bookings_never_counted_twice(
    lines: list[tuple[Seen, int, int]],
) -> None:
    count = count_trips(Passing(*one) for one in lines)
    seen = [one for one, _, _ in lines]
    assert count.spent == seen.count(Seen.OPENED)
    assert max(0, seen.count(Seen.BOOKED) - count.spent) <= count.booked <= seen.count(Seen.BOOKED)
