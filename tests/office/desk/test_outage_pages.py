"""Outages through their pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.test import Client

from office.clock import utc_now
from office.registry.models import Outage, OutageState, StaffRole
from tests.office.casework.moving import ZONE
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]


def posted(client: Client, address: str, **values: object) -> str:
    return client.post(address, values, follow=True).content.decode()


def moment(hours: int) -> str:
    """A moment so many hours after now, as a page takes it."""
    now = datetime.fromtimestamp(utc_now(), UTC).astimezone(ZONE)
    return (now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def test_16_2_planned_works_are_announced_told_posted_prepared_and_begun(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk, maintenance = browser(StaffRole.CLERK), browser(StaffRole.MAINTENANCE)
    form = {"place": estate.estate.pk, "utility": "power", "cause": "planned", "reason": "new <b>cable</b>"}
    form |= {"received_at": moment(0), "start": moment(2), "end": moment(9)}
    assert "two days before" in posted(clerk, "/outages/new/", **form)
    page = posted(clerk, "/outages/new/", deviation_reason="urgent", **form)
    assert "longer than four hours" in page
    outage = Outage.objects.get()
    address = f"/outages/{outage.pk}/"
    told = {"audience": "board", "channel": "entrance 1"}
    posted(clerk, address + "tell/", late_reason="short notice", **told)
    notice = clerk.get(address + "notice/").content.decode()
    assert "停电通知" in notice
    assert "entrance 1" in notice
    assert "new &lt;b&gt;cable" in notice
    assert "not prepared yet" in posted(maintenance, address + "begin/")
    posted(clerk, address + "prepared/")
    posted(maintenance, address + "begin/")
    assert Outage.objects.get().state == OutageState.RUNNING
    posted(clerk, address + "complain/", said="dark", answer="until six", person="")
    posted(maintenance, address + "restored/")
    assert Outage.objects.get().state == OutageState.OVER
    assert address in clerk.get("/outages/").content.decode()


def test_16_4_a_guard_reports_and_maintenance_checks(estate: OfficeEstate, browser: Browser) -> None:
    guard, maintenance = browser(StaffRole.GUARD), browser(StaffRole.MAINTENANCE)
    page = posted(guard, "/outages/incident/", place=estate.building.pk, utility="water")
    assert "首问负责" in page
    address = f"/outages/{Outage.objects.get().pk}/"
    assert "do not have the role" in posted(guard, address + "finding/", finding="no_fault")
    posted(maintenance, address + "finding/", finding="own_defect", end=moment(3))
    assert Outage.objects.get().end is not None


def test_16_2_only_the_manager_approves_the_door_mode(estate: OfficeEstate, browser: Browser) -> None:
    clerk, manager = browser(StaffRole.CLERK), browser(StaffRole.MANAGER)
    posted(clerk, "/outages/incident/", place=estate.building.pk, utility="power")
    address = f"/outages/{Outage.objects.get().pk}/"
    assert "do not have the role" in posted(clerk, address + "mode/", mode="2")
    posted(manager, address + "mode/", mode="2")
    assert Outage.objects.get().door_mode == 2
