"""What the manager and the root sign goes out as a file and comes back as one, by commands alone."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from office.__main__ import main
from office.errors import OfficeError
from office.hub.planner import Why
from office.parcel import pack, unpack
from sync.envelope import parse_envelope, seal
from sync.fields import MAX_WHOLE
from sync.records import Access, Grant, GrantKind
from sync.update import ListVersion
from tests.support.estate import CHAIN, ESTATE_ID, LISTS, NOW, ROOT, card, resident
from tests.support.hub import HubRig, lost, registered, same_list, with_residents
from tests.support.world_office import make_keys

FLOOR = "2026-10-01T00:00:00"
SLIP = Grant(3000, 4000, card(900), GrantKind.RELEASE_SLIP, (Access(1),), uses=3)
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[HubRig]:
    """A hub whose store is a file, which is what these commands are given."""
    made = HubRig(tmp_path, address=tmp_path / "hub.db")
    yield made
    made.close()


@pytest.fixture
def office(rig: HubRig, tmp_path: Path) -> HubRig:
    """A hub with its keys in KEYS, the manager's own in MINE, the root's on a stick."""
    keys = tmp_path / "KEYS"
    make_keys(keys)
    stick = tmp_path / "ROOT"
    stick.mkdir()
    (keys / "root.key").rename(stick / "root.key")
    with_residents(rig, 40)
    return rig


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def typed(*words: str) -> dict[str, Any]:
        assert main([*words, "--json"]) == 0, capsys.readouterr().err
        answer = json.loads(capsys.readouterr().out)
        assert isinstance(answer, dict)
        return answer

    return typed


@pytest.fixture
def fail(capsys: pytest.CaptureFixture[str], run: Run) -> Callable[..., str]:
    def typed(*words: str) -> str:
        assert main(list(words)) == 1
        return capsys.readouterr().err

    return typed


Fail = Callable[..., str]


def make_manager(run: Run) -> None:
    """On his own computer; the office gets his public half, he gets the delegation."""
    public = run("keys", "make", "MINE", "manager", "--estate", ESTATE_ID.hex())["public"]
    run("keys", "adopt", "KEYS", "manager", "--public", public, "--role", "manager", "--keys", "ROOT")
    Path("MINE/manager.delegation").write_bytes(Path("KEYS/manager.delegation").read_bytes())


def braked(rig: HubRig) -> None:
    rig.want(1, *(lost(number) for number in range(1, 21)), urgent=True)
    assert rig.exchange(1).why is Why.NEEDS_MANAGER


def test_a_mass_removal_goes_to_the_manager_and_comes_back(office: HubRig, run: Run) -> None:
    make_manager(run)
    assert run("hub", "held", "hub.db") == {}
    braked(office)
    told = run("hub", "held", "hub.db")["gate 1 gate 1"]
    assert told["credentials_that_stop_opening"] == 20
    assert told["credentials_that_can_open"] == 40
    assert told["grants_ended"] == list(range(1001, 1021))
    proposed = run("hub", "propose", "hub.db", "--gate", "1", "--keys", "KEYS", "--out", "held.list")
    assert proposed == {"file": "held.list", "gate": 1, "version": "1.2"} | told
    signed = run("list", "countersign", "held.list", "--keys", "MINE", "--out", "agreed.list")["signed"]
    assert signed[0] == {"gate": 1, "version": "1.2"} | {one: told[one] for one in told if "cred" not in one}
    taken = run("hub", "take", "hub.db", "agreed.list", "--keys", "KEYS")
    assert taken == {"gate": 1, "version": "1.2", "signed_by": "manager"}
    assert run("hub", "held", "hub.db", "--gate", "1") == {}
    assert office.exchange(1).why is Why.IN_SYNC
    assert same_list(office)
    assert not office.boxes[1].opens(1001)


def test_the_manager_signs_a_parcel_by_one_command(office: HubRig, run: Run, fail: Fail) -> None:
    make_manager(run)
    braked(office)
    run("hub", "propose", "hub.db", "--gate", "1", "--keys", "KEYS", "--out", "held.list")
    whole = seal(office.publisher.raise_epoch(1, NOW).statement, [LISTS], delegations=CHAIN)
    held = Path("held.list").read_bytes()
    Path("held.zip").write_bytes(pack({"gate-1.list": held, "gate-1-whole.list": whole}))
    signed = run("list", "countersign", "held.zip", "--keys", "MINE", "--out", "agreed.zip")["signed"]
    assert [one["version"] for one in signed] == ["1.2", "2.1"]
    assert (signed[1]["whole_list"], signed[1]["grants"], signed[1]["ended_grants"]) == (True, 20, 20)
    agreed = unpack(Path("agreed.zip").read_bytes())
    Path("agreed.list").write_bytes(agreed["gate-1.list"])
    assert run("hub", "take", "hub.db", "agreed.list", "--keys", "KEYS")["signed_by"] == "manager"
    sign = ("list", "countersign", "--keys", "MINE", "--out", "never", "broken.zip")
    for broken in (pack({"a": held})[:-30], pack({"a": held[:50]}), pack({"a": b"x"}) + b"x" * 70_000):
        Path("broken.zip").write_bytes(broken)
        assert "broken.zip: " in fail(*sign)
    assert not Path("never").exists()


@given(st.binary(max_size=300))
def test_noise_is_no_parcel_and_is_told_as_one_error(noise: bytes) -> None:
    good = bytearray(pack({"gate-1.list": b"abc" * 20, "gate-2.list": b"def"}))
    at = len(noise) * 3 % len(good)
    for data in (b"PK\x03\x04" + noise, bytes(good[:at] + noise + good[at + 1 :])):
        with contextlib.suppress(OfficeError):
            assert all(isinstance(one, bytes) for one in unpack(data).values())


def test_only_what_the_manager_has_signed_is_taken_in(office: HubRig, run: Run, fail: Fail) -> None:
    make_manager(run)
    propose = ("hub", "propose", "hub.db", "--gate", "1", "--keys", "KEYS", "--out", "held.list")
    assert "nothing waits for the manager" in fail(*propose)
    braked(office)
    run(*propose)
    take = ("hub", "take", "hub.db", "held.list")
    assert "name the key directory by --keys" in fail(*take)
    assert "carries neither the manager's signature" in fail(*take, "--keys", "KEYS")
    run("list", "countersign", "held.list", "--keys", "MINE", "--out", "agreed.list")
    agreed = Path("agreed.list").read_bytes()
    Path("held.list").write_bytes(agreed[:-40] + bytes([agreed[-40] ^ 1]) + agreed[-39:])
    assert "held.list: " in fail(*take, "--keys", "KEYS")
    Path("held.list").write_bytes(b"no list at all")
    assert "malformed" in fail(*take, "--keys", "KEYS")
    run("keys", "withdraw", "KEYS", "manager", "--keys", "ROOT")
    assert "withdrawn_key" in fail("hub", "take", "hub.db", "agreed.list", "--keys", "KEYS")
    assert office.exchange(1).why is Why.NEEDS_MANAGER


def test_a_proposal_that_was_overtaken_is_written_anew(office: HubRig, run: Run, fail: Fail) -> None:
    make_manager(run)
    braked(office)
    run("hub", "propose", "hub.db", "--gate", "1", "--keys", "KEYS", "--out", "held.list")
    run("list", "countersign", "held.list", "--keys", "MINE", "--out", "agreed.list")
    office.want(1, lost(30), urgent=True)
    office.exchange(1)
    assert "propose it again" in fail("hub", "take", "hub.db", "agreed.list", "--keys", "KEYS")


def test_without_the_list_key_nothing_is_proposed(office: HubRig, run: Run, fail: Fail) -> None:
    braked(office)
    assert run("hub", "held", "hub.db")["gate 1 gate 1"]["credentials_that_stop_opening"] == 20
    Path("STICK").mkdir()
    Path("KEYS/lists.key").rename("STICK/lists.key")
    propose = ("hub", "propose", "hub.db", "--gate", "1", "--out", "held.list", "--keys", "KEYS")
    assert "no key of role list" in fail(*propose)
    run(*propose, "--keys", "STICK")


def used_up(rig: HubRig) -> None:
    """Somebody with a stolen list key has signed the last revision there is."""
    box = rig.boxes[1]
    stolen = rig.publisher.raise_epoch(1, NOW).statement
    version = ListVersion(1, MAX_WHOLE)
    assert box.gate.content is not None
    digest = box.gate.content.digest(estate_id=ESTATE_ID, gate_id=1, version=version)
    statement = replace(stolen, version=version, digest=digest)
    assert box.offer(seal(statement, [LISTS], delegations=CHAIN)) is None
    assert rig.exchange(1).why is Why.NEEDS_CLERK


def test_a_new_epoch_goes_to_the_root_and_comes_back(office: HubRig, run: Run) -> None:
    used_up(office)
    run("hub", "resume", "hub.db", "--gate", "1")
    assert office.exchange(1).why is Why.NEEDS_ROOT
    written = run("hub", "raise-epoch", "hub.db", "--gate", "1", "--keys", "KEYS", "--out", "epoch.list")
    assert (written["version"], written["records"]) == ("2.1", 40)
    signed = run(
        "list", "root-sign", "epoch.list", "--keys", "KEYS", "--keys", "ROOT", "--out", "signed.list"
    )
    assert (signed["gate"], signed["version"], signed["digest"]) == (1, "2.1", written["digest"])
    taken = run("hub", "take", "hub.db", "signed.list", "--keys", "KEYS")
    assert taken == {"gate": 1, "version": "2.1", "signed_by": "root"}
    assert office.exchange(1).why is Why.IN_SYNC
    assert same_list(office)
    assert office.store.signed.top(1) == ListVersion(2, 1)


def test_a_running_hub_hears_of_what_was_taken_in_and_of_a_clerks_word(office: HubRig, run: Run) -> None:
    used_up(office)
    newest = office.store.wanted.changes_after(0)[-1].number
    run("hub", "resume", "hub.db")
    assert [one.gate_id for one in office.store.wanted.changes_after(newest)] == [1]
    run("hub", "raise-epoch", "hub.db", "--gate", "1", "--keys", "KEYS", "--out", "epoch.list")
    run("list", "root-sign", "epoch.list", "--keys", "KEYS", "--keys", "ROOT", "--out", "signed.list")
    run("hub", "take", "hub.db", "signed.list", "--keys", "KEYS")
    assert [one.gate_id for one in office.store.wanted.changes_after(newest + 1)] == [1]


def test_only_what_the_hub_wrote_is_signed_by_the_root_and_only_that_comes_back(
    office: HubRig, run: Run, fail: Fail
) -> None:
    raise_epoch = ("hub", "raise-epoch", "hub.db", "--keys", "KEYS", "--out", "epoch.list", "--gate")
    assert "there is no gate 9" in fail(*raise_epoch, "9")
    run(*raise_epoch, "1")
    sign = ("list", "root-sign", "epoch.list", "--out", "signed.list", "--keys", "KEYS")
    assert "insert the stick that holds root.key" in fail(*sign)
    run(*sign, "--keys", "ROOT")
    written = parse_envelope(Path("epoch.list").read_bytes())
    stranger = type(ROOT)(bytes(32))
    Path("epoch.list").write_bytes(seal(written.statement, [stranger]))
    assert "unknown_key" in fail(*sign, "--keys", "ROOT")
    wrong = replace(written.statement, digest=bytes(32))
    Path("epoch.list").write_bytes(seal(wrong, [LISTS], delegations=CHAIN))
    assert "digest_mismatch" in fail(*sign, "--keys", "ROOT")
    office.want(1, resident(70))
    delta = office.advance(1).envelopes[0]
    Path("epoch.list").write_bytes(delta)
    assert "is a delta" in fail(*sign, "--keys", "ROOT")
    take = ("hub", "take", "hub.db", "signed.list", "--keys", "KEYS")
    assert "has changed since this was written for the root" in fail(*take)
    office.store.gates.strike(1, NOW)
    assert "was struck off" in fail(*take)
    assert "was struck off" in fail(*raise_epoch, "1")


def test_a_floor_lowering_is_taken_in(office: HubRig, run: Run, fail: Fail) -> None:
    lower = ("keys", "lower-floor", "KEYS", "--gate", "1", "--floor", FLOOR, "--out", "east.floor")
    run(*lower, "--keys", "ROOT")
    take = ("hub", "take", "hub.db", "east.floor")
    assert "name the key directory by --keys" in fail(*take)
    told = run(*take, "--keys", "KEYS")
    assert (told["gate"], told["floor_lowering"]) == (1, 1)
    assert [one.serial for one in office.store.lowerings.open()] == [1]
    assert run("hub", "report", "hub.db")["floor of gate 1"] == {"lowering": 1, "state": "on its way"}
    office.store.lowerings.note_told(1, 1)
    assert run("hub", "report", "hub.db")["floor of gate 1"] == {"lowering": 1, "state": "taken"}
    office.store.lowerings.note_told(1, 6)
    assert run("hub", "report", "hub.db")["floor of gate 1"] == {
        "lowering": 1,
        "state": "refused: the gate has taken number 6 before; sign it with a higher one",
    }


def test_a_counted_grant_moves_by_commands(office: HubRig, run: Run, fail: Fail) -> None:
    office.store.gates.add(registered(2))
    office.boxes[2] = type(office.boxes[1])(2)
    office.want(1, SLIP)
    office.exchange(1)
    move = ("hub", "move", "hub.db", "--grant", "3000", "--to")
    assert "there is no gate 9" in fail(*move, "9", "--door", "1")
    assert "gate 2 has no list yet" in fail(*move, "2", "--door", "1")
    office.want(2, resident(1))
    office.exchange(2)
    assert "gate 2 has no door 7" in fail(*move, "2", "--door", "7")
    assert "write a door's id" in fail(*move, "2", "--door", "1:up")
    assert "is at gate 1 already" in fail(*move, "1", "--door", "1")
    assert "is not a counted grant" in fail(
        "hub", "move", "hub.db", "--grant", "1001", "--to", "2", "--door", "1"
    )
    told = run(*move, "2", "--door", "2:in", "--door", "1")
    assert (told["state"], told["uses"]) == ("ending", 3)
    assert run("hub", "report", "hub.db")["grant 3000"] == {"moves_to": 2, "state": "ending"}
    assert "has become grant 3001" in fail(*move, "2", "--door", "1")
    for gate in (1, 2):
        office.exchange(gate)
    assert office.boxes[2].opens(told["new_grant"])
    assert not office.boxes[1].opens(3000)
    office.store.gates.strike(1, NOW)
    back = ("hub", "move", "hub.db", "--grant", "3001", "--to", "1", "--door", "1")
    assert "gate 1 was struck off" in fail(*back)


def test_a_file_of_another_estate_goes_nowhere(office: HubRig, run: Run, fail: Fail) -> None:
    other = "aa" * 8
    run("keys", "init", "OTHER", "--estate", other)
    run("hub", "init", "other.db", "--estate", other)
    run("hub", "raise-epoch", "hub.db", "--gate", "1", "--keys", "KEYS", "--out", "epoch.list")
    assert "the store of aaaaaaaaaaaaaaaa" in fail("hub", "take", "other.db", "epoch.list", "--keys", "KEYS")
    sign = ("list", "root-sign", "epoch.list", "--keys", "OTHER", "--out", "x")
    assert "use the estate's own keys" in fail(*sign)
