"""The command, from keys to a revocation, as a gate sees its files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from office.__main__ import main
from office.keys import KeyDirectory
from office.signing import Sent, anchor_of, read_sent
from sync.encoding import decode_record
from sync.publishing import Destination
from sync.records import Credential, RevocationReason, Technology, Tombstone
from tests.support.example_estate import EXAMPLE

ESTATE = "0f1e2d3c4b5a6978"


class Office:
    """Runs commands in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.estate = folder / "estate.toml"
        shutil.copy(EXAMPLE, self.estate)
        self.run("keys", "init", str(folder / "keys"), "--estate", ESTATE)

    def run(self, *words: str) -> dict[str, Any]:
        """The report of a command that succeeds."""
        status = main([*words, "--json"])
        out, err = self._capsys.readouterr()
        assert (status, err) == (0, "")
        report: dict[str, Any] = json.loads(out)
        return report

    def fails(self, *words: str) -> str:
        """The message of a command that fails and prints no report."""
        assert main(list(words)) == 1
        out, err = self._capsys.readouterr()
        assert out == ""
        return err

    def sign(self, *more: str, out: str) -> dict[str, Any]:
        return self.run("list", "sign", *self.common(self.estate, out, *more), "--gate", "east")

    def common(self, *words: object) -> list[str]:
        first, out, *more = words
        return [
            str(first),
            "--keys",
            str(self.folder / "keys"),
            "--out",
            str(self.folder / str(out)),
            *map(str, more),
        ]

    def previous(self, *names: str) -> list[str]:
        return [word for name in names for word in ("--previous", str(self.folder / name))]

    def sent(self, *names: str) -> Sent:
        keys = KeyDirectory(self.folder / "keys")
        anchor = anchor_of(keys, Destination(bytes.fromhex(ESTATE), 1))
        return read_sent([self.folder / name for name in names], anchor)


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path, capsys)


def revoke(office: Office, number: str, reason: str, out: str, *previous: str) -> dict[str, Any]:
    keys, target = str(office.folder / "keys"), str(office.folder / out)
    words = ["list", "revoke", "--card", number, "--reason", reason, "--keys", keys, "--out", target]
    return office.run(*words, *office.previous(*previous))


def test_from_keys_to_a_revocation(office: Office) -> None:
    first = office.sign(out="first")
    assert (first["kind"], first["version"], first["cards"]) == ("snapshot", "1.1", 9)
    assert revoke(office, "04A10001", "lost", "lost", "first")["version"] == "1.2"
    content = office.sent("first", "lost").content
    chip = Credential(Technology.ISO14443A, bytes.fromhex("04A10001"))
    (record,) = (decode_record(one) for one in content.credential(chip.key))
    assert isinstance(record, Tombstone)
    assert record.reason is RevocationReason.LOST


def test_a_delta_follows_the_file(office: Office) -> None:
    office.sign(out="first")
    previous = office.previous("first")
    assert office.sign(*previous, out="same") == {"gate": "east", "unchanged": True}
    assert not (office.folder / "same").exists()
    more = '\n[[card]]\nnumber = "04A10010"\nkind = "resident"\ndoors = ["pedestrian"]\n'
    office.estate.write_text(office.estate.read_text() + more)
    second = office.sign(*previous, out="second")
    assert (second["kind"], second["version"], second["needs_manager"]) == ("delta", "1.2", False)
    assert second["assigned_ids"] == {"estate.toml, card 10": [110, 210]}


def test_a_lost_card_does_not_come_back_by_an_old_file(office: Office) -> None:
    office.sign(out="first")
    revoke(office, "04A10001", "lost", "lost", "first")
    words = ["list", "sign", *office.common(office.estate, "back"), "--gate", "east"]
    words += office.previous("first", "lost")
    assert 'ended = "lost"' in office.fails(*words)
    assert not (office.folder / "back").exists()
    assert office.run(*words, "--revive")["version"] == "1.3"


def test_a_mass_removal_needs_the_manager(office: Office) -> None:
    office.sign(out="first")
    head, *_ = office.estate.read_text().partition("[[card]]")
    office.estate.write_text(head)
    braked = office.sign(*office.previous("first"), out="braked")
    assert braked["needs_manager"]
    office.run("list", "countersign", *office.common(office.folder / "braked", "agreed"))
    assert list(office.sent("first", "agreed").content.records()) == []


def test_a_withdrawn_key_no_longer_signs_and_a_new_one_does(office: Office) -> None:
    office.sign(out="first")
    keys = str(office.folder / "keys")
    withdrawn = office.run("keys", "withdraw", keys, "online")
    assert withdrawn["withdrawals"] == 1
    words = ["list", "revoke", "--card", "04A10001", "--reason", "lost", "--keys", keys]
    words += ["--out", str(office.folder / "lost"), *office.previous("first")]
    assert "role online" in office.fails(*words)
    office.run("keys", "delegate", keys, "hub-2", "--role", "online", "--gate", "1", "--until", "2099-01-01")
    assert office.run(*words)["version"] == "1.2"


def test_only_the_root_raises_the_epoch(office: Office) -> None:
    office.sign(out="first")
    report = office.sign("--epoch", "2", "--by-root", out="second")
    assert report["version"] == "2.1"
    assert office.sent("first", "second").version.epoch == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["list", "sign", "ESTATE", "--gate", "north"], "there is no gate 'north'; known are: east"),
        (["list", "sign", "MISSING", "--gate", "east"], "missing.toml: No such file"),
        (["list", "revoke", "--card", "FF", "--reason", "lost", "--previous", "FIRST"], "has no grant"),
        (["list", "revoke", "--card", "no", "--reason", "lost", "--previous", "FIRST"], "--card: 'no'"),
        (["list", "revoke", "--card", "FF", "--reason", "lost", "--previous", "ESTATE"], "malformed"),
        (["list", "countersign", "MISSING"], "missing.toml: No such file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistakes_are_told_and_write_nothing(office: Office, words: list[str], told: str) -> None:
    office.sign(out="first")
    paths = {"ESTATE": "estate.toml", "MISSING": "missing.toml", "FIRST": "first"}
    words = [str(office.folder / paths[word]) if word in paths else word for word in words]
    keys, out = str(office.folder / "keys"), office.folder / "out"
    assert told in office.fails(*words, "--keys", keys, "--out", str(out))
    assert not out.exists()


def test_private_keys_are_never_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "init", str(tmp_path / "keys"), "--estate", ESTATE]) == 0
    out, err = capsys.readouterr()
    for path in (tmp_path / "keys").glob("*.key"):
        assert path.read_text() not in out + err
