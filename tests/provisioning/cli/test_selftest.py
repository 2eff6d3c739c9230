"""``selftest`` and ``report`` as a technician types them, and what a signal leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from provisioning.__main__ import main
from provisioning.selftest.gate_process import gate_kept_away
from provisioning.selftest.person import SelfTestError
from provisioning.selftest.result import NAME, PAGE_NAME
from provisioning.signals import kept_signals
from sync.as_built import verify_as_built
from sync.gate_key import KEY_FILE, load_or_make
from sync.statements.wire import Sender
from terminal.check import load_config
from terminal.stores.files import WriterLock
from terminal.stores.usage_opening import LOCK_NAME
from tests.provisioning.selftest.visits import EXAMPLE
from tests.support.enrolling import enrol
from tests.support.estate import ESTATE_ID, GATE_ID
from tests.support.machine import snapshot
from tests.support.pi import Registers, inside_a_pi

WITHIN_S: Final = 20.0
LOCK: Final = 17


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A gate with a key, at rest."""
    for name in ("terminal", "sync"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o2770)
    text = EXAMPLE.read_text("utf-8")
    text = text.replace("/var/lib/gatehouse", str(tmp_path)).replace("/run/gatehouse", str(tmp_path))
    text = text.replace(
        "[inputs.fire]", "[doors.vehicle.timing]\npulse_s = 0.05\ntravel_s = 0.2\n[inputs.fire]"
    )
    (tmp_path / "gate.toml").write_text(text, "utf-8")
    load_or_make(tmp_path / "sync" / KEY_FILE, random_bytes=os.urandom)
    return tmp_path / "gate.toml"


def say(config: Path, name: str, *options: str) -> int:
    return main([name, "--config", str(config), *options])


