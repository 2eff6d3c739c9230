"""The real RPi.GPIO 0.7.1 on a register file: what the pins do, also when nobody is left to drive them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from drivers.gpio.rpi_gpio import POLL_S, RpiGpio, Settings, open_gpio, release_outputs
from drivers.ports import DriverPermissionError, DriverSettingsError, DriverUnavailableError, Pull
from tests.support.pi import Registers

pytestmark = pytest.mark.real_part("RPi.GPIO on a register file")

RELAY, PULLED_UP_RELAY = "17", "GPIO4"
OWNER: Final = """
import sys, time
from drivers.gpio.rpi_gpio import Settings, open_gpio
gpio = open_gpio(Settings(), time.monotonic)
relay = gpio.claim_output("17", user="door", active_low=False)
print("claimed", flush=True)
sys.stdin.readline()
relay.set(True)
print("driven", flush=True)
sys.stdin.read()
gpio.close()
"""


@pytest.fixture
def gpio(pi: Registers) -> Iterator[RpiGpio]:
    opened = open_gpio(Settings(), time.monotonic)
    yield opened
    opened.close()


@pytest.fixture
def owner(pi: Registers) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the relay; it lives on the same Raspberry Pi."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"claimed\n"
        assert pi.output(17) is False
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"driven\n"
        assert pi.output(17) is True
        yield process
        process.kill()


@pytest.mark.parametrize("name", ["28", "GPIO28", "gpio17", "-1", "3v3", "", "017"])
def test_name_that_is_no_header_pin_is_refused(gpio: RpiGpio, name: str) -> None:
    with pytest.raises(DriverSettingsError, match="no header pin"):
        gpio.claim_output(name, user="door", active_low=False)


def test_one_pin_by_two_names_is_one_pin(gpio: RpiGpio) -> None:
    gpio.claim_output("17", user="doors.main", active_low=False)
    with pytest.raises(DriverSettingsError, match=r"doors\.main and by readers\.in"):
        gpio.claim_output("GPIO17", user="readers.in", active_low=False)


@pytest.mark.parametrize("pull", Pull)
def test_bias_is_that_of_the_configuration(gpio: RpiGpio, pi: Registers, pull: Pull) -> None:
    gpio.claim_input("22", user="door", active_low=False, pull=pull, debounce_s=0.03)
    assert pi.pull(22) is pull
    assert pi.output(22) is None


def test_closed_bank_leaves_its_outputs_as_they_were_at_power_up(gpio: RpiGpio, pi: Registers) -> None:
    for name in (RELAY, PULLED_UP_RELAY):
        gpio.claim_output(name, user=name, active_low=False)
    gpio.close()
    assert [(pi.output(pin), pi.pull(pin)) for pin in (17, 4)] == [(None, Pull.DOWN), (None, Pull.UP)]


def test_polling_goes_on_for_ever_and_only_with_inputs(pi: Registers) -> None:
    now = 1000.0
    with closing(open_gpio(Settings(), lambda: now)) as gpio:
        assert gpio.next_deadline() is None
        gpio.claim_input("22", user="door", active_low=False, pull=Pull.UP, debounce_s=0.03)
        for now in (1000.0, 2000.0):
            gpio.read_changes()
            assert gpio.next_deadline() == now + POLL_S


def test_second_process_is_refused_and_moves_nothing(owner: subprocess.Popen[bytes], pi: Registers) -> None:
    assert pi.output(17) is True
    with pytest.raises(DriverUnavailableError, match="another process"):
        open_gpio(Settings(), time.monotonic)
    with pytest.raises(DriverUnavailableError, match="another process"):
        release_outputs(Settings(), [RELAY], force=False)
    assert pi.output(17) is True


def test_owner_that_ends_well_leaves_nothing_driven(owner: subprocess.Popen[bytes], pi: Registers) -> None:
    assert owner.stdin is not None
    owner.stdin.close()
    assert owner.wait(10) == 0
    assert pi.output(17) is None


def test_killed_owner_leaves_the_relay_on_and_release_drops_it(
    owner: subprocess.Popen[bytes], pi: Registers
) -> None:
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert pi.output(17) is True, "the library writes registers; nobody undoes it"
    release_outputs(Settings(), [RELAY, PULLED_UP_RELAY], force=False)
    assert [(pi.output(pin), pi.pull(pin)) for pin in (17, 4)] == [(None, Pull.DOWN), (None, Pull.UP)]


def test_forced_release_drops_the_relay_of_a_process_that_hangs(
    owner: subprocess.Popen[bytes], pi: Registers
) -> None:
    release_outputs(Settings(), [RELAY], force=True)
    assert pi.output(17) is None


def test_release_goes_on_after_a_line_that_is_none(pi: Registers, gpio: RpiGpio) -> None:
    gpio.claim_output(RELAY, user="door", active_low=True)
    gpio.library.close()
    with pytest.raises(DriverUnavailableError, match="no header pin is called 'relay1'"):
        release_outputs(Settings(), ["relay1", RELAY], force=False)
    assert pi.output(17) is None


def test_registers_that_are_not_there_or_not_ours_are_told_with_their_cure(
    pi: Registers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("drivers.gpio._rpi_library.REGISTERS", tmp_path / "gpiomem")
    with pytest.raises(DriverUnavailableError, match="gpiod"):
        open_gpio(Settings(), time.monotonic)


OPENED: Final = """
import time
from drivers.gpio.rpi_gpio import Settings, open_gpio
try:
    open_gpio(Settings(), time.monotonic)
except Exception as error:
    print(type(error).__name__, error)
"""


def test_user_outside_the_group_is_told_which(pi: Registers) -> None:
    pi.file.chmod(0o660)
    # What must be imported is imported first: this tree may be hidden from others.
    nobody = "import os, RPi.GPIO, drivers.gpio.rpi_gpio; os.setgid(65534); os.setuid(65534)\n"
    told = subprocess.run(
        [sys.executable, "-c", nobody + OPENED], capture_output=True, text=True, check=True
    ).stdout
    assert told.startswith(DriverPermissionError.__name__)
    assert "usermod -aG gpio" in told


def test_machine_of_another_kind_is_told() -> None:
    told = subprocess.run([sys.executable, "-c", OPENED], capture_output=True, text=True, check=True).stdout
    assert told.startswith(DriverSettingsError.__name__)
    assert "'gpiod'" in told
