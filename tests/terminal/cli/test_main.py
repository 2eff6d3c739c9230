"""The command line itself: what is imported, what is refused, what every command has in common."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from terminal.__main__ import COMMANDS
from terminal.cli import _answer, gate
from tests.terminal.cli.conftest import House

MINIMAL = {
    "explain": ["--card", "04A10001"],
    "list": ["verify"],
    "floor": ["apply", "nowhere.floor"],
    "open": ["--door", "pedestrian", "--operator", "17", "--reason", "parcel"],
    "mode": ["free", "--door", "pedestrian", "--operator", "17"],
    "refuse": ["--door", "pedestrian", "--reason", "no goods list"],
    "book": ["--door", "pedestrian", "--slip", "4711"],
    "forgive": ["--operator", "17"],
    "fire-reset": ["--operator", "17"],
    "restart-reader": ["--reader", "in"],
    "tap": ["--reader", "in", "--card", "04A10001"],
}
"""The least that each command wants to know."""


def loaded_after(code: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    return set(ended.stdout.split())


def test_nothing_is_imported_for_commands_that_were_not_chosen() -> None:
    loaded = loaded_after("import terminal.__main__")
    assert not [name for name in loaded if name.startswith(("terminal.cli", "drivers", "sync"))]


def test_the_gate_imports_no_other_command_nor_what_they_need() -> None:
    loaded = loaded_after("import terminal.cli.gate")
    assert {name for name in loaded if name.startswith("terminal.cli.")} == {"terminal.cli.gate"}
    assert not loaded & {"terminal.explanation", "terminal.check_devices", "sync.trust", "json", "argparse"}


def test_help_names_every_command(house: House) -> None:
    said = house.run_bare("--help")
    assert said.code == 0
    assert all(f"  {name} " in said.out for name in COMMANDS)


@pytest.mark.parametrize("words", [[], ["dance"], ["mode", "dance"], ["explain"], ["log", "--limit", "0"]])
def test_a_wrong_command_line_is_a_usage_error(house: House, words: list[str]) -> None:
    said = house.run_bare(*words)
    assert said.code == _answer.EXIT_USAGE
    assert "usage" in said.err


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("gate", "sync")])
def test_a_configuration_error_is_told_by_every_command(house: House, command: str) -> None:
    house.edit("[gpio]", "[gipo]")
    said = house.run(command, *MINIMAL.get(command, []))
    assert said.code == _answer.EXIT_CONFIG
    assert "unknown section 'gipo'" in said.err
    assert "'backend' is missing" in said.err
    as_json = house.run(command, *MINIMAL.get(command, []), "--json").json
    assert not as_json["ok"]
    assert len(as_json["errors"]) == 2


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("gate", "sync")])
def test_every_command_answers_with_one_json_object(house: House, command: str) -> None:
    said = house.run(command, *MINIMAL.get(command, []), "--json")
    assert said.err == ""
    assert isinstance(said.json["ok"], bool)
    assert said.json["ok"] == (said.code == 0)


@pytest.mark.parametrize(
    "command", ["tap", "open", "mode", "refuse", "book", "forgive", "fire-reset", "restart-reader"]
)
def test_what_only_a_running_gate_can_do_is_unavailable_without_one(house: House, command: str) -> None:
    said = house.run(command, *MINIMAL[command])
    assert said.code == _answer.EXIT_UNAVAILABLE
    assert "no gate runs here" in said.err


def test_a_configuration_that_may_not_be_read_is_named(house: House) -> None:
    """Permission is taken from file and user: root reads whatever the mode says."""
    house.config.chmod(0)
    user = os.geteuid()
    if user == 0:
        house.root.chmod(stat.S_IRWXU | stat.S_IRWXO)
        os.seteuid(65534)
    try:
        said = house.run("status")
    finally:
        os.seteuid(user)
    assert said.code == _answer.EXIT_CONFIG
    assert "gate.toml: cannot be read: Permission denied" in said.err


def test_a_pipe_that_nobody_reads_any_more_is_no_error(house: House) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "terminal", "check", "--config", str(house.config)],
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
            cwd=Path(__file__).parents[3],
        )
    finally:
        os.close(write)
    assert (ended.returncode, ended.stderr) == (_answer.EXIT_NO, b"")  # there is no list


def test_exit_codes_of_the_gate_are_those_of_the_commands() -> None:
    assert (gate.EXIT_CONFIG, gate.EXIT_HARDWARE) == (_answer.EXIT_CONFIG, _answer.EXIT_UNAVAILABLE)


def test_nothing_printed_can_steer_a_terminal() -> None:
    assert _answer.printable("a\x1b[2J\x07门\n") == "a\ufffd[2J\ufffd门\n"
    assert _answer.as_json({"cause": "\x1b[2J\x9b门"}).isprintable()
