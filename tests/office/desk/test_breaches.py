"""Passages that do not fit together (promise 15): from two gates' logs to a page; looking is on record."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from office.casework.events import project_events
from office.registry.models import AuditEntry, Door, Issue, StaffRole
from sync.events import Event, EventKind
from sync.records import Direction, Reason
from tests.support.gate_events import GateLog, event
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate

AT = int(NOW.timestamp())
Browser = Callable[..., Client]


@pytest.fixture
def card(estate: OfficeEstate) -> Issue:
    """A card that came in at both gates within ten minutes, and one that went out between."""
    clerk = estate.staff(StaffRole.CLERK)
    Door.objects.create(door_id=21, gate_id=SOUTH, name="south wicket", serves=estate.estate)
    twice, fits = estate.issue_card(clerk), estate.issue_card(clerk)
    north, south = GateLog(NORTH), GateLog(SOUTH)

    def tap(card: Issue, door: int, before_s: int, direction: Direction) -> Event:
        about = {"issue_id": card.pk, "door": door, "direction": direction, "reason": Reason.GRANTED}
        return event(EventKind.TAP, AT - before_s, **about)

    north.send(
        AT,
        tap(twice, 10, 1200, Direction.IN),
        tap(fits, 10, 1190, Direction.IN),
        tap(fits, 10, 900, Direction.OUT),
    )
    south.send(AT, tap(twice, 21, 600, Direction.IN), tap(fits, 21, 590, Direction.IN))
    # Doors of one gate alone are that gate's business, and an entrance is not the estate.
    south.send(AT, tap(twice, 20, 300, Direction.IN), tap(twice, 20, 200, Direction.IN))
    project_events(NOW)
    return twice


def test_a_card_that_came_in_twice_is_told_with_both_gates(card: Issue, browser: Browser) -> None:
    page = browser(StaffRole.MANAGER).get("/events/breaches/", {"days": "1"}).content.decode()
    assert page.count("in, twice") == 1
    assert reverse("issue", args=[card.pk]) in page
    assert page.index("north", page.index("in, twice")) < page.index("south", page.index("in, twice"))


def test_whoever_looks_is_on_record_and_who_has_no_business_is_refused(card: Issue, browser: Browser) -> None:
    assert browser(StaffRole.GUARD).get("/events/breaches/").status_code == 200
    viewed = AuditEntry.objects.filter(rule="movements", subject="breaches")
    assert viewed.count() == 1
    assert browser(StaffRole.TECHNICIAN).get("/events/breaches/").status_code == 403
    assert viewed.count() == 1


def test_an_old_passage_is_not_asked_for_and_nonsense_is_a_week(card: Issue, browser: Browser) -> None:
    client = browser(StaffRole.CLERK)
    for asked in ("", "0", "x", "99999999999999999999"):
        assert "in, twice" in client.get("/events/breaches/", {"days": asked}).content.decode()
