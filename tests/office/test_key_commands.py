"""``keys …`` as people use it: a list key on a stick, the manager's own computer, a lost key."""

from __future__ import annotations

import argparse
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from office.__main__ import main
from office.key_options import add_commands
from sync.chain import Anchor
from sync.delegation import Role
from sync.gate_key import fingerprint
from sync.statements.authority import Authority
from sync.statements.floor_lowering import verify_floor_lowering
from tests.support.example_estate import EXAMPLE

ESTATE = "0f1e2d3c4b5a6978"


class Desk:
    """Runs commands at the office; every secret that ever lay here is looked for in what was printed."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.keys, self.stick = str(folder / "keys"), str(folder / "stick")
        self.printed = ""
        (folder / "stick").mkdir()

    def run(self, *words: str) -> dict[str, Any]:
        """The report of a command that succeeds; its text for people is printed, too."""
        status = main([*words, "--json"])
        out, err = self._capsys.readouterr()
        assert (status, err) == (0, ""), err
        self.printed += out
        report: dict[str, Any] = json.loads(out)
        return report

    def text(self, *words: str) -> str:
        """What a command prints for people."""
        assert main(list(words)) == 0
        out, _ = self._capsys.readouterr()
        self.printed += out
        return out

    def fails(self, *words: str) -> str:
        """The message of a command that fails."""
        assert main(list(words)) == 1
        out, err = self._capsys.readouterr()
        self.printed += out + err
        return err

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def sign(self, out: str, *more: str) -> list[str]:
        words = ["list", "sign", str(EXAMPLE), "--gate", "east", "--out", self.path(out)]
        return [*words, "--keys", self.keys, *more]

    def revoke(self, out: str) -> list[str]:
        words = ["list", "revoke", "--card", "04A10001", "--reason", "lost", "--keys", self.keys]
        return [*words, "--previous", self.path("first"), "--out", self.path(out)]


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """An office whose root and list keys lie on a stick, and that has no manager's key."""
    made = Desk(tmp_path, capsys)
    sticks = ("--private", f"root={made.stick}", "--private", f"list={made.stick}")
    made.run("keys", "init", made.keys, "--estate", ESTATE, *sticks, "--without", "manager")
    return made


def states(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["state"], one["private_key"]) for one in report["keys"]}


def test_the_list_shows_what_each_key_is_and_where_its_secret_lies(desk: Desk) -> None:
    listed = desk.run("keys", "list", desk.keys)
    assert states(listed) == {
        "root": ("signs", "not here"),
        "list": ("in force", "not here"),
        "online": ("in force", desk.keys),
    }
    assert states(desk.run("keys", "list", desk.keys, "--keys", desk.stick))["list"] == (
        "in force",
        desk.stick,
    )
    text = desk.text("keys", "list", desk.keys)
    assert "  name list, key_id " in text
    assert ", role list, gates all, until " in text


def test_while_the_list_key_is_away_revocations_go_out_and_lists_ask_for_the_stick(desk: Desk) -> None:
    desk.run(*desk.sign("first", "--keys", desk.stick))
    assert "insert the stick that holds list.key" in desk.fails(*desk.sign("second"))
    assert not (desk.folder / "second").exists()
    assert desk.run(*desk.revoke("lost"))["version"] == "1.2"


