"""``release``: no end of a gate leaves a relay on, and a living gate keeps its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from terminal.__main__ import main
from tests.support.pi import Registers, inside_a_pi
from tests.support.waiting import until
from tests.terminal.cli.conftest import House

WITHIN_S: Final = 20.0
LOCK, GREEN, SUPPLY = 17, 22, 23
CONFIG: Final = """
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
[readers.in.indicator.green]
line = "22"
[readers.in.power]
line = "23"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("terminal", "sync"):
        (tmp_path / name).mkdir()
    (tmp_path / "gate.toml").write_text(CONFIG.format(folder=tmp_path))
    return tmp_path


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``python -m terminal gate``, ready; killed in the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(WITHIN_S)
        with subprocess.Popen(
            [sys.executable, "-m", "terminal", "gate", "--config", str(folder / "gate.toml")],
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")},
        ) as gate:
            try:
                assert manager.recv(1000).startswith(b"READY=1")
                # It comes a moment after READY, on purpose.
                until("the command socket", (folder / "gate.sock").exists)
                yield gate
            finally:
                gate.kill()
                gate.wait()


def say(folder: Path, name: str, *options: str) -> int:
    """Run a command as the service manager does; its exit code."""
    command = [sys.executable, "-m", "terminal", name, "--config", str(folder / "gate.toml"), *options]
    return subprocess.run(command, timeout=WITHIN_S, check=False).returncode


@pytest.mark.real_part("RPi.GPIO on a register file")
def test_gate_is_killed_and_release_drops_what_it_left(folder: Path) -> None:
    registers = Registers(folder / "registers")
    with inside_a_pi(registers, folder):
        with running(folder) as gate:
            assert registers.output(LOCK) is False
            assert registers.drives(GREEN)
            assert registers.drives(SUPPLY)
            assert say(folder, "open", "--door", "main", "--operator", "1", "--reason", "test") == 0
            assert registers.output(LOCK) is True
            assert say(folder, "release") == 75
            assert registers.output(LOCK) is True
            gate.send_signal(signal.SIGKILL)
            gate.wait()
        assert registers.output(LOCK) is True, "nobody is left to lock it"
        assert say(folder, "release") == 0
        assert not any(registers.drives(pin) for pin in (LOCK, GREEN, SUPPLY))
    registers.close()


@pytest.mark.real_part("RPi.GPIO on a register file")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_gate_that_is_told_to_end_leaves_nothing_driven(folder: Path, number: signal.Signals) -> None:
    registers = Registers(folder / "registers")
    with inside_a_pi(registers, folder), running(folder) as gate:
        gate.send_signal(number)
        assert gate.wait(WITHIN_S) == 0
        assert not any(registers.drives(pin) for pin in (LOCK, GREEN, SUPPLY))
    registers.close()


@pytest.mark.real_part("RPi.GPIO on a register file")
def test_second_gate_on_the_same_pins_does_not_touch_them(folder: Path, tmp_path: Path) -> None:
    registers = Registers(folder / "registers")
    other = tmp_path / "other.toml"
    other.write_text(CONFIG.format(folder=folder))
    with inside_a_pi(registers, folder), running(folder):
        assert registers.output(LOCK) is False
        second = [sys.executable, "-m", "terminal", "gate", "--config", str(other)]
        told = subprocess.run(second, timeout=WITHIN_S, check=False, capture_output=True)
        assert told.returncode == 69
        assert b"another process" in told.stderr
        assert registers.output(LOCK) is False
        assert say(folder, "release", "--force") == 0, "the pins of a process that hangs"
        assert registers.output(LOCK) is None
    registers.close()


def test_it_is_refused_beside_a_running_gate(house: House) -> None:
    house.give_list()
    with house.gate():
        said = house.run("release")
    assert said.code == 75
    assert "--force" in said.err
    assert house.run("release").code == 0


def test_state_that_cannot_be_looked_at_is_no_reason_to_leave_a_relay_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = folder / "gate.toml"
    config.write_text(CONFIG.format(folder=folder / "nowhere").replace("rpi_gpio", "sim"))
    assert main(["release", "--json", "--config", str(config)]) == 0
    assert json.loads(capsys.readouterr().out)["released"] == ["GPIO17", "22", "23"]


def test_backend_that_is_not_there_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = folder / "gate.toml"
    config.write_text(CONFIG.format(folder=folder).replace("rpi_gpio", "gpiod"))
    if any(Path("/dev").glob("gpiochip*")):
        pytest.skip("this machine has a GPIO chip")
    assert main(["release", "--config", str(config)]) == 69
    assert "no GPIO chip" in capsys.readouterr().err