def test_a_simulated_gate_tests_itself_and_signs_what_it_found(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say(config, "selftest", "--non-interactive", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"]
    assert told["failed"] == 0
    assert told["passed"] > 20
    key = load_or_make(config.parent / "sync" / KEY_FILE, random_bytes=os.urandom).key
    gate = load_config(config)
    built = verify_as_built(Path(told["file"]).read_bytes(), Sender(gate.estate_id, 1, key.public))
    assert built.simulated
    assert not built.maintenance
    assert [one.name for one in built.checks] == [one["name"] for one in told["checks"]]
    assert "SIMULATED" in (config.parent / PAGE_NAME).read_text("utf-8")
    assert say(config, "report") == 0
    assert "30 passed" in capsys.readouterr().out
    assert say(config, "report", "--json") == 0
    assert json.loads(capsys.readouterr().out)["format"] == "gatehouse as built 1"


def test_what_failed_is_told_by_the_exit_code(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.chmod(0o666)
    assert say(config, "selftest", "--non-interactive") == 1
    assert "failed   files.config" in capsys.readouterr().out
    assert say(config, "report") == 1
    assert "TO BE MENDED" in capsys.readouterr().out


def test_a_tree_is_tested_where_it_lies_and_no_service_of_this_machine_is_touched(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = enrol(place).public
    words = ("--root", str(place))
    assert main(["selftest", *words, "--non-interactive", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    file = place / "var/lib/gatehouse" / NAME
    assert told["file"] == str(file)
    assert verify_as_built(file.read_bytes(), Sender(ESTATE_ID, GATE_ID, public)).simulated
    before = snapshot(place)
    for name in ("report", "label", "plan", "doctor"):
        main([name, *words, "--dry-run", "--json", *(("--board", "none") if name == "plan" else ())])
        assert isinstance(json.loads(capsys.readouterr().out), dict), name
    assert main(["report", *words]) == 0
    assert "SIMULATED" in capsys.readouterr().out
    assert snapshot(place) == before
    lock = WriterLock(place / "var/lib/gatehouse/terminal" / LOCK_NAME)
    try:
        assert main(["selftest", *words, "--non-interactive", "--stop-gate"]) == 69
        assert "whatever holds it" in capsys.readouterr().err
    finally:
        lock.release()


def test_a_link_in_a_tree_leads_no_self_test_out_of_it(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol(place)
    state, ours = place / "var/lib/gatehouse", tmp_path / "ours"
    (state / "terminal").rmdir()
    ours.mkdir()
    (state / "terminal").symlink_to(ours)
    assert main(["selftest", "--root", str(place), "--non-interactive"]) == 69
    assert "would lead out of this tree" in capsys.readouterr().err
    assert list(ours.iterdir()) == []


def test_the_real_hardware_of_a_tree_is_not_here(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    enrol(place)
    file = place / "etc/gatehouse/gate.toml"
    file.write_text(file.read_text().replace('kind = "sim"\n', 'kind = "pcsc"\n', 1))
    assert main(["selftest", "--root", str(place)]) == 69
    assert "boot it and test it there" in capsys.readouterr().err


def test_a_report_that_somebody_changed_is_not_shown(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say(config, "report") == 66
    assert "there is none" in capsys.readouterr().err
    say(config, "selftest", "--non-interactive")
    file = config.parent / NAME
    file.write_bytes(file.read_bytes().replace(b'"North gate"', b'"South gate"'))
    capsys.readouterr()
    assert say(config, "report", "--json") == 66
    assert "not signed" in json.loads(capsys.readouterr().out)["error"]


def test_real_hardware_is_not_tested_without_eyes(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(
        config.read_text("utf-8")
        .replace('backend = "sim"', 'backend = "rpi_gpio"')
        .replace('"relay1"', '"17"')
        .replace('"relay2"', '"18"')
        .replace('"relay3"', '"19"')
    )
    assert say(config, "selftest", "--non-interactive") == 69
    assert "gpio is real" in capsys.readouterr().err


def test_a_gate_without_a_key_is_told_before_anything_moves(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "sync" / KEY_FILE).unlink()
    assert say(config, "selftest", "--non-interactive") == 69
    assert "no key to sign" in capsys.readouterr().err


def test_a_gate_in_service_is_left_alone(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = WriterLock(config.parent / "terminal" / LOCK_NAME)
    assert say(config, "selftest", "--non-interactive") == 69
    assert "--stop-gate" in capsys.readouterr().err
    lock.release()


class Manager:
    """`Services` with a gate process that is a lock."""

    def __init__(self, config: Path, *, obeys: bool = True) -> None:
        self.path = config.parent / "terminal" / LOCK_NAME
        self.lock: WriterLock | None = WriterLock(self.path)
        self.obeys = obeys
        self.words: list[str] = []

    def stop(self) -> None:
        self.words.append("stop")
        if self.obeys and self.lock is not None:
            self.lock.release()

    def start(self) -> None:
        self.words.append("start")
        if self.obeys:
            self.lock = WriterLock(self.path)


@pytest.mark.parametrize("error", [None, SelfTestError("x"), KeyboardInterrupt()])
def test_a_gate_that_was_stopped_is_started_again(config: Path, error: BaseException | None) -> None:
    manager = Manager(config)
    expected = contextlib.nullcontext() if error is None else pytest.raises(type(error))
    with expected, gate_kept_away(load_config(config), lambda: manager):
        assert manager.words == ["stop"]
        if error is not None:
            raise error
    assert manager.words == ["stop", "start"]
    assert manager.lock is not None
    manager.lock.release()


def test_a_gate_that_does_not_stop_is_given_back(config: Path) -> None:
    manager = Manager(config, obeys=False)
    with (
        pytest.raises(SelfTestError, match="still something holds"),
        gate_kept_away(load_config(config), lambda: manager),
    ):
        raise AssertionError("nothing may be tested")
    assert manager.words == ["stop", "start"]
    assert manager.lock is not None
    manager.lock.release()


def test_a_stop_that_fails_halfway_is_taken_back(config: Path) -> None:
    class Stubborn(Manager):
        def stop(self) -> None:
            super().stop()
            raise SelfTestError("did not end within 90 s")

    manager = Stubborn(config)
    with pytest.raises(SelfTestError, match="90 s"), gate_kept_away(load_config(config), lambda: manager):
        raise AssertionError("nothing may be tested")
    assert manager.words == ["stop", "start"]
    assert manager.lock is not None
    manager.lock.release()


def test_a_signal_while_the_gate_is_let_back_does_not_cut_that_off(config: Path) -> None:
    class Watched(Manager):
        def stop(self) -> None:
            signal.raise_signal(signal.SIGINT)
            super().stop()

        def start(self) -> None:
            signal.raise_signal(signal.SIGHUP)
            super().start()

    manager = Watched(config)
    with (
        kept_signals() as signals,
        pytest.raises(KeyboardInterrupt),
        gate_kept_away(load_config(config), lambda: manager),
    ):
        signals.wait([], WITHIN_S)
    assert manager.words == ["stop", "start"]
    assert manager.lock is not None
    manager.lock.release()


REAL: Final = """
[gate]
name = "Gate"
id = 1
estate = "6761746568303031"
roots = ["0000000000000000000000000000000000000000000000000000000000000000"]
state_dir = "{folder}"
control_socket = "{folder}/gate.sock"
[gpio]
backend = "rpi_gpio"
[doors.main]
id = 1
kind = "strike"
[doors.main.outputs.lock]
line = "GPIO17"
[readers.in]
id = 1
kind = "sim"
door = "main"
"""


@pytest.mark.real_part("RPi.GPIO on a register file")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_during_a_click_leaves_the_lock_undriven(config: Path, number: signal.Signals) -> None:
    folder = config.parent
    config.write_text(REAL.format(folder=folder))
    registers = Registers(folder / "registers")
    command = [sys.executable, "-m", "provisioning", "selftest", "--config", str(config)]
    with (
        closing(registers),
        inside_a_pi(registers, folder),
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as test,
    ):
        assert test.stdin is not None
        test.stdin.write("yes\n")
        test.stdin.flush()
        assert test.stdout is not None
        assert any("its lock clicks" in line for line in test.stdout), test.poll()
        assert registers.drives(LOCK)
        test.send_signal(number)
        _, errors = test.communicate(timeout=WITHIN_S)
        assert test.returncode == 130
        assert "every line is undriven" in errors
        assert not registers.drives(LOCK)
    assert not (folder / NAME).exists()


def test_a_dry_run_tells_what_would_be_tried_and_touches_nothing(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "sync" / KEY_FILE).unlink()
    lock = WriterLock(config.parent / "terminal" / LOCK_NAME)  # a gate in service is no hindrance
    before = sorted(config.parent.rglob("*"))
    assert say(config, "selftest", "--dry-run", "--json") == 0
    tried = json.loads(capsys.readouterr().out)["would_try"]
    lock.release()
    assert {"power", "doors.pedestrian.outputs.lock", "inputs.fire", "readers.vehicle_in"} <= set(tried)
    assert sorted(config.parent.rglob("*")) == before
