"""The alarm inbox as a guard uses it: sees, takes, clears; live; and what is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from office.casework.events import project_events
from office.clock import utc_now
from office.registry.models import Alarm, StaffRole, WatchMark
from sync.events import EventKind
from tests.support.gate_events import GateLog, event
from tests.support.office_estate import NORTH, NOW, OfficeEstate

AT = int(NOW.timestamp())
Browser = Callable[..., Client]


@pytest.fixture
def guard(estate: OfficeEstate, browser: Browser) -> Client:
    """A guard's browser, and a forced door."""
    GateLog(NORTH).send(AT, event(EventKind.DOOR_FORCED, AT, door=10))
    project_events(NOW)
    return browser(StaffRole.GUARD)


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_an_alarm_is_seen_taken_and_cleared(guard: Client) -> None:
    assert "Alarms (1)" in text(guard, "/")
    page = text(guard, "/alarms/")
    assert "door forced" in page
    assert "north door" in page
    assert f'data-newest="{AT}"' in page
    alarm = Alarm.objects.get()
    guard.post(f"/alarms/{alarm.pk}/take/", {"told_to": "patrol 2", "note": "on their way"})
    live = text(guard, "/alarms/live/")
    assert "patrol 2" in live
    assert 'data-newest="0"' in live  # nothing to sound for
    assert "<html" not in live
    guard.post(f"/alarms/{alarm.pk}/done/", {"note": "lock repaired"})
    assert "No alarm is open." in text(guard, "/alarms/")
    assert "lock repaired" in text(guard, "/alarms/history/")


def test_a_second_guard_is_told_that_another_was_faster(guard: Client) -> None:
    alarm = Alarm.objects.get()
    guard.post(f"/alarms/{alarm.pk}/take/")
    answer = guard.post(f"/alarms/{alarm.pk}/take/", follow=True)
    assert "(rule alarm)" in answer.content.decode()


def test_a_watcher_that_does_not_run_is_told(guard: Client) -> None:
    assert "has never run" in text(guard, "/alarms/")
    mark = WatchMark.objects.create(name="watch", at=NOW.replace(year=2020))
    assert "has not come round since" in text(guard, "/alarms/")
    mark.at = datetime.fromtimestamp(utc_now(), UTC)
    mark.save()
    assert "watcher" not in text(guard, "/alarms/live/")


def test_what_a_gate_says_cannot_become_markup(guard: Client) -> None:
    detail: dict[str, object] = {"cause": "<script>alert(1)</script>"}
    GateLog(NORTH, b"another log here").send(AT, event(EventKind.GPIO_DOWN, AT, detail=detail))
    project_events(NOW)
    page = text(guard, "/alarms/")
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


def test_pages_have_no_inline_script_and_nothing_that_needs_eval(guard: Client) -> None:
    for address in ("/alarms/", "/gates/", f"/gates/{NORTH}/", "/events/"):
        page = text(guard, address)
        assert "<script>" not in page
        assert "onclick" not in page
        assert "[!" not in page  # a filter in hx-trigger would need eval
