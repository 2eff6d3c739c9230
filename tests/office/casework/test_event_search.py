"""Events are found by an index whatever is asked, page by page without gap or repetition."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import connection
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.event_search import (
    EventFilter,
    PageEnd,
    by_number,
    cards_of_person,
    cards_of_unit,
    every_event,
    matching,
    note_viewing,
    page_of,
    taps_after_stop,
)
from office.casework.events import project_events
from office.casework.loss import Report, report_loss
from office.procedures.errors import RuleError
from office.registry.models import AuditEntry, LossKind, Outcome, StaffRole, UsageEvent
from sync.events import EventKind
from sync.records import Reason
from tests.support.gate_events import GateLog, event
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate
from tests.support.postgresql import about_sqlite

AT = int(NOW.timestamp())
TIME = EventFilter(since_ms=AT * 1000, until_ms=(AT + 60) * 1000)
END = PageEnd(AT * 1000, 17)


def plan(wanted: EventFilter) -> str:
    sql, values = matching(wanted)[:51].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        return "\n".join(str(row[3]) for row in cursor.fetchall())


@about_sqlite
@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (EventFilter(), "event_by_time"),
        (TIME, "event_by_time"),
        (EventFilter(gate=1), "event_by_gate"),
        (EventFilter(door=10), "event_by_door"),
        (EventFilter(outcome=2), "event_by_outcome"),
        (EventFilter(issues=(7,)), "event_by_issue"),
        (EventFilter(credentials=("1:04A0",)), "event_by_credential"),
        # The narrowest leads, the others sift.
        (EventFilter(gate=1, outcome=1), "event_by_gate"),
        (EventFilter(gate=1, door=10, outcome=1), "event_by_door"),
        (EventFilter(issues=(7,), gate=1, door=10, outcome=1), "event_by_issue"),
    ],
)
@pytest.mark.parametrize("time", [EventFilter(), TIME])
@pytest.mark.parametrize("after", [None, END])
def test_every_search_goes_by_its_index_and_sorts_nothing(
    db: None, wanted: EventFilter, index: str, time: EventFilter, after: PageEnd | None
) -> None:
    found = plan(replace(wanted, since_ms=time.since_ms, until_ms=time.until_ms, after=after))
    assert f"USING INDEX {index}" in found
    assert "TEMP B-TREE" not in found
    assert "MULTI-INDEX" not in found


@about_sqlite
@pytest.mark.parametrize("wanted", [EventFilter(issues=(7, 8, 9)), by_number])
def test_several_cards_are_looked_up_one_by_one(db: None, wanted: EventFilter) -> None:
    asked = wanted if isinstance(wanted, EventFilter) else by_number("04A0")
    assert "SEARCH registry_usageevent USING INDEX event_by_" in plan(asked)


@pytest.fixture
def log(estate: OfficeEstate) -> GateLog:
    """The north gate's log, with four events in each of eight seconds; one in eight of the south gate."""
    made, other = GateLog(NORTH), GateLog(SOUTH)
    for second in range(8):
        made.send(AT + second, *[event(EventKind.DOOR_OPENED, AT + second, door=10)] * 4)
        other.send(AT + second, event(EventKind.EXIT_BUTTON, AT + second, door=20))
    project_events(NOW, ())
    return made


def test_pages_have_everything_once_newest_first(log: GateLog) -> None:
    found: list[UsageEvent] = []
    end: PageEnd | None = None
    while True:
        rows, end = page_of(EventFilter(after=end), 7)
        found += rows
        if end is None:
            break
    assert [one.pk for one in found] == [one.pk for one in every_event(EventFilter())]
    assert len({one.pk for one in found}) == UsageEvent.objects.count() == 40
    assert all((one.at_ms, one.pk) > (later.at_ms, later.pk) for one, later in pairwise(found))


def test_everything_that_is_given_must_hold(log: GateLog) -> None:
    def count(**asked: object) -> int:
        return matching(EventFilter(**asked)).count()  # type: ignore[arg-type]

    assert count(gate=SOUTH) == 8
    assert count(gate=SOUTH, outcome=int(Outcome.OPENED)) == 8
    assert count(gate=NORTH, outcome=int(Outcome.OPENED)) == 0
    assert count(door=10, gate=SOUTH) == 0
    assert count(since_ms=(AT + 2) * 1000, until_ms=(AT + 4) * 1000) == 10


def test_whose_cards(estate: OfficeEstate, clerk: Actor) -> None:
    issue = estate.issue_card(clerk)
    assert issue.chip is not None
    assert cards_of_person(estate.applicant) == cards_of_unit(estate.unit) == (issue.pk,)
    assert by_number(issue.chip.number) == EventFilter(issues=(issue.pk,))
    assert "1:0F0F" in (by_number("0F0F").credentials or ())


def test_who_looks_at_movements_is_on_record_and_needs_a_role(estate: OfficeEstate, clerk: Actor) -> None:
    note_viewing(clerk, "person:3", TIME)
    told = AuditEntry.objects.get(action="movements viewed")
    assert (told.user, told.subject) == (clerk.user, "person:3")
    with pytest.raises(RuleError):
        note_viewing(estate.staff(StaffRole.TECHNICIAN), "person:3", TIME)


def test_14_4_taps_after_the_stop(estate: OfficeEstate, clerk: Actor) -> None:
    issue, log = estate.issue_card(clerk), GateLog(NORTH)
    about = {"issue_id": issue.pk, "door": 10}
    log.send(AT, event(EventKind.TAP, AT - 9, reason=Reason.GRANTED, **about))
    assert list(taps_after_stop(issue)) == []
    report_loss(clerk, issue.pk, estate.applicant, Report(LossKind.LOST))
    log.send(AT + 9, event(EventKind.TAP, AT + 9, reason=Reason.LOST, **about))
    project_events(NOW, ())
    issue.refresh_from_db()
    assert [one.number for one in taps_after_stop(issue)] == [2]
