"""The office's own clock: set back nothing is written down, set forward nothing ends for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.office_clock import check_clock, confirm_clock, latest, see_clock
from office.casework.rounds import Memory, make_round
from office.procedures.clock import ClockWord
from office.procedures.errors import Refused, RuleError
from office.registry.models import Alarm, AuditEntry, Issue, IssueState, Person, UsageEvent
from sync.events import EventKind
from tests.support.gate_events import GateLog, event
from tests.support.office_estate import NORTH, NOW, OfficeEstate

AT = int(NOW.timestamp())
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def open_alarms() -> list[tuple[str, int]]:
    return list(Alarm.objects.filter(subject="watch/clock", cleared_at=None).values_list("text", "count"))


def test_0_clock_set_back_is_refused_told_once_and_confirmed(estate: OfficeEstate, manager: Actor) -> None:
    assert see_clock(NOW) is ClockWord.FINE
    assert see_clock(NOW - HOUR) is ClockWord.SET_BACK
    see_clock(NOW - HOUR + timedelta(seconds=10))
    assert latest() == NOW, "a wrong time is not believed"
    assert open_alarms() == [("set_back: 2026-11-26 05:00, 2026-11-26 06:00 (UTC)", 1)]
    with pytest.raises(RuleError) as refused:
        check_clock(NOW - HOUR)
    assert (refused.value.rule, refused.value.refused) == ("0.clock", Refused.CLOCK_SET_BACK)
    assert refused.value.facts == {"now": NOW - HOUR, "seen": NOW}
    confirm_clock(replace(manager, at=NOW - HOUR))
    check_clock(NOW - HOUR)
    assert see_clock(NOW - HOUR) is ClockWord.FINE
    assert Alarm.objects.get(subject="watch/clock").ended_at == NOW - HOUR
    assert AuditEntry.objects.get(rule="0.clock").facts["was"] == NOW.isoformat()


def test_0_clock_that_is_corrected_by_minutes_stops_nobody(estate: OfficeEstate) -> None:
    see_clock(NOW)
    check_clock(NOW - timedelta(minutes=4))
    assert see_clock(NOW - timedelta(minutes=4)) is ClockWord.FINE
    assert latest() == NOW


def test_0_clock_set_forward_ends_and_purges_nothing(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    card = estate.issue_card(clerk)
    Issue.objects.filter(pk=card.pk).update(valid_until=NOW + 30 * DAY)
    gone = Person.objects.create(name="gone", recorded_at=NOW, departed_on=NOW.date())
    GateLog(NORTH).send(AT, event(EventKind.DOOR_OPENED, AT, door=10))
    make_round(NOW, Memory())
    wrong = NOW + 4_000 * DAY
    assert make_round(wrong, Memory()).failed == {}
    assert Issue.objects.get(pk=card.pk).state == IssueState.ACTIVE
    assert UsageEvent.objects.count() == 1
    assert Person.objects.get(pk=gone.pk).erased_at is None
    assert [text.partition(":")[0] for text, _ in open_alarms()] == ["leapt"]
    make_round(NOW + HOUR, Memory())  # set right again: nothing has been lost
    assert Alarm.objects.get(subject="watch/clock").ended_at == NOW + HOUR
    assert latest() == NOW + HOUR
    confirm_clock(replace(manager, at=wrong))
    make_round(wrong, Memory())  # somebody says that it is right: an office that was off for years
    assert Issue.objects.get(pk=card.pk).state == IssueState.WITHDRAWN
    assert UsageEvent.objects.count() == 0


def test_0_clock_is_not_a_clerks_to_confirm(clerk: Actor) -> None:
    with pytest.raises(RuleError) as refused:
        confirm_clock(clerk)
    assert refused.value.refused is Refused.ROLE_MISSING
