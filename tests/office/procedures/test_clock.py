"""A clock that was set back is told from one that was corrected; a leap from an hour's rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.procedures.clock import LEAP, SLACK, ClockWord, judge_clock

NOON = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("by", "word"),
    [
        (timedelta(), ClockWord.FINE),
        (-SLACK, ClockWord.FINE),
        (-SLACK - MICROSECOND, ClockWord.SET_BACK),
        (timedelta(days=-4_000), ClockWord.SET_BACK),
        (LEAP, ClockWord.FINE),
        (LEAP + MICROSECOND, ClockWord.LEAPT),
    ],
)
def test_0_clock_the_bounds(by: timedelta, word: ClockWord) -> None:
    assert judge_clock(NOON, NOON + by) is word


@given(st.datetimes(timezones=st.just(UTC)))
def test_0_clock_the_first_time_is_believed_and_believed_again(at: datetime) -> None:
    assert judge_clock(None, at) is ClockWord.FINE
    assert judge_clock(at, at) is ClockWord.FINE
