"""What waits today, by role: tills that nobody has counted, and registers to look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from msgspec.structs import replace

from office.casework.permits import post_notice
from office.desk.requests import now
from office.registry.models import Issue, MemberRole, Membership, NoticeIssuer, StaffRole
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
