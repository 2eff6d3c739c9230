"""The alarm inbox: raised once, counted, taken notice of, ended, cleared; and everything in the trail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.alarms import acknowledge, clear
from office.casework.events import project_events
from office.casework.issue_steps import locked_issue, take
from office.casework.loss import Report, report_loss
from office.casework.outages import Announcement, announce_outage, restore
from office.casework.trail import broken_links
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import Step
from office.registry.models import (
    Alarm,
    AlarmKind,
    AuditEntry,
    LossKind,
    OutageCause,
    OutageKind,
    StaffRole,
)
from sync.events import Event, EventKind
from sync.records import Reason
from tests.support.gate_events import GateLog, event
from tests.support.office_estate import NORTH, NOW, OfficeEstate

AT = int(NOW.timestamp())
FORCED = event(EventKind.DOOR_FORCED, AT, door=10)
FORCED_ENDED = event(EventKind.DOOR_FORCED_ENDED, AT + 9, door=10)


@pytest.fixture
def log(estate: OfficeEstate) -> GateLog:
    """The north gate's log."""
    return GateLog(NORTH)


@pytest.fixture
def guard(estate: OfficeEstate) -> Actor:
    """A guard."""
    return estate.staff(StaffRole.GUARD)


def tell(log: GateLog, *events: Event, at: int = AT) -> None:
    log.send(at, *events)
    project_events(NOW + timedelta(seconds=at - AT))


def test_an_alarm_is_raised_once_and_repeats_are_counted_in_it(log: GateLog) -> None:
    tell(log, FORCED, event(EventKind.DOOR_FORCED, AT, door=20))
    tell(log, event(EventKind.DOOR_FORCED, AT + 60, door=10), at=AT + 60)
    found = Alarm.objects.get(subject="door:10")
    assert (found.kind, found.count, found.gate_id, found.door_id) == (AlarmKind.DOOR_FORCED, 2, NORTH, 10)
    assert (found.first_at, found.last_at) == (NOW, NOW + timedelta(seconds=60))
    assert Alarm.objects.count() == 2
    raised = AuditEntry.objects.filter(action="alarm raised", subject=f"alarm:{found.pk}").get()
    assert raised.user is None
    assert raised.facts == {"kind": "door_forced", "about": "door:10"}


def test_an_alarm_that_has_ended_waits_until_somebody_takes_notice(log: GateLog, guard: Actor) -> None:
    tell(log, FORCED, FORCED_ENDED)
    found = Alarm.objects.get()
    assert (found.ended_at, found.cleared_at) == (NOW + timedelta(seconds=9), None)
    done = acknowledge(guard, found.pk, "", "wind")
    assert done.cleared_at == guard.at
    tell(log, FORCED)
    assert Alarm.objects.filter(cleared_at__isnull=True).get().pk != found.pk


def test_an_alarm_that_somebody_has_taken_is_cleared_by_its_end(log: GateLog, guard: Actor) -> None:
    tell(log, FORCED)
    acknowledge(guard, Alarm.objects.get().pk, "patrol", "")
    tell(log, FORCED_ENDED)
    found = Alarm.objects.get()
    assert (found.told_to, found.cleared_at is None) == ("patrol", False)


def test_an_end_without_a_begin_raises_nothing(log: GateLog) -> None:
    tell(log, FORCED_ENDED)
    assert not Alarm.objects.exists()


@pytest.mark.parametrize(
    ("kind", "again"), [(EventKind.DOOR_FORCED, True), (EventKind.BARRIER_BLOCKED, False)]
)
def test_a_repetition_needs_somebody_again_where_it_matters(
    log: GateLog, guard: Actor, kind: EventKind, again: bool
) -> None:
    tell(log, event(kind, AT, door=10))
    acknowledge(guard, Alarm.objects.get().pk, "", "")
    tell(log, event(kind, AT + 5, door=10))
    assert (Alarm.objects.get().acknowledged_at is None) is again


def test_who_is_second_is_told_so_and_nothing_is_cleared_unseen(log: GateLog, guard: Actor) -> None:
    tell(log, FORCED)
    found = Alarm.objects.get()
    with pytest.raises(RuleError) as unseen:
        clear(guard, found.pk, "x")
    assert unseen.value.refused is Refused.WRONG_STATE
    acknowledge(guard, found.pk, "", "")
    with pytest.raises(RuleError) as late:
        acknowledge(guard, found.pk, "", "")
    assert late.value.refused is Refused.STALE
    assert clear(guard, found.pk, "new hinge").note == "new hinge"
    assert not list(broken_links())


