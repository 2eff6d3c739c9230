"""Outages from the desk to the gates of their area, and incidents that gates report."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.alarms import About, note_signal
from office.casework.incidents import open_incidents, record_finding, report_incident, take_notice
from office.casework.outages import (
    Announcement,
    announce_outage,
    approve_mode,
    complain,
    deviations_of,
    expect_end,
    note_prepared,
    restore,
    still_due,
    switch_off,
    tell,
)
from office.lists.store import hub_store
from office.procedures.alarms import Alarm as AlarmWord
from office.procedures.alarms import Signal
from office.procedures.errors import Refused, RuleError
from office.procedures.outages import Audience, Deviation
from office.registry.models import (
    AuditEntry,
    GateSite,
    Outage,
    OutageAudience,
    OutageCause,
    OutageFinding,
    OutageKind,
    OutageState,
    StaffRole,
)
from sync.encoding import decode_settings
from sync.records import DoorMode, OutageWindow, Utility
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate

HOUR = timedelta(hours=1)
TWO_DAYS = timedelta(days=2)


@pytest.fixture(autouse=True)
def south_stands_in_the_building(estate: OfficeEstate) -> None:
    GateSite.objects.filter(gate_id=SOUTH).update(place=estate.entrance)


def windows(gate_id: int) -> list[OutageWindow]:
    return list(decode_settings(hub_store().wanted.content(gate_id).settings() or b"").outages)


def announced(estate: OfficeEstate, clerk: Actor, **told: Any) -> Outage:
    """Planned works on the building's power in two days, from 14:00 to 17:00."""
    form: dict[str, Any] = {"place": estate.building, "utility": OutageKind.POWER, "received_at": NOW}
    form |= {"cause": OutageCause.PLANNED, "start": NOW + TWO_DAYS, "end": NOW + TWO_DAYS + 3 * HOUR}
    return announce_outage(clerk, Announcement(**(form | told)))


def later(actor: Actor, by: timedelta) -> Actor:
    return replace(actor, at=actor.at + by)


def fail(gate_id: int, at: datetime, word: AlarmWord = AlarmWord.MAINS_FAIL) -> None:
    subject = f"gate:{gate_id}" if word is AlarmWord.GATE_SILENT else f"gate:{gate_id}/input:mains"
    note_signal(at, Signal(word, subject), About(at, gate_id))


def test_16_1_only_the_gates_of_the_area_get_the_window(estate: OfficeEstate, clerk: Actor) -> None:
    outage = announced(estate, clerk)
    start, end = int(outage.start.timestamp()), int((outage.start + 3 * HOUR).timestamp())
    assert windows(SOUTH) == [OutageWindow(start, end, Utility.POWER)]
    assert windows(NORTH) == []
    restore(clerk, outage.pk, cancelled=True)
    assert windows(SOUTH) == []
    announced(estate, clerk, place=estate.estate)
    assert len(windows(NORTH)) == len(windows(SOUTH)) == 1


