"""What falls due by the clock is done once, tells the gates, and stands in the trail without an actor."""

from __future__ import annotations

from datetime import date, timedelta

from office.casework.actor import Actor
from office.casework.due_dates import end_exceptions, end_expired_cards, end_parking_rights
from office.lists.store import hub_store
from office.lists.wanted import publish_issues
from office.registry.models import (
    AuditEntry,
    CardKind,
    DoorException,
    Issue,
    IssueState,
    Vehicle,
)
from sync.encoding import decode_record
from sync.records import Grant, RevocationReason, Tombstone
from tests.support.office_estate import NOW, SOUTH, OfficeEstate

END = NOW + timedelta(days=3)


def doors(issue: Issue) -> list[int]:
    """Doors that gates are to open for the card."""
    rows = [decode_record(one.record) for one in hub_store().wanted.rows(issue_id=issue.pk)]
    return sorted(access.door for one in rows if isinstance(one, Grant) for access in one.access)


def test_a_card_whose_end_has_come_is_withdrawn_once(estate: OfficeEstate, clerk: Actor) -> None:
    issue, other = estate.issue_card(clerk), estate.issue_card(clerk)
    Issue.objects.filter(pk=issue.pk).update(valid_until=END)
    assert end_expired_cards(END - timedelta(seconds=1)) == 0
    assert [end_expired_cards(END), end_expired_cards(END)] == [1, 0]
    issue.refresh_from_db()
    other.refresh_from_db()
    assert (issue.state, issue.state_since) == (IssueState.WITHDRAWN, END)
    assert other.state == IssueState.ACTIVE
    (row, *_) = hub_store().wanted.rows(issue_id=issue.pk)
    end = decode_record(row.record)
    assert isinstance(end, Tombstone)
    assert end.reason is RevocationReason.WITHDRAWN
    told = AuditEntry.objects.filter(subject=f"issue:{issue.pk}").latest("number")
    assert (told.user, told.rule, told.facts) == (None, "13.3", {"due": True})
    assert issue.steps.latest("pk").clerk is None


def test_13_vehicle_a_vehicle_card_ends_with_its_parking_right(estate: OfficeEstate, clerk: Actor) -> None:
    issue = estate.issue_card(clerk)
    vehicle = Vehicle.objects.create(
        plate="粤B12345", unit=estate.unit, keeper=estate.applicant, parking_until=date(2026, 11, 29)
    )
    Issue.objects.filter(pk=issue.pk).update(kind=CardKind.VEHICLE, vehicle=vehicle, holder=None)
    midnight = NOW.replace(day=28, hour=16, minute=0)  # 00:00 of the 29th in the estate's time zone
    assert end_parking_rights(midnight - timedelta(seconds=1)) == 0
    assert end_parking_rights(midnight) == 1
    issue.refresh_from_db()
    assert issue.state == IssueState.WITHDRAWN
    assert issue.steps.latest("pk").rule == "13.vehicle"


def test_a_door_exception_ends_at_the_gates(estate: OfficeEstate, clerk: Actor) -> None:
    issue = estate.issue_card(clerk)
    assert doors(issue) == [10, 20]
    no, yes = (20, False), (11, True)
    for door_id, allows in (no, yes):
        DoorException.objects.create(
            issue=issue, door_id=door_id, allows=allows, reason="x", until=END, clerk=clerk.user
        )
    publish_issues([issue], NOW)
    assert doors(issue) == [10, 11]
    assert end_exceptions(END - timedelta(seconds=1)) == 0
    assert [end_exceptions(END), end_exceptions(END)] == [1, 0]
    assert doors(issue) == [10, 20]
    assert AuditEntry.objects.get(action="door exceptions ended").facts == {"doors": [11, 20]}
    # Another word about the same door may follow.
    DoorException.objects.create(
        issue=issue, door_id=20, allows=False, reason="y", until=END + timedelta(days=1), clerk=clerk.user
    )


def test_an_exception_of_a_stopped_card_brings_nothing_back(estate: OfficeEstate, clerk: Actor) -> None:
    issue = estate.issue_card(clerk)
    DoorException.objects.create(
        issue=issue, door_id=11, allows=True, reason="x", until=END, clerk=clerk.user
    )
    Issue.objects.filter(pk=issue.pk).update(valid_until=END)
    end_expired_cards(END)
    assert end_exceptions(END) == 1
    assert doors(issue) == []
    assert SOUTH in {one.gate_id for one in hub_store().wanted.rows(issue_id=issue.pk)}
