"""The page of mass changes: what waits, the file, the signed file, and every refusal in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from office.casework.gate_watch import watch_mass_changes
from office.casework.withdrawal import withdraw_card
from office.hub.control_client import HubControl
from office.parcel import pack, unpack
from office.procedures.withdrawal import Reason
from office.registry.models import Alarm, StaffRole
from sync.envelope import parse_envelope
from tests.support.estate import NOW
from tests.support.office_world import AT, GATE, OfficeWorld, office_world

Browser = Callable[..., Client]


@pytest.fixture
def garden(db: None, tmp_path: Path) -> Iterator[OfficeWorld]:
    """Six cards were withdrawn, the last one waits; the page acts in the world's own time."""
    with office_world(tmp_path) as world:
        clerk = world.estate.staff(StaffRole.CLERK, at=AT)
        for one in world.issue_cards(clerk):
            withdraw_card(clerk, one.pk, Reason.HANDED_BACK)
            world.world.settle()
        with override_settings(OFFICE_CLOCK_MS=lambda: 1000 * NOW):
            yield world


@pytest.fixture
def hub(garden: OfficeWorld) -> Iterator[HubControl]:
    """A running hub, at hand."""
    with override_settings(OFFICE_HUB_CONTROL=lambda _path: garden.hub):
        yield garden.hub


@pytest.fixture
def browser(garden: OfficeWorld) -> Browser:
    def signed_in(*roles: StaffRole) -> Client:
        client = Client(headers={"accept-language": "en"})
        user = garden.estate.staff(*roles, at=AT).user
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


def ticked(client: Client) -> str:
    """The value of the box on the page."""
    text = client.get("/mass-changes/").content.decode()
    return text.partition('name="change" value="')[2].partition('"')[0]


def told(client: Client, address: str, fields: dict[str, object]) -> str:
    response = client.post(address, fields, follow=True)
    assert response.redirect_chain[-1][0] == "/mass-changes/"
    return response.content.decode()


def test_everybody_sees_what_waits_and_only_the_manager_can_act(browser: Browser) -> None:
    page = browser(StaffRole.MANAGER).get("/mass-changes/").content.decode()
    assert "With it 6 of 6 cards stop opening within one day." in page
    assert "2027-01-15 16:00:00" in page  # the estate's time
    assert "card withdrawn" in page
    assert "list countersign mass-change.zip" in page
    guard = browser(StaffRole.GUARD)
    page = guard.get("/mass-changes/").content.decode()
    assert "6 of 6" in page
    assert "<button>Get the file" not in page
    mark = ticked(browser(StaffRole.MANAGER))
    assert "You do not have the role" in told(guard, "/mass-changes/back/", {"change": mark})


def test_the_file_is_given_out_for_what_is_ticked(browser: Browser, hub: HubControl) -> None:
    client = browser(StaffRole.MANAGER)
    assert "Tick at least one gate." in told(client, "/mass-changes/file/", {})
    response = client.post("/mass-changes/file/", {"change": ticked(client)})
    assert response["Content-Disposition"] == 'attachment; filename="mass-change.zip"'
    files = unpack(response.content)
    assert parse_envelope(files["gate-1.list"]).statement.gate_id == GATE
    for stale in ("1:0123", "x:y", "\N{SUPERSCRIPT TWO}:y", "99:"):
        assert "Somebody has changed this record" in told(client, "/mass-changes/file/", {"change": stale})
    assert client.post("/mass-changes/else/", {"change": ticked(client)}).status_code == 404


def test_what_comes_back_is_judged_file_by_file(browser: Browser, hub: HubControl) -> None:
    client = browser(StaffRole.MANAGER)
    data = client.post("/mass-changes/file/", {"change": ticked(client)}).content
    assert "Choose the file that you have signed." in told(client, "/mass-changes/signed/", {})
    page = told(client, "/mass-changes/signed/", {"file": SimpleUploadedFile("s.zip", data)})
    assert "gate-1.list: This file is not signed." in page
    page = told(client, "/mass-changes/signed/", {"file": SimpleUploadedFile("s", b"nonsense")})
    assert "malformed" in page
    page = told(client, "/mass-changes/signed/", {"file": SimpleUploadedFile("s.zip", pack({})[:9])})
    assert 'role="alert"' in page


def test_without_a_hub_the_page_says_so(browser: Browser) -> None:
    client = browser(StaffRole.MANAGER)
    page = told(client, "/mass-changes/file/", {"change": ticked(client)})
    assert "The hub does not answer" in page


def test_the_way_back_says_what_the_register_still_asks_for(browser: Browser) -> None:
    client = browser(StaffRole.MANAGER)
    page = told(client, "/mass-changes/back/", {"change": ticked(client)})
    assert "the register itself asks for this change" in page
    assert "Take the steps back" in page


def test_today_and_the_alarms_lead_here(garden: OfficeWorld, browser: Browser) -> None:
    watch_mass_changes(AT)
    assert Alarm.objects.get().kind == "mass_change"
    manager, guard = browser(StaffRole.MANAGER), browser(StaffRole.GUARD)
    assert "Mass changes that wait for your signature" in manager.get("/").content.decode()
    assert "Mass changes that wait" not in guard.get("/").content.decode()
    assert 'href="/mass-changes/"' in guard.get("/alarms/").content.decode()
    assert "a mass change waits for the manager" in guard.get("/alarms/").content.decode()
    assert "What waits, and how to sign it" in guard.get("/gates/").content.decode()
