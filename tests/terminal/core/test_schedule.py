from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.records import Holiday, Schedule, Window
from terminal.core.schedule import LOOK_AHEAD_S, Holidays, Hours, inside, next_boundary, week_plan
from tests.support import strategies
from tests.support.zones import APIA, BERLIN
from tests.terminal.core.scenes import EVERY_DAY, SHANGHAI, utc

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
ZONES = (SHANGHAI, BERLIN, APIA, SAO_PAULO, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC"))
MON, TUE, WED, THU, FRI, SAT, SUN = (1 << day for day in range(7))


def schedule(*windows: Window, **changes: object) -> Schedule:
    return Schedule(1, windows, **changes)  # type: ignore[arg-type]  # a test's keyword arguments


def daily(start: str, end: str, days: int = EVERY_DAY) -> Window:
    first, last = (60 * int(one[:2]) + int(one[3:]) for one in (start, end))
    return Window(days, first, last if last > first else last + 1440)


def hours(plan: Schedule, at: int, zone: ZoneInfo = SHANGHAI, holidays: Holidays | None = None) -> Hours:
    return inside(week_plan(plan), holidays or {}, at, zone)


@pytest.mark.parametrize(
    ("window", "local", "expected"),
    [
        (daily("08:00", "18:00"), "2025-06-18T07:59:59", Hours.OUTSIDE),
        (daily("08:00", "18:00"), "2025-06-18T08:00:00", Hours.INSIDE),
        (daily("08:00", "18:00"), "2025-06-18T17:59:59", Hours.INSIDE),
        (daily("08:00", "18:00"), "2025-06-18T18:00:00", Hours.OUTSIDE),
        (daily("08:00", "18:00", TUE), "2025-06-18T12:00:00", Hours.OUTSIDE),
        (daily("22:00", "06:00", WED), "2025-06-18T21:59:59", Hours.OUTSIDE),
        (daily("22:00", "06:00", WED), "2025-06-18T22:00:00", Hours.INSIDE),
        (daily("22:00", "06:00", WED), "2025-06-19T05:59:59", Hours.INSIDE),
        (daily("22:00", "06:00", WED), "2025-06-19T06:00:00", Hours.OUTSIDE),
        (daily("22:00", "06:00", WED), "2025-06-18T05:00:00", Hours.OUTSIDE),
        (daily("22:00", "06:00", SUN), "2025-06-23T00:00:00", Hours.INSIDE),
        (daily("12:00", "12:00", WED), "2025-06-19T11:59:00", Hours.INSIDE),
        (daily("12:00", "12:00", WED), "2025-06-19T12:00:00", Hours.OUTSIDE),
        (daily("12:00", "00:00", WED), "2025-06-19T00:00:00", Hours.OUTSIDE),
    ],
)
def test_windows(window: Window, local: str, expected: Hours) -> None:
    assert hours(schedule(window), utc(local)) is expected


WORK = daily("08:00", "18:00")
NIGHT = daily("22:00", "06:00")
OCTOBER_1 = date(2025, 10, 1)


@pytest.mark.parametrize(
    ("plan", "local", "expected"),
    [
        (schedule(WORK), "2025-10-01T10:00", Hours.HOLIDAY),
        (schedule(WORK), "2025-10-01T07:00", Hours.OUTSIDE),
        (schedule(WORK), "2025-10-02T10:00", Hours.INSIDE),
        (schedule(WORK, observes_holidays=False), "2025-10-01T10:00", Hours.INSIDE),
        (schedule(WORK, holiday_windows=((1, ()),)), "2025-10-01T10:00", Hours.HOLIDAY),
        (
            schedule(WORK, holiday_windows=((1, ()),), observes_holidays=False),
            "2025-10-01T10:00",
            Hours.HOLIDAY,
        ),
        (
            schedule(WORK, holiday_windows=((1, (daily("09:00", "11:00"),)),)),
            "2025-10-01T10:00",
            Hours.INSIDE,
        ),
        (
            schedule(WORK, holiday_windows=((1, (daily("09:00", "11:00"),)),)),
            "2025-10-01T11:00",
            Hours.HOLIDAY,
        ),
        (
            schedule(WORK, holiday_windows=((1, (daily("06:00", "11:00"),)),)),
            "2025-10-01T06:30",
            Hours.INSIDE,
        ),
        (  # 1 October 2025 is a Wednesday: a holiday window for Tuesdays does not hold
            schedule(WORK, holiday_windows=((1, (daily("09:00", "11:00", TUE),)),)),
            "2025-10-01T10:00",
            Hours.HOLIDAY,
        ),
        (schedule(WORK, holiday_windows=((2, (WORK,)),)), "2025-10-01T10:00", Hours.HOLIDAY),
        # The day on which a window starts governs it to its end.
        (schedule(NIGHT), "2025-10-01T05:00", Hours.INSIDE),
        (schedule(NIGHT), "2025-10-01T23:00", Hours.HOLIDAY),
        (schedule(NIGHT), "2025-10-02T05:00", Hours.HOLIDAY),
        (schedule(NIGHT), "2025-10-02T23:00", Hours.INSIDE),
        (schedule(holiday_windows=((1, (NIGHT,)),)), "2025-10-02T05:00", Hours.INSIDE),
        (schedule(holiday_windows=((1, (NIGHT,)),)), "2025-10-01T05:00", Hours.OUTSIDE),
    ],
)
def test_holidays(plan: Schedule, local: str, expected: Hours) -> None:
    assert hours(plan, utc(local), holidays={OCTOBER_1: (1,)}) is expected


def test_windows_of_several_holiday_types_add_up() -> None:
    early, late = daily("06:00", "07:00"), daily("20:00", "21:00")
    plan = schedule(WORK, holiday_windows=((1, (early,)), (2, (late,)), (3, ())))
    both: Holidays = {OCTOBER_1: (1, 2, 3, 4)}
    outcomes = [hours(plan, utc(f"2025-10-01T{hour}:30"), holidays=both) for hour in ("06", "10", "20")]
    assert outcomes == [Hours.INSIDE, Hours.HOLIDAY, Hours.INSIDE]


class TestDaylightSaving:
    """Berlin skips 02:00-03:00 on 30 March 2025 and repeats 02:00-03:00 on 26 October."""

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("2025-03-30T00:59:59", Hours.OUTSIDE),  # 01:59:59 CET
            ("2025-03-30T01:00:00", Hours.INSIDE),  # 03:00:00 CEST: 02:30 was skipped
            ("2025-03-30T01:29:59", Hours.INSIDE),  # 03:29:59
            ("2025-03-30T01:30:00", Hours.OUTSIDE),  # 03:30:00
        ],
    )
    def test_a_start_in_the_skipped_hour_comes_at_once(self, at: str, expected: Hours) -> None:
        plan = schedule(daily("02:30", "03:30"))
        assert hours(plan, utc(at, ZoneInfo("UTC")), BERLIN) is expected

    def test_a_window_within_the_skipped_hour_never_comes(self) -> None:
        plan = week_plan(schedule(daily("02:15", "02:45", SUN)))
        before = utc("2025-03-30T01:00", BERLIN)
        assert next_boundary(plan, {}, before, BERLIN) == utc("2025-04-06T02:15", BERLIN)

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("2025-10-26T00:14:59", Hours.OUTSIDE),  # 02:14:59 CEST
            ("2025-10-26T00:15:00", Hours.INSIDE),
            ("2025-10-26T00:45:00", Hours.OUTSIDE),  # 02:45:00 CEST
            ("2025-10-26T01:14:59", Hours.OUTSIDE),  # 02:14:59 CET
            ("2025-10-26T01:15:00", Hours.INSIDE),
            ("2025-10-26T01:45:00", Hours.OUTSIDE),
        ],
    )
    def test_a_window_within_the_repeated_hour_comes_twice(self, at: str, expected: Hours) -> None:
        plan = schedule(daily("02:15", "02:45"))
        assert hours(plan, utc(at, ZoneInfo("UTC")), BERLIN) is expected

    @pytest.mark.parametrize(
        ("start", "end"),
        [("2025-03-29T22:00", "2025-03-30T06:00"), ("2025-10-25T22:00", "2025-10-26T06:00")],
    )
    def test_a_night_over_the_change_lasts_from_wall_time_to_wall_time(self, start: str, end: str) -> None:
        plan = week_plan(schedule(daily("22:00", "06:00")))
        first, last = utc(start, BERLIN), utc(end, BERLIN)
        assert next_boundary(plan, {}, first - 60, BERLIN) == first
        assert next_boundary(plan, {}, first, BERLIN) == last
        assert last - first in (7 * 3600, 9 * 3600)

    def test_the_day_before_may_have_been_a_short_one(self) -> None:
        plan = schedule(daily("22:00", "06:00", SUN))
        assert hours(plan, utc("2025-03-31T00:30", BERLIN), BERLIN) is Hours.INSIDE
        assert hours(plan, utc("2025-03-30T00:30", BERLIN), BERLIN) is Hours.OUTSIDE

    def test_midnight_itself_may_be_skipped(self) -> None:
        # Sao Paulo went from 23:59:59 on Saturday 3 November 2018 to 01:00 on Sunday.
        plan = schedule(daily("22:00", "02:00", SAT))
        sunday = utc("2018-11-04T01:00", SAO_PAULO)
        assert [hours(plan, sunday + minutes * 60, SAO_PAULO) for minutes in (-1, 0, 59, 60)] == [
            Hours.INSIDE,
            Hours.INSIDE,
            Hours.INSIDE,
            Hours.OUTSIDE,
        ]

    def test_shanghai_has_none(self) -> None:
        plan = week_plan(schedule(daily("08:00", "18:00")))
        for month in range(1, 13):
            start = utc(f"2025-{month:02}-01T08:00")
            assert next_boundary(plan, {}, start, SHANGHAI) == start + 10 * 3600


