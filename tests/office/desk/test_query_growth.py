"""A larger estate costs a page no more questions to the database: no query for each row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from office.casework.actor import Actor
from office.casework.vehicles import register_vehicle
from office.hub.facts import Gate, LinkKind
from office.lists.store import hub_store
from office.lists.wanted import publish_settings
from office.registry.models import (
    Door,
    EventLog,
    GateSite,
    MemberRole,
    Membership,
    Outcome,
    Place,
    StaffRole,
    UsageEvent,
)
from sync.events import EventKind
from tests.support.office_estate import NOW, OfficeEstate
from tests.support.signed import confirm
from tests.support.statements_asked import statements_asked

MORE = 6
"""Of each thing; more than any page asks for one by one."""


def add_gates(estate: OfficeEstate, first: int) -> None:
    """Gates in service, each with a door, its newest list and an event."""
    store = hub_store()
    for gate_id in range(first, first + MORE):
        store.gates.add(Gate(gate_id, f"gate {gate_id}", gate_id.to_bytes(32), LinkKind.NETWORK, None, 0))
        site = GateSite.objects.create(gate_id=gate_id, name=f"gate {gate_id}", place=estate.estate)
        Door.objects.create(door_id=10 * gate_id, gate=site, name=f"door {gate_id}", exit_for_slips=True)
        log = EventLog.objects.create(gate_id=gate_id, epoch=bytes(16))
        UsageEvent.objects.create(
            log=log,
            number=1,
            gate_id=gate_id,
            at_ms=1,
            received_at=1,
            kind=EventKind.DOOR_OPENED,
            outcome=Outcome.PASSAGE,
            door=10 * gate_id,
        )
    publish_settings(GateSite.objects.filter(gate_id__gte=first), NOW)
    for gate_id in range(first, first + MORE):
        confirm(gate_id, int(NOW.timestamp()))


def add_people(estate: OfficeEstate, clerk: Actor, first: int) -> None:
    """Units, vehicles, residents, tenants, and cards that wait for their fee."""
    for number in range(first, first + MORE):
        unit = estate.add_unit(f"r{number}", "50.00")
        estate.add_person(f"陈{number}", estate.unit, MemberRole.RESIDENT)
        register_vehicle(clerk, f"测A{number:05}", estate.unit, estate.applicant, None)
        estate.add_person(f"王{number}", unit)
        Membership.objects.create(
            person=estate.applicant, unit=unit, role=MemberRole.TENANT, since=date(2020, 1, 1)
        )
        estate.apply(clerk, "self", unit=unit)
    estate.apply(clerk, *["child"] * MORE)


@pytest.fixture
def clerk(estate: OfficeEstate) -> Actor:
    """A desk clerk."""
    return estate.staff(StaffRole.CLERK)


def test_no_page_asks_a_question_for_each_gate_or_person(
    estate: OfficeEstate, clerk: Actor, browser: Callable[..., Client]
) -> None:
    Place.objects.filter(pk=estate.unit.pk).update(floor_area_m2=Decimal("400.00"))
    card = estate.issue_card(clerk)
    client = browser(StaffRole.CLERK, StaffRole.MANAGER, StaffRole.REVIEWER, StaffRole.MAINTENANCE)
    pages = [
        "/",
        "/gates/",
        "/gates/1/",
        "/events/",
        "/events/?gate=1",
        "/places/",
        f"/places/{estate.entrance.pk}/",
        f"/places/{estate.unit.pk}/",
        f"/places/{estate.unit.pk}/apply/",
        f"/people/{estate.applicant.pk}/",
        f"/cards/{card.pk}/",
        f"/cards/{card.pk}/would-open/",
        f"/cards/{card.pk}/exceptions/new/",
        f"/places/{estate.unit.pk}/slips/new/",
        "/outages/",
        "/outages/new/",
        "/alarms/",
        "/statistics/?year=2026",
        "/trail/",
        "/till/",
        "/moves/",
        "/shops/",
        "/find/?q=陈",
        "/find/?q=单元",
    ]
    counts: list[dict[str, int]] = []
    for first in (100, 200):
        add_gates(estate, first)
        add_people(estate, clerk, first)
        counts.append({})
        for page in pages:
            assert client.get(page, follow=True).status_code == 200, page
            with statements_asked() as asked:
                client.get(page, follow=True)
            counts[-1][page] = asked.number
    small, large = counts
    assert min(small.values()) > 3  # it counts
    assert {page: (small[page], large[page]) for page in pages if large[page] > small[page]} == {}
    assert {page: one for page, one in large.items() if one > 60} == {}
