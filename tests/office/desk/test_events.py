"""Events on the desk: searched, exported, and never looked at by person without a record."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.test import Client

from office.casework.events import project_events
from office.casework.loss import Report, report_loss
from office.casework.stop_receipts import attach_receipts
from office.procedures.slips import issue_id_of
from office.registry.models import AuditEntry, Issue, LossKind, StaffRole
from sync.events import EventKind
from sync.records import Reason
from tests.support.gate_events import GateLog, event
from tests.support.office_estate import NORTH, NOW, OfficeEstate
from tests.support.signed import confirm

AT = int(NOW.timestamp())
Browser = Callable[..., Client]


def text(client: Client, address: str, **asked: str | int) -> str:
    response = client.get(address, asked)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.fixture
def card(estate: OfficeEstate) -> Issue:
    """A card, reported lost, which somebody holds to a reader afterwards."""
    clerk = estate.staff(StaffRole.CLERK)
    issue, log = estate.issue_card(clerk), GateLog(NORTH)
    about = {"issue_id": issue.pk, "door": 10}
    log.send(AT, event(EventKind.TAP, AT - 60, reason=Reason.GRANTED, **about))
    report_loss(clerk, issue.pk, estate.applicant, Report(LossKind.LOST))
    log.send(AT, event(EventKind.TAP, AT + 60, reason=Reason.LOST, **about))
    hostile: dict[str, object] = {"input": "=cmd|' /C calc'!A0", "kind": "tamper", "active": 1}
    log.send(AT, event(EventKind.INPUT_CHANGED, AT + 70, detail=hostile))
    log.send(AT, *[event(EventKind.DOOR_OPENED, AT + 80, door=10)] * 60)
    project_events(NOW)
    return issue


def viewed() -> list[tuple[str, str]]:
    told = AuditEntry.objects.filter(rule="movements").order_by("number")
    return [(one.action, one.subject) for one in told]


def test_events_are_filtered_and_paged(card: Issue, browser: Browser) -> None:
    client = browser(StaffRole.GUARD)
    first = text(client, "/events/")
    assert first.count("door opened") == 50
    assert "reported lost" not in first
    older = first.split('href="?')[1].split('"')[0].replace("&amp;", "&")
    second = text(client, f"/events/?{older}")
    assert second.count("door opened") == 10
    assert "reported lost" in second
    refused = text(client, "/events/", outcome=2)
    assert "reported lost" in refused
    assert "door opened" not in refused
    assert "No events." in text(client, "/events/", since="2030-01-01T00:00")
    assert viewed() == []


def test_movements_of_a_person_a_card_a_unit_and_a_chip_are_recorded(
    estate: OfficeEstate, card: Issue, browser: Browser
) -> None:
    client = browser(StaffRole.CLERK)
    assert card.chip is not None
    for asked in (
        {"person": estate.applicant.pk},
        {"unit": estate.unit.pk},
        {"card": card.pk},
        {"number": card.chip.number.lower()},
    ):
        page = text(client, "/events/", **asked)
        assert "reported lost" in page
        assert "door opened" not in page
    subjects = [
        f"person:{estate.applicant.pk}",
        f"place:{estate.unit.pk}",
        f"issue:{card.pk}",
        f"issue:{card.pk}",
    ]
    assert viewed() == [("movements viewed", one) for one in subjects]


def test_who_has_no_business_with_movements_sees_none(
    estate: OfficeEstate, card: Issue, browser: Browser
) -> None:
    client = browser(StaffRole.TECHNICIAN)
    answer = client.get("/events/", {"person": estate.applicant.pk})
    assert answer.status_code == 403
    assert "reported lost" not in answer.content.decode()
    assert client.get("/events/export.csv", {"person": estate.applicant.pk}).status_code == 302


@pytest.mark.parametrize(
    "asked", [{"gate": "x"}, {"since": "yesterday"}, {"number": "<b>"}, {"after": "1"}, {"person": "999"}]
)
def test_a_wrong_question_names_its_field(card: Issue, browser: Browser, asked: dict[str, str]) -> None:
    answer = browser(StaffRole.CLERK).get("/events/", asked)
    assert answer.status_code == 400
    assert f"{next(iter(asked))}:" in answer.content.decode()


def test_csv_has_every_event_and_no_formula(card: Issue, browser: Browser) -> None:
    answer = browser(StaffRole.CLERK).get("/events/export.csv")
    data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert len(rows) == 1 + 63
    assert rows[0][:4] == ["time", "± s", "gate", "door"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert any("input: =cmd" in row[-1] for row in rows)
    assert viewed() == [("movements exported", "events")]


def test_14_4_card_and_case_show_receipts_and_later_taps(
    card: Issue, browser: Browser, estate: OfficeEstate
) -> None:
    client = browser(StaffRole.CLERK)
    case = card.cases.get()
    confirm(NORTH, AT + 7)
    attach_receipts(NOW)
    page = text(client, f"/cases/{case.pk}/")
    receipts = page.split("Receipts of the stop")[1].split("</section>")[0]
    assert "14:00:07" in receipts
    assert "south" in receipts.split("not confirmed")[1]
    for address in (f"/cases/{case.pk}/", f"/cards/{card.pk}/"):
        taps = text(client, address).split("after the stop (14.4)")[1].split("</section>")[0]
        assert taps.count("card read") == 1


def test_would_open(estate: OfficeEstate, browser: Browser) -> None:
    issue = estate.issue_card(estate.staff(StaffRole.CLERK))
    client = browser(StaffRole.CLERK)
    page = f"/cards/{issue.pk}/would-open/"
    assert "gatehouse-terminal explain" not in text(client, page)
    opens = text(client, page, door=10, direction=1, at="2026-11-26T14:00")
    assert "opens, as far as the office knows" in opens
    assert "The gate has not confirmed its newest list" in opens
    assert "gatehouse-terminal explain --card" in opens
    assert "refuses, as far as the office knows" in text(client, page, door=11, direction=1)
    for gate in (NORTH, 2):
        confirm(gate, AT)
    assert "has not confirmed" not in text(client, page, door=10, direction=1)


def test_a_release_slip_is_called_one(estate: OfficeEstate, browser: Browser) -> None:
    about = {"issue_id": issue_id_of(12), "door": 10, "reason": Reason.WITHDRAWN}
    log = GateLog(NORTH)
    log.send(AT, *[event(kind, AT, **about) for kind in (EventKind.TAP, EventKind.REVOKED_CARD_TAPPED)])
    project_events(NOW)
    client = browser(StaffRole.GUARD)
    for address in ("/events/", "/alarms/"):
        page = text(client, address)
        assert "KH-09-R02 #12" in page
        assert str(issue_id_of(12)) not in page
