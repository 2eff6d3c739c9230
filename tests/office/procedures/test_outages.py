"""Outages as rules: who is told by when, what deviates, and when gates together are an incident."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from office.procedures.errors import Refused, RuleError
from office.procedures.moving import read_hours
from office.procedures.outages import (
    AT_ONCE,
    RULE_OF,
    TOGETHER_S,
    Audience,
    Cause,
    Deviation,
    Finding,
    OutageFacts,
    PowerReport,
    check_outage,
    check_switch_off,
    check_told,
    deviations,
    due_times,
    incidents,
    is_late,
)
from office.registry.models import OutageAudience, OutageCause, OutageFinding

ZONE = ZoneInfo("Asia/Shanghai")
LOW_USE = read_hours("09:00-11:30 14:00-17:00")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


MUNICIPAL = OutageFacts(Cause.MUNICIPAL, at(20, 9), at(22, 9), at(22, 17))
PLANNED = OutageFacts(Cause.PLANNED, at(20, 23), at(22, 14), at(22, 17))


def dues(facts: OutageFacts) -> dict[Audience, datetime]:
    return {one.audience: one.by for one in due_times(facts, ZONE)}


def test_16_1_maintenance_hears_of_it_within_half_an_hour_and_the_board_a_day_ahead() -> None:
    assert dues(MUNICIPAL) == {Audience.MAINTENANCE: at(20, 9, 30), Audience.BOARD: at(22, 0)}
    assert not is_late(MUNICIPAL, Audience.BOARD, at(21, 23, 59), ZONE)
    assert is_late(MUNICIPAL, Audience.BOARD, at(22, 0), ZONE)


def test_16_1_an_immediate_one_is_told_to_departments_and_customers_at_once() -> None:
    now = replace(MUNICIPAL, start=at(20, 12))
    assert set(dues(now)) == {Audience.DEPARTMENTS, Audience.CUSTOMERS}
    assert set(dues(now).values()) == {at(20, 9) + AT_ONCE}


def test_16_2_residents_and_related_units_hear_of_planned_works_a_day_ahead() -> None:
    assert dues(PLANNED) == {Audience.CUSTOMERS: at(22, 0), Audience.RELATED: at(22, 0)}


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (PLANNED, ()),
        (replace(PLANNED, received_at=at(21, 0)), (Deviation.LATE_REPORT,)),
        (replace(PLANNED, start=at(22, 9), end=at(22, 13, 1)), (Deviation.TOO_LONG, Deviation.BUSY_TIME)),
        (replace(PLANNED, start=at(22, 18), end=at(22, 19)), (Deviation.BUSY_TIME,)),
        (replace(PLANNED, cause=Cause.UNPLANNED, received_at=at(22, 13)), ()),
    ],
)
def test_16_2_two_days_ahead_four_hours_and_low_use(facts: OutageFacts, found: tuple[Deviation, ...]) -> None:
    assert deviations(facts, LOW_USE, ZONE) == found
    check_outage(facts, LOW_USE, ZONE, "the pump is about to fail")
    if found:
        with pytest.raises(RuleError) as refused:
            check_outage(facts, LOW_USE, ZONE, "")
        assert (refused.value.rule, refused.value.refused) == ("16.2", Refused.DEVIATION_WITHOUT_REASON)


def test_16_1_an_announced_outage_has_an_end() -> None:
    with pytest.raises(RuleError) as refused:
        check_outage(replace(MUNICIPAL, end=None), LOW_USE, ZONE, "")
    assert (refused.value.rule, refused.value.refused) == ("16.1", Refused.END_UNKNOWN)
    with pytest.raises(RuleError):
        check_outage(replace(MUNICIPAL, end=MUNICIPAL.start), LOW_USE, ZONE, "")


def test_16_3_customers_hear_of_a_repair_at_once() -> None:
    repair = OutageFacts(Cause.UNPLANNED, at(20, 9), at(20, 9), None)
    check_outage(repair, LOW_USE, ZONE, "")
    assert dues(repair) == {Audience.CUSTOMERS: at(20, 9) + AT_ONCE}


def test_16_4_what_is_found_says_who_is_told_next() -> None:
    incident = OutageFacts(Cause.UNANNOUNCED, at(20, 9), at(20, 9), None)
    assert set(dues(incident)) == {Audience.MAINTENANCE}
    found = replace(incident, found_at=at(20, 10))
    assert set(dues(replace(found, finding=Finding.NO_FAULT))) == {Audience.MAINTENANCE}
    municipal = dues(replace(found, finding=Finding.MUNICIPAL))
    assert municipal[Audience.CUSTOMERS] == municipal[Audience.DEPARTMENTS] == at(20, 10) + AT_ONCE
    assert dues(replace(found, finding=Finding.OWN_DEFECT))[Audience.CUSTOMERS] == at(20, 10) + AT_ONCE


def test_late_is_recorded_with_a_reason_never_refused() -> None:
    check_told(MUNICIPAL, Audience.MAINTENANCE, at(20, 9, 29), ZONE, "")
    check_told(MUNICIPAL, Audience.MAINTENANCE, at(20, 9, 30), ZONE, "nobody answered")
    with pytest.raises(RuleError) as refused:
        check_told(MUNICIPAL, Audience.MAINTENANCE, at(20, 9, 30), ZONE, " ")
    assert (refused.value.rule, refused.value.refused) == ("16.1", Refused.LATE_WITHOUT_REASON)


def test_16_5_nothing_is_switched_off_before_all_are_prepared_unless_an_emergency() -> None:
    check_switch_off(prepared=True, emergency=False)
    check_switch_off(prepared=False, emergency=True)
    with pytest.raises(RuleError) as refused:
        check_switch_off(prepared=False, emergency=False)
    assert (refused.value.rule, refused.value.refused) == ("16.5", Refused.NOT_PREPARED)


FIRST = PowerReport(1, "1.2.3.", "1.2.", 100)
SECOND = PowerReport(2, "1.2.4.", "1.2.", 160)


def test_16_4_two_gates_of_one_area_within_a_minute_are_an_incident() -> None:
    (found,) = incidents([SECOND, FIRST])
    assert (found.place, found.gates, found.at_s) == ("1.2.", (1, 2), 100)
    for not_enough in (
        [FIRST],
        [FIRST, replace(FIRST, at_s=110)],
        [FIRST, replace(SECOND, at_s=101 + TOGETHER_S)],
        [FIRST, replace(SECOND, area="1.5.")],
        [FIRST, replace(SECOND, silent=True)],
    ):
        assert incidents(not_enough) == ()


def test_16_4_three_silent_gates_are_an_incident_of_the_place_around_them() -> None:
    silent = [
        PowerReport(number, path, path, 100 + number, silent=True)
        for number, path in enumerate(("1.2.3.", "1.2.4.", "1.2.5."))
    ]
    (found,) = incidents(silent)
    assert (found.place, found.gates) == ("1.2.", (0, 1, 2))
    assert incidents(silent[:2]) == ()
    (found,) = incidents([*silent[:2], replace(silent[2], place="1.9.")])
    assert found.place == "1."


@given(
    st.lists(
        st.builds(
            PowerReport,
            st.integers(1, 5),
            st.sampled_from(["1.2.", "1.3."]),
            st.sampled_from(["1.2.", "1.3."]),
            st.integers(0, 400),
            st.booleans(),
        )
    ),
    st.randoms(),
)
def test_16_4_the_order_of_reports_means_nothing(reports: list[PowerReport], random: object) -> None:
    shuffled = list(reports)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert incidents(shuffled) == incidents(reports)
    for one in incidents(reports):
        assert len(one.gates) >= 2


def test_words_of_rules_and_rows_are_the_same() -> None:
    assert {one.value for one in Cause} == set(OutageCause.values)
    assert {one.value for one in Audience} == set(OutageAudience.values)
    assert {one.value for one in Finding} == set(OutageFinding.values)
    assert set(RULE_OF) == set(Cause)
    assert timedelta(minutes=15) == AT_ONCE
