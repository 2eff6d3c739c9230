"""What waits today, by role: tills that nobody has counted, and registers to look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from django.test import Client
from msgspec.structs import replace

from office.casework.move_ends import end_moves
from office.casework.moves import Notice, notice_move
from office.casework.permits import post_notice
from office.desk.requests import now
from office.registry.models import Issue, MemberRole, Membership, NoticeIssuer, Outage, StaffRole
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]


def test_tills_and_registers_wait_for_those_whose_they_are(estate: OfficeEstate, browser: Browser) -> None:
    clerk = replace(estate.staff(StaffRole.CLERK), at=now() - timedelta(days=2))
    estate.issue_card(clerk)
    post_notice(clerk, "Census", NoticeIssuer.GOVERNMENT, "north gate", clerk.today + timedelta(days=1))
    page = browser(StaffRole.CLERK).get("/").content.decode()
    assert f"?day={clerk.today.isoformat()}" in page
    assert "Signs, banners, notices and sites to look at" in page
    page = browser(StaffRole.MANAGER).get("/").content.decode()
    assert "Tills that nobody has counted" in page
    assert "Signs, banners" not in page
    page = browser(StaffRole.GUARD).get("/").content.decode()
    assert "Tills that nobody has counted" not in page


def test_15_3_the_fee_of_a_card_that_ended_before_it_was_handed_out_is_a_clerks_task(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk = estate.staff(StaffRole.CLERK, at=now())
    (card,) = estate.apply(clerk, "self")
    estate.pay(clerk, card)
    task = "Ended before they were handed out: fees to give back"
    assert task not in browser(StaffRole.CLERK).get("/").content.decode()
    notice_move(clerk, Notice(estate.unit, [estate.applicant], clerk.today, "sold"), uuid4())
    end_moves(clerk.at + timedelta(days=1))
    page = browser(StaffRole.CLERK).get("/").content.decode()
    assert task in page
    assert f"/cards/{card.pk}/" in page
    assert task not in browser(StaffRole.GUARD).get("/").content.decode()


def test_15_1_a_tenant_taken_over_whose_time_ends_is_a_clerks_task(
    estate: OfficeEstate, browser: Browser
) -> None:
    tenant = estate.add_person("former tenant", role=MemberRole.TENANT)
    Membership.objects.filter(person=tenant).update(until=now().date() + timedelta(days=5))
    Issue.objects.create(
        kind="tenant", state="paid", state_since=now(), holder=tenant, unit=estate.unit, origin="legacy"
    )
    assert "former tenant" in browser(StaffRole.CLERK).get("/").content.decode()
    assert "former tenant" not in browser(StaffRole.GUARD).get("/").content.decode()


def test_16_4_an_outage_past_its_end_waits_to_be_restored(estate: OfficeEstate, browser: Browser) -> None:
    at, waits = now(), "Outages past their end"
    told = {"place": estate.estate, "utility": "power", "cause": "municipal", "state": "running"}
    outage = Outage.objects.create(
        **told, received_at=at, start=at - timedelta(hours=2), end=at + timedelta(hours=1)
    )
    clerk, roles = browser(StaffRole.CLERK), (StaffRole.MAINTENANCE, StaffRole.MANAGER)
    assert waits not in clerk.get("/").content.decode()
    Outage.objects.update(end=at - timedelta(minutes=1))
    pages = [one.get("/").content.decode() for one in (clerk, *map(browser, roles))]
    assert all(waits in page and f"/outages/{outage.pk}/" in page for page in pages)
    assert waits not in browser(StaffRole.GUARD).get("/").content.decode()
