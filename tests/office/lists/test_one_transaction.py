"""A step of a procedure and what it changes on lists are one transaction, whatever fails between them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, connections, transaction

from office.casework.actor import Actor
from office.errors import OfficeError
from office.lists.store import hub_store
from office.registry.models import AuditEntry, Issue, IssueState, LossCase, StaffRole
from sync.encoding import decode_record
from sync.records import Grant
from tests.support.office_estate import NORTH, SOUTH, OfficeEstate

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
LEFT = ("outbox", "records", "lists", "gates")
"""Of the hub's tables, which Django's own emptying after a test does not know."""


@pytest.fixture
def estate(transactional_db: None) -> Iterator[OfficeEstate]:
    """A small estate; what tests commit is committed."""
    _empty()
    yield OfficeEstate()
    _empty()


def _empty() -> None:
    with connection.cursor() as cursor:
        for table in LEFT:
            cursor.execute(f"DELETE FROM {table}")


@pytest.fixture
def clerk(estate: OfficeEstate) -> Actor:
    """A desk clerk."""
    return estate.staff(StaffRole.CLERK)


def opens(issue: Issue) -> set[int]:
    """Gates whose wanted list lets the card in."""
    rows = hub_store().wanted.rows(issue_id=issue.pk)
    return {one.gate_id for one in rows if isinstance(decode_record(one.record), Grant)}


def state_of(issue: Issue) -> tuple[object, ...]:
    """Everything that a report of loss would change."""
    changes = hub_store().wanted.changes_after(0)
    return (
        IssueState(Issue.objects.get(pk=issue.pk).state),
        LossCase.objects.count(),
        AuditEntry.objects.count(),
        opens(issue),
        [one.number for one in changes],
    )


def reviewed_by_its_clerk(estate: OfficeEstate, clerk: Actor, issue: Issue) -> None:
    """A step that the database refuses in its last change."""
    with transaction.atomic():
        case = estate.report_lost(clerk, issue)
        assert opens(issue) == set(), "the list is changed by now"
        LossCase.objects.filter(pk=case.pk).update(reviewer=clerk.user)


def test_a_list_that_cannot_be_changed_takes_the_step_back(estate: OfficeEstate, clerk: Actor) -> None:
    issue = estate.issue_card(clerk)
    before = state_of(issue)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lists SET wanted_settings = NULL WHERE gate_id = %s", [SOUTH])
    with pytest.raises(OfficeError, match="has no list settings yet"):
        estate.report_lost(clerk, issue)
    assert state_of(issue) == before
    assert opens(issue) == {NORTH, SOUTH}


def test_a_step_that_fails_after_its_list_was_changed_leaves_no_row_of_the_outbox(
    estate: OfficeEstate, clerk: Actor
) -> None:
    issue = estate.issue_card(clerk)
    before = state_of(issue)

    with pytest.raises(DatabaseError, match="the_reviewer_is_not_the_clerk"):
        reviewed_by_its_clerk(estate, clerk, issue)
    assert state_of(issue) == before


def test_a_step_that_fails_inside_another_leaves_the_other_whole(estate: OfficeEstate, clerk: Actor) -> None:
    first, second = estate.issue_card(clerk), estate.issue_card(clerk)
    with transaction.atomic():
        estate.report_lost(clerk, first)
        with pytest.raises(DatabaseError):
            reviewed_by_its_clerk(estate, clerk, second)
    assert (opens(first), opens(second)) == (set(), {NORTH, SOUTH})
    urgent = [one for one in hub_store().wanted.changes_after(0) if one.urgent]
    assert {one.gate_id for one in urgent} == {NORTH, SOUTH}
    assert len(urgent) == 2


def test_two_clerks_write_one_after_the_other(estate: OfficeEstate, clerk: Actor) -> None:
    """The trail is one chain: without their turns both would take the same next number."""
    issues = [estate.issue_card(clerk) for _ in range(3)]
    before = AuditEntry.objects.count()
    failed: list[BaseException] = []

    def report(issue: Issue) -> None:
        try:
            estate.report_lost(clerk, issue)
        except BaseException as error:  # noqa: BLE001 - told by the test
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=report, args=(one,)) for one in issues]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert failed == []
    numbers = list(AuditEntry.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= before + 3
    assert [opens(one) for one in issues] == [set(), set(), set()]