class TestDateLine:
    """Apia had no 30 December 2011: Thursday the 29th was followed by Saturday the 31st."""

    def test_a_night_runs_on_over_the_missing_day(self) -> None:
        plan = week_plan(schedule(daily("22:00", "06:00", THU)))
        start, end = utc("2011-12-29T22:00", APIA), utc("2011-12-31T06:00", APIA)
        assert end - start == 8 * 3600
        assert next_boundary(plan, {}, start, APIA) == end
        assert inside(plan, {}, end - 1, APIA) is Hours.INSIDE

    def test_a_night_of_the_missing_day_never_starts(self) -> None:
        plan = schedule(daily("22:00", "06:00", FRI))
        assert hours(plan, utc("2011-12-31T05:00", APIA), APIA) is Hours.OUTSIDE

    def test_a_holiday_on_the_missing_day_concerns_nobody(self) -> None:
        plan = schedule(daily("22:00", "06:00"))
        missing: Holidays = {date(2011, 12, 30): (1,)}
        assert hours(plan, utc("2011-12-31T05:00", APIA), APIA, missing) is Hours.INSIDE


class TestNextBoundary:
    def test_always_open_and_never_open_have_none(self) -> None:
        for plan in (schedule(Window(EVERY_DAY, 0, 1440)), schedule()):
            assert next_boundary(week_plan(plan), {}, utc("2025-06-18T10:00"), SHANGHAI) is None

    def test_touching_windows_are_one(self) -> None:
        plan = week_plan(schedule(daily("08:00", "12:00"), daily("12:00", "18:00")))
        assert next_boundary(plan, {}, utc("2025-06-18T09:00"), SHANGHAI) == utc("2025-06-18T18:00")

    def test_a_holiday_is_a_boundary(self) -> None:
        plan = week_plan(schedule(Window(EVERY_DAY, 0, 1440)))
        at = utc("2025-09-28T10:00")
        assert next_boundary(plan, {OCTOBER_1: (1,)}, at, SHANGHAI) == utc("2025-10-01T00:00")

    def test_the_look_ahead_holds_its_last_minutes(self) -> None:
        plan = week_plan(schedule(Window(EVERY_DAY, 0, 1440)))
        monday = date(2025, 3, 31)
        at, midnight = utc("2025-03-22T23:30", BERLIN), utc("2025-03-31T00:00", BERLIN)
        assert LOOK_AHEAD_S - 3600 < midnight - at <= LOOK_AHEAD_S
        assert next_boundary(plan, {monday: (1,)}, at, BERLIN) == midnight
        assert next_boundary(plan, {monday: (1,)}, at - 3600, BERLIN) is None

    @settings(max_examples=40, deadline=None)
    @given(
        strategies.schedules(),
        st.sampled_from(ZONES),
        st.sampled_from(("2025-03-30T00:30", "2025-10-26T00:30", "2011-12-28T12:00", "2018-11-03T20:00")),
        st.lists(st.tuples(st.integers(-1, 3), st.integers(1, 5)), max_size=2),
    )
    def test_it_agrees_with_looking_at_every_minute(
        self, plan: Schedule, zone: ZoneInfo, start: str, special: list[tuple[int, int]]
    ) -> None:
        at = utc(start, ZoneInfo("UTC"))
        first = datetime.fromtimestamp(at, UTC).date()
        holidays = {date.fromordinal(first.toordinal() + day): (kind,) for day, kind in special}
        compiled = week_plan(plan)
        found = next_boundary(compiled, holidays, at, zone)
        now = inside(compiled, holidays, at, zone) is Hours.INSIDE
        scanned = (
            minute
            for minute in range(at + 60, at + 36 * 3600, 60)
            if (inside(compiled, holidays, minute, zone) is Hours.INSIDE) != now
        )
        expected = next(scanned, None)
        if expected is None:
            assert found is None or at + 36 * 3600 <= found <= at + LOOK_AHEAD_S
        else:
            assert found == expected


@settings(max_examples=100, deadline=None)
@given(
    strategies.schedules(),
    st.lists(strategies.holidays(), max_size=3),
    st.integers(0, 253_370_764_800),
    st.sampled_from(ZONES),
)
def test_every_moment_has_an_answer(plan: Schedule, special: list[Holiday], at: int, zone: ZoneInfo) -> None:
    holidays = {one.day: (one.holiday_type,) for one in special}
    compiled = week_plan(plan)
    assert inside(compiled, holidays, at, zone) in Hours
    boundary = next_boundary(compiled, holidays, at, zone)
    assert boundary is None or at < boundary <= at + LOOK_AHEAD_S
