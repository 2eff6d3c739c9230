"""Bundle, enrolment and decision as people at the office type them; the gate's part by its own commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from office.__main__ import main
from office.hub.store import HubStore
from terminal.stores.list_store import ListStore
from tests.support.enrolling import config_text
from tests.support.machine import add_users, snapshot
from tests.support.visits import Technician

ESTATE = Path(__file__).parents[2] / "docs" / "examples" / "estate.toml"
ID = "0f1e2d3c4b5a6978"


class Office:
    """Types commands at one store and one key directory."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory = directory
        self.store, self.keys = directory / "hub.db", directory / "keys"
        self._capsys = capsys
        self.type("keys", "init", self.keys, "--estate", ID)
        self.type("hub", "init", self.store, "--estate", ID)
        self.type("hub", "register", self.store, "--gate", "1", "--name", "east")
        self.type("hub", "import", self.store, ESTATE)
        self.config = directory / "east.toml"
        text = config_text().decode().splitlines(keepends=True)
        said_by_the_office = ("name =", "id = 7", "estate =", "roots =")
        self.config.write_text("".join(one for one in text if not one.startswith(said_by_the_office)))

    def type(self, *arguments: object) -> dict[str, Any]:
        code = main([*map(str, arguments), "--json"])
        said = self._capsys.readouterr()
        assert code == 0, said.err
        answer = json.loads(said.out)
        assert isinstance(answer, dict)
        return answer

    def fail(self, *arguments: object) -> str:
        assert main([str(one) for one in arguments]) == 1
        return self._capsys.readouterr().err

    def bundle(self, name: str, *more: object) -> dict[str, Any]:
        return self.type("bundle", "east", *self.options(name), *more)

    def options(self, name: str) -> tuple[object, ...]:
        out = self.directory / f"{name}.bundle"
        return ("--store", self.store, "--keys", self.keys, "--config", self.config, "--out", out)


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path, capsys)


@pytest.fixture
def technician(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Technician:
    return Technician(monkeypatch, capsys)


def today(report: dict[str, Any]) -> str:
    """A day on which the bundle serves."""
    return str(report["ends"])[:10]


def test_a_gate_without_a_link_is_enrolled_by_files(
    office: Office, technician: Technician, tmp_path: Path
) -> None:
    assert "planned" in office.type("hub", "report", office.store)["gate 1 east"]["why"]
    made = office.bundle("first", "--days", "30")
    assert office.type("hub", "enrolments", office.store)["enrolments"][0]["state"] == "not used yet"
    tree, request = tmp_path / "tree", tmp_path / "gate.enrolment"
    add_users(tree)
    bundle = office.directory / "first.bundle"
    said = technician.type(
        "enrol", bundle, "--root", tree, "--request", request, "--json", "--today", today(made),
        answers=f"{made['code']}\n",
    )  # fmt: skip
    assert said.code == 0, said.err + said.out
    shown = said.json["fingerprint"]
    assert office.type("hub", "take", office.store, request)["enrolment"] == "pending"
    waiting = office.type("hub", "enrolments", office.store)["enrolments"][0]
    assert (waiting["state"], waiting["fingerprint"], waiting["offline"]) == ("waits for you", shown, True)
    assert "waiting are: " in office.fail("hub", "accept", office.store, "AAAA-BBBB-CCCC-DDDD")
    accepted = office.type("hub", "accept", office.store, shown)
    assert (accepted["gate"], accepted["accepted"]) == (1, True)
    assert office.type("hub", "take", office.store, request)["enrolment"] == "accepted"
    assert office.type("hub", "enrolments", office.store)["enrolments"] == []
    assert list_of_east(tree) == made["list"] == "1.1"


def list_of_east(tree: Path) -> str:
    store = ListStore(tree / "var/lib/gatehouse/sync", estate_id=bytes.fromhex(ID), gate_id=1)
    try:
        current = store.current()
        assert current is not None
        return str(current.version)
    finally:
        store.close()


def test_the_code_may_go_into_a_file_of_its_own(office: Office) -> None:
    code = office.directory / "code"
    made = office.bundle("first", "--code-file", code)
    assert "code" not in made
    assert len(code.read_text().strip()) == 17
    assert code.stat().st_mode & 0o777 == 0o600
    assert code.read_text().strip().encode() not in (office.directory / "first.bundle").read_bytes()


def test_a_refused_key_needs_a_new_bundle(office: Office, technician: Technician, tmp_path: Path) -> None:
    made = office.bundle("first")
    tree, request = tmp_path / "tree", tmp_path / "gate.enrolment"
    add_users(tree)
    bundle = office.directory / "first.bundle"
    arguments = ("enrol", bundle, "--root", tree, "--request", request, "--json", "--today", today(made))
    shown = technician.type(*arguments, answers=f"{made['code']}\n").json["fingerprint"]
    office.type("hub", "take", office.store, request)
    assert office.type("hub", "refuse", office.store, shown)["accepted"] is False
    assert "refused: the office has refused this key" in office.fail("hub", "take", office.store, request)
    assert office.bundle("second")["list"] == "1.2"


def test_what_no_bundle_can_be_made_of_is_told(office: Office, tmp_path: Path) -> None:
    before = snapshot(tmp_path)
    assert "known are: east" in office.fail("bundle", "west", *office.options("x"))
    assert "1 to 90 days" in office.fail("bundle", "east", *office.options("x"), "--days", "91")
    assert "1 to 90 days" in office.fail("bundle", "1", *office.options("x"), "--days", "365")
    assert {name for name in snapshot(tmp_path) if name.endswith(".bundle")} == set()
    store = HubStore(office.store)
    assert store.invitations.of_gate(1) == []
    store.close()
    assert before.keys() <= snapshot(tmp_path).keys()


def test_a_gate_in_service_is_replaced_only_by_saying_so(office: Office) -> None:
    store = HubStore(office.store)
    store.gates.give_key(1, bytes(32), 1)
    store.close()
    assert "say --replace" in office.fail("bundle", "east", *office.options("x"))
    assert office.bundle("second", "--replace")["to_settle"] == []
    assert office.bundle("third", "--stolen")["to_settle"] == []
    store = HubStore(office.store)
    assert store.gates.is_struck(bytes(32))
    store.close()