def test_without_a_role_nobody_takes_an_alarm(log: GateLog, guard: Actor) -> None:
    tell(log, FORCED)
    nobody = replace(guard, roles=frozenset({StaffRole.ADMINISTRATOR}))
    with pytest.raises(RuleError) as refused:
        acknowledge(nobody, Alarm.objects.get().pk, "", "")
    assert refused.value.refused is Refused.ROLE_MISSING


def test_14_4_each_later_tap_of_a_stopped_card_is_counted(
    estate: OfficeEstate, clerk: Actor, log: GateLog
) -> None:
    issue = estate.issue_card(clerk)
    report_loss(clerk, issue.pk, estate.applicant, Report(LossKind.LOST))
    about = {"issue_id": issue.pk, "door": 10, "reason": Reason.LOST}
    for second in (5, 9):
        tell(
            log,
            event(EventKind.TAP, AT + second, **about),
            event(EventKind.REVOKED_CARD_TAPPED, AT + second, **about),
        )
    found = Alarm.objects.get()
    assert (found.kind, found.issue_id, found.count) == (AlarmKind.STOPPED_CARD, issue.pk, 2)


def test_14_4_a_gate_that_opens_for_a_stopped_card_is_an_alarm(
    estate: OfficeEstate, clerk: Actor, log: GateLog
) -> None:
    issue = estate.issue_card(clerk)
    report_loss(clerk, issue.pk, estate.applicant, Report(LossKind.LOST))
    granted = {"issue_id": issue.pk, "door": 10, "reason": Reason.GRANTED}
    tell(log, event(EventKind.TAP, AT, **granted))  # perhaps before the stop: the time is ± 1 s
    assert not Alarm.objects.exists()
    tell(log, event(EventKind.TAP, AT + 2, **granted))
    assert Alarm.objects.get().text == "opened"


def test_14_4_a_log_that_comes_after_the_replacement_still_tells_of_the_stopped_card(
    estate: OfficeEstate, clerk: Actor, log: GateLog
) -> None:
    card = estate.issue_card(clerk)
    estate.report_lost(clerk, card)
    for hours, step in enumerate((Step.REPLACE, Step.COLLECT), start=1):
        take(replace(clerk, at=NOW + timedelta(hours=hours)), locked_issue(card.pk), step)
    tell(log, event(EventKind.TAP, AT + 600, issue_id=card.pk, door=10, reason=Reason.GRANTED), at=AT + 8000)
    found = Alarm.objects.get()
    assert (found.kind, found.first_at) == (AlarmKind.STOPPED_CARD, NOW + timedelta(seconds=600))


def test_16_2_mains_failure_within_an_announced_outage_is_expected(
    estate: OfficeEstate, log: GateLog
) -> None:
    start, end = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    told = Announcement(estate.estate, OutageKind.POWER, OutageCause.MUNICIPAL, start, end, NOW)
    announce_outage(estate.staff(StaffRole.CLERK), told)
    down: dict[str, object] = {"input": "mains", "kind": "mains_fail", "active": 1}
    tell(log, event(EventKind.INPUT_CHANGED, AT + 3600, detail=down))
    assert not Alarm.objects.exists()
    tell(log, event(EventKind.INPUT_CHANGED, AT + 7200, detail=down))
    assert Alarm.objects.get().kind == AlarmKind.MAINS_FAIL


@pytest.mark.parametrize(
    ("cancelled", "down_after_s", "alarms"),
    [(False, 3599, 1), (False, 3600, 0), (False, 5399, 0), (False, 5400, 1), (True, 3600, 1)],
)
def test_16_2_what_a_gate_tells_after_the_restoration_is_judged_by_when_it_was(
    estate: OfficeEstate, clerk: Actor, log: GateLog, cancelled: bool, down_after_s: int, alarms: int
) -> None:
    start, end = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    told = Announcement(estate.estate, OutageKind.POWER, OutageCause.MUNICIPAL, start, end, NOW)
    outage = announce_outage(clerk, told)
    restore(replace(clerk, at=NOW + timedelta(minutes=90)), outage.pk, cancelled=cancelled)
    down: dict[str, object] = {"input": "mains", "kind": "mains_fail", "active": 1}
    tell(log, event(EventKind.INPUT_CHANGED, AT + down_after_s, detail=down), at=AT + 7300)
    assert Alarm.objects.count() == alarms
