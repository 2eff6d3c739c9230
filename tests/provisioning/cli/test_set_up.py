"""plan, apply, uninstall and doctor as a technician types them, on a machine's tree."""

from __future__ import annotations

import json
import os
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from provisioning.__main__ import main
from tests.support.bundles import CODE
from tests.support.enrolling import WORKING, list_of
from tests.support.machine import CONFIG, snapshot


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration on a stick."""
    path = tmp_path / "gate.toml"
    path.write_text(CONFIG)
    return path


def provision(*arguments: object) -> int:
    """One command."""
    return main([str(one) for one in arguments])


def answer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    """One command with ``--json``: exit code and object."""
    capsys.readouterr()
    code = provision(*arguments, "--json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


def test_from_plan_to_purge(machine: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(machine)
    code, plan = answer(capsys, "plan", "--root", machine, "--config", config)
    assert (code, plan["ok"], plan["board"]) == (0, True, "pi-4")
    assert plan["changes"] > 30
    assert snapshot(machine) == before
    dry = answer(capsys, "apply", "--root", machine, "--config", config, "--dry-run")[1]
    assert dry["steps"] == plan["steps"]
    assert snapshot(machine) == before

    assert provision("apply", "--root", machine, "--config", config) == 0
    told = capsys.readouterr().out
    assert "done        accounts        users and groups" in told
    assert "North gate is in service from its first boot on" in told
    after = snapshot(machine)
    code, second = answer(capsys, "apply", "--root", machine)
    assert (code, second["changes"], second["reboot"]) == (0, 0, False)
    assert snapshot(machine) == after
    code, doctor = answer(capsys, "doctor", "--root", machine)
    assert (code, doctor["errors"]) == (0, 0)

    code, would = answer(capsys, "uninstall", "--root", machine, "--purge", "--dry-run")
    assert (code, "/etc/gatehouse/gate.toml" in would["would_put_back"]) == (0, True)
    assert snapshot(machine) == after
    assert answer(capsys, "uninstall", "--root", machine) == (0, {"ok": True, "stays": []})
    assert (machine / "var/lib/gatehouse/terminal").is_dir()
    assert answer(capsys, "uninstall", "--root", machine, "--purge") == (0, {"ok": True, "stays": []})
    assert snapshot(machine) == before


def test_the_board_of_an_image_is_said_once(
    machine: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine / "proc/device-tree/model").unlink()
    code, refused = answer(capsys, "apply", "--root", machine, "--config", config)
    assert (code, "say which it is by --board" in refused["error"]) == (1, True)
    assert not (machine / "etc/gatehouse").exists()
    assert answer(capsys, "apply", "--root", machine, "--config", config, "--board", "pi-3")[0] == 0
    assert answer(capsys, "apply", "--root", machine)[1]["board"] == "pi-3"
    assert answer(capsys, "doctor", "--root", machine)[0] == 0


def test_an_empty_tree_is_set_up_too(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    config.write_text(CONFIG.replace('backend = "gpiod"', 'backend = "sim"'))
    code, done = answer(capsys, "apply", "--root", tmp_path / "empty", "--config", config, "--board", "none")
    assert (code, done["ok"]) == (0, True)
    assert "gatehouse-sync" in (tmp_path / "empty/etc/passwd").read_text()
    assert answer(capsys, "apply", "--root", tmp_path / "empty")[1]["changes"] == 0
    assert answer(capsys, "uninstall", "--root", tmp_path / "empty", "--purge") == (
        0,
        {"ok": True, "stays": []},
    )
    assert {path for path in snapshot(tmp_path / "empty") if path not in ("/.", "/var", "/var/lib")} == set()


def test_a_configuration_without_sense_is_refused_with_every_error(
    machine: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(machine)
    config.write_text(CONFIG.replace("estate =", "estaet =").replace('kind = "strike"', 'kind = "glue"'))
    code, refused = answer(capsys, "apply", "--root", machine, "--config", config)
    assert code == 78
    assert len(refused["errors"]) >= 2
    config.write_text(CONFIG.replace("id = 1\nestate", 'id = 1\nstate_dir = "/srv"\nestate'))
    code, refused = answer(capsys, "apply", "--root", machine, "--config", config)
    assert (code, "leave it out" in refused["errors"][0]) == (1, True)
    assert answer(capsys, "apply", "--root", machine, "--config", machine / "none.toml")[0] == 78
    assert snapshot(machine) == before


def test_without_a_configuration_a_script_is_told(
    machine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO())
    assert provision("apply", "--root", machine) == 1
    assert "give one with --config FILE" in capsys.readouterr().err
    code, doctor = answer(capsys, "doctor", "--root", machine)
    assert (code, doctor["errors"]) == (1, 1)


class Terminal(StringIO):
    """Somebody types."""

    def isatty(self) -> bool:
        return True


def test_at_a_terminal_it_asks_and_sets_up(
    machine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ["North gate", "1", "6761746568303031", "0" * 64, "strike", "17", "-", "-", "-", "pcsc", "none"]
    monkeypatch.setattr(sys, "stdin", Terminal("\n".join(answers) + "\n"))
    assert provision("apply", "--root", machine) == 0
    told = capsys.readouterr().out
    assert "11. How does the gate reach the office?" in told
    assert "12." not in told
    assert b'line = "GPIO17"' in (machine / "etc/gatehouse/gate.toml").read_bytes()
    assert "gpio=17=op,dl,pd" in (machine / "boot/firmware/config.txt").read_text()


def test_an_interrupted_visit_is_told_by_the_doctor(
    machine: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    obstacle = machine / "etc/udev/rules.d/70-gatehouse.rules"
    obstacle.mkdir(parents=True)
    code, stopped = answer(capsys, "apply", "--root", machine, "--config", config)
    assert (code, stopped["step"]) == (69, "devices")
    assert "move it away" in stopped["error"]
    code, doctor = answer(capsys, "doctor", "--root", machine)
    assert code == 1
    assert "a visit was interrupted at devices" in str(doctor["findings"])
    obstacle.rmdir()
    assert answer(capsys, "apply", "--root", machine)[0] == 0
    assert answer(capsys, "doctor", "--root", machine)[0] == 0


def test_a_changed_file_is_told_by_the_doctor(
    machine: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert provision("apply", "--root", machine, "--config", config) == 0
    (machine / "etc/modprobe.d/gatehouse.conf").unlink()
    code, doctor = answer(capsys, "doctor", "--root", machine)
    assert (code, doctor["errors"]) == (1, 1)
    assert "gatehouse-provision apply does it" in str(doctor["findings"])
    assert provision("doctor", "--root", machine) == 1
    told = capsys.readouterr()
    assert ("1 error," in told.out, told.err) == (True, "")


def test_a_bundle_sets_up_and_enrols_in_one_go(
    machine: Path, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(machine)
    code_file = stick.with_name("code")
    code_file.write_text(f"{CODE}\n")
    given = ("--root", machine, "--bundle", stick, "--code-file", code_file, "--today", "2027-01-15")
    code, plan = answer(capsys, "plan", *given)
    assert (code, len(plan["enrolment"])) == (0, 3)
    assert snapshot(machine) == before

    request = stick.with_name("east.enrolment")
    code, first = answer(capsys, "apply", *given, "--request", request)
    assert code == 0, first
    assert (first["enrolment"]["provisional"], request.exists()) == (True, True)
    assert list_of(machine) is not None
    assert (machine / "etc/gatehouse/gate.toml").read_bytes() == WORKING.config
    code, again = answer(capsys, "apply", *given)
    assert (code, again["changes"], again["enrolment"]["changed"]) == (0, 0, False)
    assert provision("apply", *given) == 0
    assert "PROVISIONAL until the office has accepted this key" in capsys.readouterr().out

    # What a self-test and a spare's earlier life leave beside the two directories is state, too.
    assert provision("selftest", "--root", machine, "--non-interactive") == 0
    aside = machine / "var/lib/gatehouse/sync.before-0a1b2c3d"
    aside.mkdir()
    (aside / "gate.key").touch()
    assert answer(capsys, "uninstall", "--root", machine, "--purge") == (0, {"ok": True, "stays": []})
    assert snapshot(machine) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_that_the_gate_cannot_use_are_told_by_the_doctor(
    machine: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert provision("apply", "--root", machine, "--config", config) == 0
    key = machine / "var/lib/gatehouse/sync/gate.key"
    key.touch(0o600)
    code, doctor = answer(capsys, "doctor", "--root", machine)
    assert (code, doctor["errors"]) == (1, 1)
    assert f"{key}: belongs to user 0: chown -h gatehouse-sync:gatehouse" in str(doctor["findings"])
    os.chown(key, (machine / "var/lib/gatehouse/sync").stat().st_uid, -1)
    assert answer(capsys, "doctor", "--root", machine)[0] == 0
    key.chmod(0o604)
    assert "open to everybody" in str(answer(capsys, "doctor", "--root", machine)[1]["findings"])
    key.unlink()
    key.symlink_to("/etc/shadow")
    assert "is a link" in str(answer(capsys, "doctor", "--root", machine)[1]["findings"])


def test_a_bundle_that_does_not_open_changes_nothing(
    machine: Path, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(machine)
    code_file = stick.with_name("code")
    code_file.write_text(CODE.replace("K", "M", 1))
    given = ("--root", machine, "--bundle", stick, "--code-file", code_file, "--today", "2027-01-15")
    code, refused = answer(capsys, "apply", *given)
    assert (code, refused["ok"], bool(refused["cause"])) == (1, False, True)
    code_file.write_text(CODE)
    code, refused = answer(capsys, "apply", *given[:-1], "2037-01-15")
    assert (code, refused["cause"]) == (1, "expired")
    assert snapshot(machine) == before
    stick.write_bytes(b"no bundle")
    assert answer(capsys, "apply", *given)[0] == 1
    assert snapshot(machine) == before


def test_an_interruption_by_hand_is_told(
    machine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Impatient(Terminal):
        def readline(self, _size: int = -1) -> str:  # type: ignore[override]
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Impatient())
    assert provision("apply", "--root", machine) == 130
    assert "the same command goes on there" in capsys.readouterr().err


def test_simulated_locks_on_a_real_pi_are_warned_of(
    machine: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(CONFIG.replace('backend = "gpiod"', 'backend = "sim"'))
    assert provision("apply", "--root", machine, "--config", config) == 0
    assert "warning     gpio: backend 'sim': no lock will move" in capsys.readouterr().out
