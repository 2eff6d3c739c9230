"""`python -m provisioning`: the list of commands is the folder of commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.__main__ import EXIT_USAGE, commands, main
from tests.support.enrolling import enrol
from tests.support.machine import add_users


@pytest.mark.parametrize("name", commands())
def test_every_command_knows_a_tree_a_script_and_a_dry_run(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert [one for one in ("--root DIR", "--json", "--dry-run") if one not in told] == []


def test_help_is_asked_for_and_given_on_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "gatehouse-provision COMMAND" in capsys.readouterr().out


def test_no_command_and_a_misspelt_one_are_told_on_the_error_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == EXIT_USAGE
    assert main(["aply"]) == EXIT_USAGE
    assert "no such command: aply" in capsys.readouterr().err


def test_a_reader_who_has_seen_enough_is_no_error(place: Path) -> None:
    enrol(place)
    main(["selftest", "--root", str(place), "--non-interactive"])
    for words in ("report", "selftest --dry-run", "label", "doctor"):
        command = [sys.executable, "-m", "provisioning", *words.split(), "--root", str(place)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert b"Traceback" not in process.stderr.read(), words


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_terminal_without_arrows_breaks_nothing_off(encoding: str, machine: Path) -> None:
    command = [sys.executable, "-m", "provisioning", "apply", "--root", str(machine), "--board", "pi-4"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    terminal, ours = os.openpty()
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment) as ran:
        os.close(terminal)
        os.write(ours, b"North gate\n")
        said = b""
        while b"ID?" not in said and b"Number of this gate?" not in said:
            said += os.read(ours, 4096)
        ran.terminate()
    os.close(ours)
    assert b"North gate" in said
    assert b"Traceback" not in said


@pytest.mark.parametrize("output", [">&-", ">/dev/full"])
def test_an_output_that_takes_nothing_is_no_traceback(output: str, machine: Path) -> None:
    enrol(add_users(machine))
    words = [
        "sh",
        "-c",
        f'exec "$0" -m provisioning doctor --root "$1" {output}',
        sys.executable,
        str(machine),
    ]
    ran = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
    assert "Traceback" not in ran.stderr
    assert ("cannot be written" in ran.stderr) == ("full" in output)


def words_for(name: str, machine: Path) -> list[str]:
    """A command line that is well-formed."""
    more = {"enrol": ["/dev/null"], "replace": ["/dev/null"], "upgrade": ["--to", "9.9"]}
    return [name, *more.get(name, []), "--root", str(machine)]


@pytest.mark.parametrize("name", commands())
def test_links_in_a_circle_are_told_as_such(name: str, machine: Path) -> None:
    (machine / "etc/gatehouse").symlink_to("gatehouse")
    assert isinstance(main(words_for(name, machine)), int)


AS_NOBODY = """
import importlib, os, pkgutil, sys
for package in ("provisioning", "terminal", "sync", "drivers"):
    for module in pkgutil.walk_packages([package], f"{package}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
from provisioning.__main__ import main
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
sys.exit(main(sys.argv[1:]))
"""
"""Whoever runs the tests may keep programs and sources where nobody else reads them."""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("name", commands())
def test_a_forgotten_sudo_is_told(name: str, machine: Path) -> None:
    enrol(add_users(machine))
    command = [sys.executable, "-c", AS_NOBODY, *words_for(name, machine)]
    ran = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert "Traceback" not in ran.stderr
    assert ran.returncode != 0 or name == "uninstall"
