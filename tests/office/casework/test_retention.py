"""Kept no longer than needed, and no shorter: events, persons, and what a legal hold keeps."""

from __future__ import annotations

from datetime import timedelta

from office.casework.actor import Actor
from office.casework.archive import archive
from office.casework.due_dates import end_expired_cards
from office.casework.events import project_events
from office.casework.retention import erase_departed, purge_events
from office.casework.trail import broken_links
from office.lists.store import hub_store
from office.registry.models import (
    ArchivedForm,
    AuditEntry,
    FindKey,
    FindKind,
    Form,
    Issue,
    Person,
    Policy,
    Signature,
    UsageEvent,
)
from sync.events import EventKind
from tests.support.gate_events import EPOCH, GateLog, event
from tests.support.office_estate import NORTH, NOW, OfficeEstate

DAY = 86_400
AT = int(NOW.timestamp())


def numbers() -> list[int]:
    return list(UsageEvent.objects.order_by("number").values_list("number", flat=True))


def shelf() -> list[int]:
    return [one.number for one in hub_store().events.read(NORTH, EPOCH, 0, 100)]


def test_events_go_after_their_days_here_and_at_the_hub(estate: OfficeEstate) -> None:
    log = GateLog(NORTH)
    for day in (0, 1, 2):
        log.send(AT + day * DAY, event(EventKind.DOOR_OPENED, AT, door=10))
    project_events(NOW, ())
    assert purge_events(NOW + timedelta(days=180)) == 0  # of this very day: kept until it is over
    assert purge_events(NOW + timedelta(days=181)) == 1
    assert (numbers(), shelf()) == ([2, 3], [2, 3])
    told = AuditEntry.objects.get(rule="retention")
    assert (told.user, told.facts["events"]) == (None, 1)
    assert purge_events(NOW + timedelta(days=181)) == 0
    assert AuditEntry.objects.filter(rule="retention").count() == 1  # nothing done, nothing said
    log.send(AT + 181 * DAY, event(EventKind.DOOR_OPENED, AT, door=10))  # the chain goes on from its anchor
    project_events(NOW, ())
    assert numbers() == [2, 3, 4]


def test_the_estate_may_keep_events_longer_and_steps_are_bounded(estate: OfficeEstate) -> None:
    Policy.objects.create(event_days=200)
    GateLog(NORTH).send(AT, *[event(EventKind.DOOR_OPENED, AT, door=10)] * 5)
    project_events(NOW, ())
    assert purge_events(NOW + timedelta(days=190)) == 0
    assert [purge_events(NOW + timedelta(days=202), at_most=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_legal_hold_keeps_that_persons_events_with_their_proof(estate: OfficeEstate, clerk: Actor) -> None:
    issue = estate.issue_card(clerk)
    log = GateLog(NORTH)
    mine = event(EventKind.TAP, AT, door=10, issue_id=issue.pk)
    theirs = event(EventKind.TAP, AT, door=10, issue_id=issue.pk + 1)
    log.send(AT, theirs, mine, theirs)
    log.send(AT + DAY, theirs, mine)
    project_events(NOW, ())
    Person.objects.filter(pk=estate.applicant.pk).update(legal_hold=True)
    purge_events(NOW + timedelta(days=400))
    assert numbers() == [2, 5]
    rows = hub_store().events.read(NORTH, EPOCH, 0, 100)
    assert [(one.number, one.payload is None) for one in rows] == [
        (1, True),
        (2, False),
        (3, True),
        (4, True),
        (5, False),
    ]
    Person.objects.filter(pk=estate.applicant.pk).update(legal_hold=False)
    purge_events(NOW + timedelta(days=400))
    assert (numbers(), shelf()) == ([], [])


def test_a_departed_person_is_erased_and_numbers_and_chain_stay(estate: OfficeEstate, clerk: Actor) -> None:
    issue = estate.issue_card(clerk)
    person = estate.applicant
    Person.objects.filter(pk=person.pk).update(
        departed_on=NOW.date(), phone="13800000000", identity="440", note="tall"
    )
    Signature.objects.filter(issue=issue).update(image=b"png")
    number = str(archive(clerk, Form.LOSS_REPORT, f"issue:{issue.pk}"))
    assert FindKey.objects.filter(kind=FindKind.PERSON, record=person.pk).exists()
    later = NOW + timedelta(days=366)
    person.memberships.update(until=NOW.date())
    assert erase_departed(later) == 0  # a card of theirs still opens
    Issue.objects.filter(pk=issue.pk).update(valid_until=NOW)
    end_expired_cards(NOW)
    assert erase_departed(NOW + timedelta(days=364)) == 0
    Person.objects.filter(pk=person.pk).update(legal_hold=True)
    assert erase_departed(later) == 0
    Person.objects.filter(pk=person.pk).update(legal_hold=False)
    assert [erase_departed(later), erase_departed(later)] == [1, 0]
    person.refresh_from_db()
    assert [person.name, person.phone, person.identity, person.note] == ["", "", "", ""]
    assert (str(person), person.erased_at) == (f"#{person.pk}", later)
    assert Signature.objects.get(issue=issue).image is None
    assert not FindKey.objects.filter(kind=FindKind.PERSON, record=person.pk).exists()
    assert Issue.objects.get(pk=issue.pk).holder_id == person.pk
    assert str(ArchivedForm.objects.get(form=Form.LOSS_REPORT)) == number
    assert not list(broken_links())
    assert AuditEntry.objects.get(action="person erased").subject == f"person:{person.pk}"
