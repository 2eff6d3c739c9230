"""Holidays change every year: the manager's page, and what every gate is to have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from django.test import Client
from django.urls import reverse

from office.desk.requests import now
from office.lists.store import hub_store
from office.registry.models import Holiday, StaffRole
from sync.encoding import decode_settings
from tests.support.office_estate import NORTH, SOUTH, OfficeEstate

Browser = Callable[..., Client]


def at_gates() -> list[list[date]]:
    """Holidays that each gate is to have."""
    stored = [hub_store().wanted.content(gate).settings() or b"" for gate in (NORTH, SOUTH)]
    return [[day.day for day in decode_settings(one).holidays] for one in stored]


def test_0_holidays_are_the_managers_and_reach_every_gate(estate: OfficeEstate, browser: Browser) -> None:
    manager, clerk = browser(StaffRole.MANAGER), browser(StaffRole.CLERK)
    day = now().date() + timedelta(days=30)
    assert clerk.get(reverse("holidays")).status_code == 403
    assert clerk.post(reverse("new-holiday"), {"day": day.isoformat(), "type": 1}).status_code == 403
    for wrong in ({"type": 10}, {"day": "soon"}, {"day": "2020-01-01"}):
        answer = manager.post(reverse("new-holiday"), {"day": day.isoformat(), "type": 1} | wrong)
        assert answer.status_code == 422, wrong
    manager.post(reverse("new-holiday"), {"day": day.isoformat(), "type": 2})
    assert Holiday.objects.get().type == 2
    assert at_gates() == [[day], [day]]
    assert day.isoformat() in manager.get(reverse("holidays")).content.decode()
    clerk.post(reverse("no-holiday", args=[day.isoformat()]))
    assert at_gates() == [[day], [day]]
    manager.post(reverse("no-holiday", args=[day.isoformat()]))
    assert at_gates() == [[], []]
    again = manager.post(reverse("no-holiday", args=[day.isoformat()]), follow=True)
    assert "Somebody has changed this record meanwhile" in again.content.decode()
    assert manager.post(reverse("no-holiday", args=["soon"])).status_code == 404