def test_16_2_the_door_mode_is_the_managers_to_approve(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    outage = announced(estate, clerk)
    with pytest.raises(RuleError) as refused:
        approve_mode(clerk, outage.pk, DoorMode.FREE)
    assert (refused.value.rule, refused.value.refused) == ("16.2", Refused.ROLE_MISSING)
    approve_mode(manager, outage.pk, DoorMode.FREE)
    assert [one.door_mode for one in windows(SOUTH)] == [DoorMode.FREE]


def test_16_2_what_deviates_is_taken_in_with_its_reason(estate: OfficeEstate, clerk: Actor) -> None:
    long = {"start": NOW + HOUR, "end": NOW + 6 * HOUR}
    with pytest.raises(RuleError) as refused:
        announced(estate, clerk, **long)
    assert refused.value.rule == "16.2"
    assert not Outage.objects.exists()
    outage = announced(estate, clerk, deviation_reason="the transformer hums", **long)
    assert set(deviations_of(outage)) == set(Deviation)
    assert AuditEntry.objects.get(action="outage announced").facts["deviates"] is True


def test_16_1_who_was_told_by_what_with_what_result_and_how_late(estate: OfficeEstate, clerk: Actor) -> None:
    outage = announced(estate, clerk, cause=OutageCause.MUNICIPAL)
    assert [one.audience for one in still_due(outage)] == [Audience.MAINTENANCE, Audience.BOARD]
    tell(later(clerk, timedelta(minutes=29)), outage.pk, OutageAudience.MAINTENANCE, "telephone", "reached")
    tell(later(clerk, HOUR), outage.pk, OutageAudience.BOARD, "board of entrance 1")
    assert still_due(outage) == []
    assert [(one.channel, one.result, one.late) for one in outage.told.all()] == [
        ("telephone", "reached", False),
        ("board of entrance 1", "", False),
    ]
    too_late = later(clerk, TWO_DAYS)
    with pytest.raises(RuleError) as refused:
        tell(too_late, outage.pk, OutageAudience.BOARD, "board of entrance 2")
    assert refused.value.refused is Refused.LATE_WITHOUT_REASON
    told = tell(too_late, outage.pk, OutageAudience.BOARD, "board of entrance 2", late_reason="forgotten")
    assert (told.late, told.late_reason) == (True, "forgotten")


def test_16_3_complaints_are_recorded_and_restoration_follows(estate: OfficeEstate, clerk: Actor) -> None:
    repair = {"cause": OutageCause.UNPLANNED, "utility": OutageKind.WATER, "start": NOW, "end": None}
    outage = announced(estate, clerk, **repair)
    assert windows(SOUTH) == []
    complain(clerk, outage.pk, "no water on floor 5", "a pipe burst; restored by 16:00", estate.applicant)
    expect_end(estate.staff(StaffRole.MAINTENANCE), outage.pk, NOW + HOUR)
    assert [one.utility for one in windows(SOUTH)] == [Utility.WATER]
    assert outage.complaints.get().answer
    with pytest.raises(RuleError):
        expect_end(clerk, outage.pk, NOW - HOUR)


def test_16_5_prepared_comes_before_the_start_unless_an_emergency(estate: OfficeEstate, clerk: Actor) -> None:
    maintenance = estate.staff(StaffRole.MAINTENANCE)
    outage = announced(estate, clerk)
    with pytest.raises(RuleError) as refused:
        switch_off(maintenance, outage.pk)
    assert (refused.value.rule, refused.value.refused) == ("16.5", Refused.NOT_PREPARED)
    note_prepared(clerk, outage.pk)
    assert switch_off(maintenance, outage.pk).state == OutageState.RUNNING
    assert switch_off(maintenance, announced(estate, clerk).pk, emergency=True).emergency


def test_16_4_two_gates_of_one_area_open_an_incident_once(estate: OfficeEstate, clerk: Actor) -> None:
    GateSite.objects.filter(gate_id=NORTH).update(place=estate.building)
    fail(NORTH, NOW)
    assert open_incidents(NOW) == 0
    fail(SOUTH, NOW + timedelta(seconds=60))
    now = NOW + timedelta(seconds=62)
    assert open_incidents(now) == 1
    assert open_incidents(now) == 0
    outage = Outage.objects.get()
    assert (outage.place, outage.cause, outage.gates) == (estate.building, OutageCause.UNANNOUNCED, [1, 2])
    maintenance = estate.staff(StaffRole.MAINTENANCE)
    record_finding(replace(maintenance, at=now), outage.pk, OutageFinding.NO_FAULT)
    assert open_incidents(now + timedelta(seconds=5)) == 0


def test_16_4_gates_of_different_areas_open_none(estate: OfficeEstate) -> None:
    fail(NORTH, NOW)  # stands in the estate, the other one in the building
    fail(SOUTH, NOW)
    assert open_incidents(NOW) == 0


def test_16_4_within_an_outage_that_is_known_nothing_is_opened(estate: OfficeEstate, clerk: Actor) -> None:
    GateSite.objects.update(place=estate.building)
    known = {"cause": OutageCause.UNPLANNED, "start": NOW, "end": None, "place": estate.estate}
    announced(estate, clerk, **known)
    fail(NORTH, NOW)
    fail(SOUTH, NOW)
    assert open_incidents(NOW) == 0


@pytest.mark.parametrize(("after", "opened"), [(HOUR, 0), (3 * HOUR, 1), (9 * TWO_DAYS, 1)])
def test_16_4_an_outage_that_nobody_closed_explains_nothing_after_its_end(
    estate: OfficeEstate, clerk: Actor, after: timedelta, opened: int
) -> None:
    GateSite.objects.update(place=estate.building)
    at = announced(estate, clerk).start + after
    fail(NORTH, at)
    fail(SOUTH, at)
    assert open_incidents(at) == opened


@pytest.mark.parametrize("cancelled", [False, True])
def test_16_4_gates_that_failed_within_an_outage_open_none_once_it_is_over(
    estate: OfficeEstate, clerk: Actor, cancelled: bool
) -> None:
    GateSite.objects.update(place=estate.building)
    outage = announced(estate, clerk)
    fail(NORTH, outage.start + HOUR)
    fail(SOUTH, outage.start + HOUR)
    restore(later(clerk, TWO_DAYS + 2 * HOUR), outage.pk, cancelled=cancelled)
    assert open_incidents(outage.start + 2 * HOUR) == int(cancelled)


def test_16_4_whoever_takes_notice_first_is_the_first_inquirer(estate: OfficeEstate, clerk: Actor) -> None:
    outage = report_incident(clerk, estate.building, OutageKind.GAS)
    assert (outage.first_inquirer, outage.inquired_at) == (clerk.user, NOW)
    Outage.objects.update(first_inquirer=None)
    guard = estate.staff(StaffRole.GUARD)
    assert take_notice(guard, outage.pk).first_inquirer == guard.user
    with pytest.raises(RuleError) as refused:
        take_notice(clerk, outage.pk)
    assert (refused.value.rule, refused.value.refused) == ("16.4", Refused.STALE)


def test_16_4_what_maintenance_finds_decides_how_it_goes_on(estate: OfficeEstate, clerk: Actor) -> None:
    maintenance = estate.staff(StaffRole.MAINTENANCE)
    outage = report_incident(clerk, estate.building, OutageKind.POWER)
    with pytest.raises(RuleError) as refused:
        record_finding(clerk, outage.pk, OutageFinding.NO_FAULT)
    assert refused.value.refused is Refused.ROLE_MISSING
    record_finding(maintenance, outage.pk, OutageFinding.MUNICIPAL, NOW + HOUR)
    assert len(windows(SOUTH)) == 1
    outage.refresh_from_db()
    due = {one.audience for one in still_due(outage)}
    assert due == {Audience.MAINTENANCE, Audience.DEPARTMENTS, Audience.CUSTOMERS}
    restore(maintenance, outage.pk)
    assert windows(SOUTH) == []
    with pytest.raises(RuleError):
        record_finding(maintenance, outage.pk, OutageFinding.NO_FAULT)
