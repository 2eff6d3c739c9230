"""`python -m office hub …` on a store, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from office.__main__ import main
from office.hub.publisher import Publisher
from office.hub.store import HubStore
from sync.encoding import decode_record, encode_settings, stored
from sync.records import RevocationReason, Tombstone
from tests.support.estate import NOW, SETTINGS, resident
from tests.support.hub import GateBox, KeysAtHand, gate_key

ESTATE = Path(__file__).parents[3] / "docs" / "examples" / "estate.toml"
ID = "0f1e2d3c4b5a6978"
EAST = gate_key(1).public.hex()


class Office:
    """Types commands at one store."""

    def __init__(self, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.store = store
        self._capsys = capsys

    def type(self, command: str, *more: str) -> dict[str, Any]:
        assert main(["hub", command, str(self.store), *more, "--json"]) == 0
        answer = json.loads(self._capsys.readouterr().out)
        assert isinstance(answer, dict)
        return answer

    def fail(self, command: str, *more: str) -> str:
        assert main(["hub", command, str(self.store), *more]) == 1
        return self._capsys.readouterr().err


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    made = Office(tmp_path / "hub.db", capsys)
    made.type("init", "--estate", ID)
    made.type("register", "--gate", "1", "--name", "east", "--key", gate_key(1).public.hex())
    return made


def test_an_estate_file_becomes_what_its_gates_are_to_have(office: Office) -> None:
    assert office.type("import", str(ESTATE)) == {"changed_gates": [1], "outbox": [1], "gates": 1}
    assert office.type("import", str(ESTATE)) == {"changed_gates": [], "outbox": [], "gates": 1}
    store = HubStore(office.store)
    records = list(store.wanted.content(1).records())
    assert [one.grant_id for one in sorted(records, key=lambda one: one.grant_id)] == list(range(101, 110))
    assert [one.urgent for one in store.wanted.changes_after(0)] == [False]
    store.close()


def test_a_revocation_is_in_the_outbox_when_the_command_ends(office: Office) -> None:
    office.type("import", str(ESTATE))
    assert office.type("revoke", "--card", "04A10001", "--reason", "lost")["changed_gates"] == [1]
    store = HubStore(office.store)
    assert [one.urgent for one in store.wanted.changes_after(1)] == [True]
    store.close()
    report = office.type("report", "--card", "04A10001")
    assert report == {
        "gate 1, grant 101": {
            "is": "not confirmed (refused as lost is wanted)",
            "since": None,
            "exact": False,
        }
    }
    assert "has no grant" in office.fail("revoke", "--card", "04A10001", "--reason", "lost")
    assert "had ended (lost)" in office.fail("import", str(ESTATE)), "an old file revives nobody"
    assert office.type("import", str(ESTATE), "--revive")["changed_gates"] == [1]


def test_an_issue_is_ended_under_every_form(office: Office) -> None:
    office.type("import", str(ESTATE))
    office.type("revoke", "--issue", "201", "--reason", "moved_out")
    store = HubStore(office.store)
    ends = [decode_record(one.record) for one in store.wanted.rows(issue_id=201)]
    assert [isinstance(one, Tombstone) for one in ends] == [True]
    store.close()
    assert RevocationReason.MOVED_OUT.name.lower() in json.dumps(office.type("report", "--issue", "201"))


def test_the_report_tells_how_gates_stand(office: Office) -> None:
    office.type("import", str(ESTATE))
    assert office.type("report")["gate 1 east"]["state"] == "unreachable"
    assert office.type("strike", "--gate", "1")["gate"] == 1
    assert office.type("report")["gate 1 east"] == {
        "state": "error",
        "why": "struck off",
        "list_age_s": None,
        "silent_s": None,
    }


def test_a_gate_served_by_file_gets_its_list_without_contact(office: Office) -> None:
    office.type("register", "--gate", "2", "--name", "cellar", "--key", gate_key(2).public.hex(), "--by-file")
    store = HubStore(office.store)

    store.wanted.put(2, [stored(resident(1))], settings=encode_settings(SETTINGS), urgent=False, at=NOW)
    outgoing = Publisher(store, KeysAtHand()).advance(2, NOW, connected=False)
    assert len(outgoing.envelopes) == 1
    assert GateBox(2).offer(outgoing.envelopes[0]) == "wrong_estate"  # the example's estate is not the gate's
    store.close()


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (("--gate", "1", "--name", "west", "--key", "22" * 32), "its id is that of gate 'east'"),
        (("--gate", "2", "--name", "east", "--key", "22" * 32), "its name is that of gate 'east'"),
        (
            ("--gate", "2", "--name", "west", "--key", gate_key(1).public.hex()),
            "its key is that of gate 'east'",
        ),
        (("--gate", "2", "--name", "west", "--key", "22"), "needs 32 bytes"),
        (("--gate", "2", "--name", "west", "--key", "no"), "is not hexadecimal"),
    ],
)
def test_each_gate_has_its_own_id_name_and_key(office: Office, more: tuple[str, ...], named: str) -> None:
    assert named in office.fail("register", *more)


def test_a_gate_struck_off_never_comes_back(office: Office) -> None:
    office.type("strike", "--gate", "1")
    key = gate_key(1).public.hex()
    assert "(struck off)" in office.fail("register", "--gate", "2", "--name", "west", "--key", key)


def test_a_gate_is_wired_anew_and_two_never_share_an_address(office: Office) -> None:
    office.type("register", "--gate", "2", "--name", "west", "--serial", "7")
    assert "that of 'west'" in office.fail("wire", "--gate", "1", "--serial", "7")
    assert office.type("wire", "--gate", "2") == {"gate": 2, "link": "network", "address": None}
    assert office.type("wire", "--gate", "1", "--serial", "7")["link"] == "serial"
    assert office.type("wire", "--gate", "1", "--serial", "7")["address"] == 7
    assert "there is no gate 3" in office.fail("wire", "--gate", "3")
    store = HubStore(office.store)
    assert [(one.link.value, one.bus_address) for one in store.gates.all()] == [
        ("serial", 7),
        ("network", None),
    ]
    store.close()


def test_a_bus_address_is_free_again_after_its_gate_was_struck_off(office: Office) -> None:
    old, new = ("--gate", "2", "--name", "west"), ("--gate", "3", "--name", "west again")
    keys = [gate_key(number).public.hex() for number in (2, 3)]
    office.type("register", *old, "--key", keys[0], "--serial", "7")
    assert "its bus address" in office.fail("register", *new, "--key", keys[1], "--serial", "7")
    office.type("strike", "--gate", "2")
    office.type("register", *new, "--key", keys[1], "--serial", "7")


@pytest.mark.parametrize(
    ("command", "more", "named"),
    [
        ("init", ("--estate", ID), "exists"),
        ("strike", ("--gate", "9"), "there is no gate 9"),
        ("resume", ("--gate", "9"), "there is no gate 9"),
        ("settle", ("--grant", "5", "--left", "1"), "does not wait"),
        ("revoke", ("--card", "zz", "--reason", "lost"), "no card number in hexadecimal"),
        ("import", ("missing.toml",), "missing.toml"),
    ],
)
def test_what_cannot_be_done_is_said(office: Office, command: str, more: tuple[str, ...], named: str) -> None:
    assert named in office.fail(command, *more)


def test_a_file_of_gates_that_are_not_registered_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office = Office(tmp_path / "hub.db", capsys)
    office.type("init", "--estate", ID)
    assert "there is no gate 1" in office.fail("import", str(ESTATE))
    other = Office(tmp_path / "other.db", capsys)
    other.type("init", "--estate", "00" * 8)
    assert "the file is of estate" in other.fail("import", str(ESTATE))


def test_resuming_names_the_gates(office: Office) -> None:
    assert office.type("resume") == {"resumed": [1]}
    assert "no such store" in Office(office.store.with_name("none.db"), office._capsys).fail("resume")
