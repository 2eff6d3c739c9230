"""Gates at a glance, a gate's page and orders; without a hub everything else goes on."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.test import Client

from office.casework.events import project_events
from office.hub.control_client import default_control
from office.lists.store import hub_store, store_address
from office.registry.models import AuditEntry, StaffRole
from sync.events import EventKind
from tests.support.gate_events import GateLog, event
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate

AT = int(NOW.timestamp())
Browser = Callable[..., Client]
FACTS = {
    "gate": "running",
    "clock": "trusted",
    "reader front": "away: unplugged",
    "door north door": "closed, normal, alarm none",
}


@contextmanager
def hub(answers: list[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    """Something that answers on the hub's socket, one question a connection; what it was asked."""
    path = default_control(store_address())
    asked: list[dict[str, object]] = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            for answer in answers:
                connection, _ = server.accept()
                with connection, connection.makefile("rb") as lines:
                    asked.append(json.loads(lines.readline()))
                    connection.sendall(json.dumps(answer).encode() + b"\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield asked
            thread.join(10)
        finally:
            path.unlink()


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.fixture
def guard(estate: OfficeEstate, browser: Browser) -> Client:
    """A guard's browser; the north gate has sent an event."""
    GateLog(NORTH).send(AT, event(EventKind.DOOR_OPENED, AT, door=10))
    project_events(NOW)
    return browser(StaffRole.GUARD)


def test_without_a_hub_it_is_told_kindly_and_the_rest_is_shown(guard: Client) -> None:
    page = text(guard, "/gates/")
    assert "The hub does not answer" in page
    assert "unreachable" in page
    assert "north door" in page
    assert "door opened" in text(guard, f"/gates/{NORTH}/")
    assert "<html" not in text(guard, "/gates/live/")
    sent = guard.post(f"/gates/{NORTH}/orders/open/", {"door": 10, "reason": "visitor"}, follow=True)
    assert "The hub does not answer, so no gate can be reached" in sent.content.decode()
    told = AuditEntry.objects.filter(rule="order").order_by("number")
    assert [one.action for one in told] == ["ordered open", "no answer to open"]


def test_what_a_gate_tells_of_itself_is_shown(guard: Client) -> None:
    with hub([{"ok": True, "gates": {str(NORTH): FACTS}}] * 2):
        page = text(guard, "/gates/")
        assert "<bdi>reader front</bdi>: <bdi>away: unplugged</bdi>" in page
        assert "door north door" not in page  # nothing wrong with it
        one = text(guard, f"/gates/{NORTH}/")
    assert "closed, normal mode, no alarm" in one
    assert "The hub does not answer" not in page + one


def test_a_gate_that_a_technician_works_at_is_marked(guard: Client) -> None:
    with hub(
        [{"ok": True, "gates": {str(NORTH): told}} for told in (FACTS, {**FACTS, "maintenance": "open"})]
    ):
        assert "maintenance mode" not in text(guard, "/gates/live/")
        assert "maintenance mode" in text(guard, "/gates/live/")


def test_an_order_reaches_the_hub_with_operator_and_reason(guard: Client) -> None:
    with hub([{"ok": True}]) as asked:
        guard.post(f"/gates/{NORTH}/orders/open/", {"door": 10, "reason": "delivery", "seconds": 9})
    user = AuditEntry.objects.get(action="ordered open").user
    assert user is not None
    assert asked == [
        {
            "command": "order",
            "gate": NORTH,
            "kind": "open",
            "arguments": {"door": 10, "reason": "delivery", "operator": str(user.pk)},
        }
    ]
    assert AuditEntry.objects.get(action="ordered open").facts == {"door": 10, "reason": "delivery"}


def test_what_the_gate_answers_is_told(guard: Client) -> None:
    refused = {"ok": False, "error": "gate 1 refused: door is in lockdown"}
    with hub([refused, {"ok": True, "gates": {}}]):
        order = {"door": 10, "reason": "visitor"}
        answer = guard.post(
            f"/gates/{NORTH}/orders/open/", order, follow=True, headers={"referer": f"/gates/{NORTH}/"}
        )
    assert "door is in lockdown" in answer.content.decode()


@pytest.mark.parametrize(
    ("role", "kind", "form", "told"),
    [
        (StaffRole.REVIEWER, "open", {"door": 10, "reason": "visitor"}, "(rule order)"),
        (StaffRole.GUARD, "restart_reader", {"reader": "front"}, "(rule order)"),
        (StaffRole.GUARD, "open", {"door": 10, "reason": "unpaid"}, "reason"),
        (StaffRole.GUARD, "open", {"door": 20, "reason": "visitor"}, "door"),
        (StaffRole.GUARD, "open", {"reason": "visitor"}, "door"),
        (StaffRole.GUARD, "mode", {"mode": 9, "reason": "drill"}, "mode"),
    ],
)
def test_what_may_not_be_ordered_is_not_sent(
    estate: OfficeEstate, browser: Browser, role: StaffRole, kind: str, form: dict[str, object], told: str
) -> None:
    client = browser(role)
    answer = client.post(f"/gates/{NORTH}/orders/{kind}/", form, follow=True)
    assert "message error" in answer.content.decode()
    assert told in answer.content.decode()
    assert not AuditEntry.objects.filter(rule="order").exists()


def test_only_orders_of_ones_roles_are_offered(estate: OfficeEstate, browser: Browser) -> None:
    assert "Open once" not in text(browser(StaffRole.REVIEWER), f"/gates/{NORTH}/")
    technician = text(browser(StaffRole.TECHNICIAN), f"/gates/{NORTH}/")
    assert "Restart a reader" in technician
    assert "Open once" not in technician


def test_a_planned_gate_and_one_that_is_not_there(guard: Client) -> None:
    hub_store().gates.strike_key(SOUTH, AT)
    assert "planned" in text(guard, "/gates/")
    assert guard.get("/gates/99/").status_code == 404
    assert guard.post(f"/gates/{NORTH}/orders/explode/").status_code == 404