def test_a_wrong_stick_is_noticed(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other"
    desk.run("keys", "init", str(other), "--estate", ESTATE)
    told = desk.fails(*desk.sign("first", "--keys", str(other)))
    assert "does not fit list.pub of this estate" in told


def test_the_managers_secret_never_comes_to_the_office(desk: Desk, tmp_path: Path) -> None:
    manager = tmp_path / "manager"
    made = desk.run("keys", "make", str(manager), "manager", "--estate", ESTATE)
    assert made["fingerprint"] == fingerprint(bytes.fromhex(made["public"]))
    assert stat.S_IMODE((manager / "manager.key").stat().st_mode) == 0o600
    words = ["keys", "adopt", desk.keys, "manager", "--public", made["public"], "--role", "manager"]
    assert "insert the stick that holds root.key" in desk.fails(*words)
    adopted = desk.run(*words, "--keys", desk.stick)
    assert desk.run(*words, "--keys", desk.stick)["key_id"] == adopted["key_id"]
    assert (adopted["key_id"], adopted["role"]) == (made["key_id"], "manager")
    assert not (Path(desk.keys) / "manager.key").exists()
    # What the office returns, the manager puts beside his key; then he can sign at home.
    delegation = Path(adopted["give_to_its_owner"])
    (manager / delegation.name).write_bytes(delegation.read_bytes())
    desk.run(*desk.sign("first", "--keys", desk.stick))
    agreed = ["list", "countersign", desk.path("first"), "--out", desk.path("agreed")]
    assert "insert the stick that holds manager.key" in desk.fails(*agreed, "--keys", desk.keys)
    assert [one["version"] for one in desk.run(*agreed, "--keys", str(manager))["signed"]] == ["1.1"]


def test_one_key_serves_in_one_role_and_a_name_is_one_key(desk: Desk) -> None:
    online = desk.run("keys", "show", desk.keys, "online")["public"]
    words = ["keys", "adopt", desk.keys, "manager", "--role", "manager", "--keys", desk.stick]
    assert "knows this key as 'online'" in desk.fails(*words, "--public", online)
    taken = ["keys", "adopt", desk.keys, "online", "--role", "manager", "--keys", desk.stick]
    assert "has a key 'online' already" in desk.fails(*taken, "--public", "00" * 32)
    assert "no such file" in desk.fails(*words, "--public", "nothing")
    assert not (Path(desk.keys) / "manager.pub").exists()


def test_a_stolen_online_key_is_replaced_in_one_step(desk: Desk) -> None:
    desk.run(*desk.sign("first", "--keys", desk.stick))
    done = desk.run("keys", "rotate", desk.keys, "online", "online-2", "--keys", desk.stick)
    assert (done["key"], done["role"], done["withdrawals"]) == ("online-2", "online", 1)
    assert states(desk.run("keys", "list", desk.keys))["online"][0] == "withdrawn"
    assert desk.run(*desk.revoke("lost"))["version"] == "1.2"


def test_a_new_list_key_goes_to_the_stick_and_the_old_one_may_stay_until_its_end(desk: Desk) -> None:
    words = ["keys", "rotate", desk.keys, "list", "list-2", "--keys", desk.stick, "--private", desk.stick]
    done = desk.run(*words, "--keep-old")
    assert done["old_key_ends"].endswith("Z")
    assert (desk.folder / "stick" / "list-2.key").exists()
    assert not (Path(desk.keys) / "list-2.key").exists()
    found = states(desk.run("keys", "list", desk.keys))
    assert (found["list"][0], found["list-2"][0]) == ("in force", "in force")


def test_a_root_is_replaced_in_three_steps_that_say_what_comes_next(desk: Desk) -> None:
    stick = ("--keys", desk.stick)
    made = desk.run("keys", "new-root", desk.keys, "root-2", "--private", desk.stick)
    assert made["public"] in made["next"]
    assert "roots = [" in made["next"]
    assert states(desk.run("keys", "list", desk.keys))["root-2"][0] == "does not sign"
    switched = desk.run("keys", "switch-root", desk.keys, "root-2", *stick)
    assert switched["delegated_anew"] == ["list", "online"]
    dropped = desk.run("keys", "drop-root", desk.keys, "root")
    assert dropped["next"].endswith(f'roots = ["{made["public"]}"]')
    desk.run(*desk.sign("first", *stick))
    assert "signing root" in desk.fails("keys", "drop-root", desk.keys, "root-2")


def test_a_floor_lowering_is_what_the_gate_takes(desk: Desk) -> None:
    words = ["keys", "lower-floor", desk.keys, "--gate", "7", "--floor", "2026-11-02T00:00:00"]
    words += ["--out", desk.path("east.floor")]
    assert "insert the stick" in desk.fails(*words)
    done = desk.run(*words, "--keys", desk.stick)
    assert (done["gate"], done["serial"], done["floor"]) == (7, 1, "2026-11-02T00:00:00Z")
    root = bytes.fromhex(desk.run("keys", "show", desk.keys, "root")["public"])
    gate = Authority(Anchor(bytes.fromhex(ESTATE), 7, (root,)))
    found = verify_floor_lowering((desk.folder / "east.floor").read_bytes(), gate, last_serial=0)
    assert found.floor == 1_793_577_600


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["init", "NEW", "--estate", "xyz"], "--estate: 'xyz' is not hexadecimal"),
        (["init", "NEW", "--estate", ESTATE, "--private", "root"], "write NAME=DIR"),
        (["init", "NEW", "--estate", ESTATE, "--private", "nobody=STICK"], "NAME one of list, manager"),
        (["init", "KEYS", "--estate", ESTATE], "not empty"),
        (["delegate", "KEYS", "Hub", "--role", "online", "--keys", "STICK"], "key name 'Hub'"),
        (["delegate", "KEYS", "hub", "--role", "online", "--keys", "STICK", "--until", "now"], "--until: "),
        (["show", "KEYS", "nobody"], "nobody.pub: no such file"),
        (["list", "NEW"], "no such file; is this the key directory?"),
        (["withdraw", "KEYS", "root", "--keys", "STICK"], "cannot be withdrawn"),
        (["rotate", "KEYS", "nobody", "new", "--keys", "STICK"], "not delegated"),
        (
            [
                "lower-floor",
                "KEYS",
                "--gate",
                "7",
                "--floor",
                "2199-01-01",
                "--out",
                "NEW",
                "--keys",
                "STICK",
            ],
            "passed",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_told_with_their_cure(desk: Desk, words: list[str], told: str) -> None:
    places = {"KEYS": desk.keys, "STICK": desk.stick, "NEW": desk.path("new")}
    words = [places.get(word, word.replace("STICK", desk.stick)) for word in words]
    assert told in desk.fails("keys", *words)
    assert not (desk.folder / "new").exists()


def test_no_command_ever_prints_a_secret(desk: Desk, tmp_path: Path) -> None:
    stick = ("--keys", desk.stick)
    desk.text("keys", "make", str(tmp_path / "manager"), "manager", "--estate", ESTATE)
    desk.text("keys", "rotate", desk.keys, "online", "online-2", *stick)
    desk.text("keys", "delegate", desk.keys, "hub", "--role", "online", *stick)
    desk.text("keys", "withdraw", desk.keys, "hub", *stick)
    desk.text("keys", "list", desk.keys, *stick)
    for name in ("root", "online-2", "list"):
        desk.text("keys", "show", desk.keys, name, *stick)
    root = desk.folder / "stick" / "root.key"
    whole = root.read_text()
    for damage in (whole + "00", whole[:-2] + "zz", whole[:-2]):
        root.write_text(damage)
        desk.fails("keys", "withdraw", desk.keys, "list", *stick)
    root.write_text(whole)
    secrets = [path.read_text() for path in tmp_path.glob("*/*.key")]
    assert len(secrets) == 6
    assert not [one for one in secrets if one[:16] in desk.printed]


def test_every_role_can_be_left_out_or_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    without = [word for one in Role for word in ("--without", one.name.lower())]
    assert main(["keys", "init", str(tmp_path / "keys"), "--estate", ESTATE, *without]) == 0
    assert {one.name for one in (tmp_path / "keys").iterdir()} == {"estate.id", "root.key", "root.pub"}
    assert "root: " in capsys.readouterr().out


def test_the_page_on_keys_names_every_command() -> None:
    group = argparse.ArgumentParser()
    add_commands(group)
    (commands,) = (one.choices for one in group._actions if isinstance(one, argparse._SubParsersAction))
    page = (EXAMPLE.parents[1] / "keys.md").read_text("utf-8")
    assert set(re.findall(r"^\| `keys ([a-z-]+) DIR", page, re.MULTILINE)) == set(commands)
