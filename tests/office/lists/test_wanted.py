"""What gates are to have of many issues at once: the same as of each alone."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from office.casework.actor import Actor
from office.lists.store import hub_store
from office.lists.wanted import CollisionError, publish_issues, publish_settings
from office.registry.models import (
    CardKind,
    Chip,
    Door,
    DoorException,
    GateGrant,
    GateSite,
    Issue,
    IssueState,
    StaffRole,
)
from sync.records import Technology
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate


@pytest.fixture
def estate(db: None) -> OfficeEstate:
    """A small estate."""
    return OfficeEstate()


@pytest.fixture
def clerk(estate: OfficeEstate) -> Actor:
    """A desk clerk."""
    return estate.staff(StaffRole.CLERK)


def raw_issues(estate: OfficeEstate, *numbers: str, kind: CardKind = CardKind.RESIDENT) -> list[Issue]:
    """Active issues of these chips that no gate has heard of."""
    found = []
    for number in numbers:
        chip = Chip.objects.create(technology=int(Technology.ISO14443A), number=number)
        fields = {"state": IssueState.ACTIVE, "state_since": NOW, "holder": estate.applicant}
        found.append(Issue.objects.create(kind=kind, chip=chip, unit=estate.unit, **fields))
    return found


def records(gate_id: int) -> list[object]:
    return [(one.key, one.data) for one in hub_store().wanted.content(gate_id).records()]


def test_a_batch_puts_what_its_issues_put_alone(estate: OfficeEstate) -> None:
    issues = raw_issues(estate, "04A00001", "04A00002", "04A00003")
    issues += raw_issues(estate, "04A00004", kind=CardKind.VEHICLE)
    issues += raw_issues(estate, "04A00005", kind=CardKind.GUARD)
    south = Door.objects.get(gate_id=SOUTH)
    clerk = estate.staff(StaffRole.CLERK).user
    DoorException.objects.create(
        issue=issues[0], door=south, allows=False, reason="x", until=NOW.replace(year=2027), clerk=clerk
    )
    publish_issues(issues, NOW)
    together = records(NORTH), records(SOUTH)
    assert [len(one) for one in together] == [5, 3]
    for one in issues:
        publish_issues([one], NOW)
    assert (records(NORTH), records(SOUTH)) == together


def test_queries_do_not_grow_with_the_batch_but_for_the_forms_that_are_looked_up(
    estate: OfficeEstate,
) -> None:
    def asked(*numbers: str) -> int:
        issues = raw_issues(estate, *numbers)
        with CaptureQueriesContext(connection) as caught:
            publish_issues(issues, NOW)
        return len(caught)

    assert asked("04A00001") == asked(*(f"04B000{n:02d}" for n in range(40)))


def test_two_chips_of_one_batch_that_a_reader_takes_for_one_are_refused(estate: OfficeEstate) -> None:
    GateSite.objects.filter(pk=NORTH).update(readers=[{"id": 1, "low_bits": 24}])
    publish_settings(GateSite.objects.all(), NOW)
    with pytest.raises(CollisionError, match="take another chip"):
        publish_issues(raw_issues(estate, "AAA00001", "BBA00001"), NOW)
    assert records(NORTH) == []
    assert GateGrant.objects.count() == 0


def test_a_chip_that_a_card_of_the_list_is_taken_for_is_refused(estate: OfficeEstate, clerk: Actor) -> None:
    GateSite.objects.filter(pk=NORTH).update(readers=[{"id": 1, "low_bits": 24}])
    publish_settings(GateSite.objects.all(), NOW)
    publish_issues(raw_issues(estate, "AAA00001"), NOW)
    with pytest.raises(CollisionError):
        publish_issues(raw_issues(estate, "BBA00001"), NOW)


def test_a_door_serves_what_lies_inside_its_place_and_not_a_namesake(estate: OfficeEstate) -> None:
    """Place 1. is no prefix of place 12.: paths end in dots."""
    other = estate.add_unit("102", "80")
    (issue,) = raw_issues(estate, "04A00001")
    Door.objects.filter(gate_id=SOUTH).update(serves=other)
    publish_issues([issue], NOW)
    assert (len(records(NORTH)), len(records(SOUTH))) == (1, 0)
    Door.objects.filter(gate_id=SOUTH).update(serves=estate.unit)
    publish_issues([issue], NOW)
    assert (len(records(NORTH)), len(records(SOUTH))) == (1, 1)
