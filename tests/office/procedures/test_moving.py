"""KH-15 as rules: the owner present, three days' notice, ends of cards, busy hours of the lift."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from office.procedures.errors import Refused, RuleError
from office.procedures.moving import (
    Hours,
    MoveFacts,
    TenancyFacts,
    Window,
    ask_for_extension,
    busy_hours,
    card_end,
    check_extension,
    check_lift,
    check_notice,
    check_slip_of_move,
    check_tenancy,
    end_of_day,
    is_late,
    quiet_windows,
    read_hours,
    tenancy_grace_end,
)

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 30)
GOOD = TenancyFacts(MONDAY, date(2027, 11, 30), owner_is_owner=True, owner_present=True, persons=1)
PEAKS = read_hours("07:30-09:00 17:30-19:30")


def at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def test_15_1_a_tenant_moves_in_with_the_owner_present() -> None:
    check_tenancy(GOOD)
    for wrong, refused in (
        (replace(GOOD, owner_present=False), Refused.OWNER_ABSENT),
        (replace(GOOD, owner_is_owner=False), Refused.NOT_THE_OWNER),
        (replace(GOOD, until=MONDAY), Refused.DATES_WRONG),
        (replace(GOOD, persons=0), Refused.NO_PERSONS),
    ):
        with pytest.raises(RuleError) as error:
            check_tenancy(wrong)
        assert (error.value.rule, error.value.refused) == ("15.1", refused)


def test_15_1_a_tenants_card_ends_with_the_tenancy_and_the_grace() -> None:
    assert tenancy_grace_end(MONDAY, 7, ZONE) == at(0, day=date(2026, 12, 7))
    assert tenancy_grace_end(MONDAY, 0, ZONE) == datetime(2026, 11, 29, 16, tzinfo=UTC)


@pytest.mark.parametrize(("days", "asks"), [(15, False), (14, True), (0, True), (-3, True)])
def test_15_1_the_desk_asks_fourteen_days_before_the_end(days: int, asks: bool) -> None:
    assert ask_for_extension(MONDAY, MONDAY - timedelta(days=days)) is asks


def test_15_1_an_extension_goes_forwards() -> None:
    check_extension(MONDAY, MONDAY + timedelta(days=1))
    with pytest.raises(RuleError):
        check_extension(MONDAY, MONDAY)


@pytest.mark.parametrize(("days", "late"), [(0, True), (2, True), (3, False), (30, False)])
def test_15_3_three_calendar_days_are_in_time_and_late_is_recorded_never_refused(
    days: int, late: bool
) -> None:
    moves_on = MONDAY + timedelta(days=days)
    assert is_late(MONDAY, moves_on) is late
    check_notice(MONDAY, moves_on, "sold at short notice")
    if late:
        with pytest.raises(RuleError) as error:
            check_notice(MONDAY, moves_on, " ")
        assert error.value.refused is Refused.LATE_WITHOUT_REASON
    else:
        check_notice(MONDAY, moves_on, "")


def test_15_3_a_day_that_is_over_is_a_mistake() -> None:
    with pytest.raises(RuleError) as error:
        check_notice(MONDAY, MONDAY - timedelta(days=1), "late")
    assert error.value.refused is Refused.DAY_IS_OVER


@given(st.none() | st.datetimes(timezones=st.just(UTC)), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_15_3_cards_end_at_24_00_of_the_day_and_never_later_than_they_would(
    before: datetime | None, day: date
) -> None:
    end = card_end(before, day, ZONE)
    assert end_of_day(day, ZONE) == datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(days=1)
    assert end <= end_of_day(day, ZONE)
    assert end == before or end == end_of_day(day, ZONE)
    assert before is None or end <= before


TENANT = MoveFacts(by_tenant=True, owner_consented=True, goods_checked=True, running=True)


def test_15_3_a_tenants_slip_waits_for_consent_and_goods_check_and_nothing_else() -> None:
    check_slip_of_move(TENANT)
    check_slip_of_move(MoveFacts(by_tenant=False, owner_consented=False, goods_checked=False, running=True))
    for wrong, refused in (
        (replace(TENANT, owner_consented=False), Refused.CONSENT_MISSING),
        (replace(TENANT, goods_checked=False), Refused.GOODS_NOT_CHECKED),
        (replace(TENANT, running=False), Refused.WRONG_STATE),
    ):
        with pytest.raises(RuleError) as error:
            check_slip_of_move(wrong)
        assert (error.value.rule, error.value.refused) == ("15.3", refused)


def test_15_3_money_is_no_fact_that_a_slip_could_wait_for() -> None:
    assert set(MoveFacts.__struct_fields__) == {"by_tenant", "owner_consented", "goods_checked", "running"}


@pytest.mark.parametrize(
    ("start", "end", "met"),
    [
        ((9, 0), (11, 0), ()),
        ((8, 59), (11, 0), PEAKS[:1]),
        ((6, 0), (7, 30), ()),
        ((6, 0), (20, 0), PEAKS),
        ((19, 0), (20, 0), PEAKS[1:]),
    ],
)
def test_15_4_busy_hours_are_told(
    start: tuple[int, int], end: tuple[int, int], met: tuple[Hours, ...]
) -> None:
    assert busy_hours(Window(at(*start), at(*end)), PEAKS) == met


def test_15_4_busy_hours_need_a_reason_and_quiet_ones_are_offered() -> None:
    busy = Window(at(8), at(10))
    with pytest.raises(RuleError) as error:
        check_lift(busy, PEAKS, "")
    assert error.value.rule == "15.4"
    assert error.value.facts["offered"] == "09:00-11:00"
    check_lift(busy, PEAKS, "the lorry comes then")
    check_lift(Window(at(9), at(11)), PEAKS, "")


def test_15_4_hours_of_the_next_day_count_too() -> None:
    night = Window(at(22), at(8, day=MONDAY + timedelta(days=1)))
    assert busy_hours(night, PEAKS) == PEAKS[:1]


@given(st.integers(0, 1380), st.integers(10, 240))
def test_15_4_what_is_offered_is_quiet_and_as_long(minute: int, length: int) -> None:
    start = at(0) + timedelta(minutes=minute)
    for one in quiet_windows(Window(start, start + timedelta(minutes=length)), PEAKS):
        assert one.end - one.start == timedelta(minutes=length)
        assert not busy_hours(one, PEAKS)


@pytest.mark.parametrize("text", ["7", "09:00-07:00", "25:00-26:00", "07:61-08:00", "a-b"])
def test_hours_that_mean_nothing_are_told(text: str) -> None:
    with pytest.raises(ValueError, match=text.split("-", maxsplit=1)[0]):
        read_hours(text)
