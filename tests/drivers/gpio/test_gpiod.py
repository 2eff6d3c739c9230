"""The real gpiod: its errors on any machine; on a kernel GPIO chip (scripts/gpio-sim) also the rest."""

from __future__ import annotations

import builtins
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from drivers import gpio_chip
from drivers.gpio.gpiod import LOOK_AGAIN_S, GpiodBank, Settings, open_gpio, release_outputs
from drivers.ports import (
    DriverLibraryError,
    DriverMismatchError,
    DriverPermissionError,
    DriverSettingsError,
    DriverUnavailableError,
    Pull,
)
from tests.drivers.gpio.rig_gpiod import LABEL, GpiodRig, simulated_chip

OWNER: Final = f"""
import sys, time
from drivers.gpio.gpiod import Settings, open_gpio
gpio = open_gpio(Settings(chip={LABEL!r}), time.monotonic)
gpio.claim_output("relay", user="doors.main", active_low=False).set(True)
print("driven", flush=True)
sys.stdin.read()
"""


AS_NOBODY: Final = """
import os, sys, time
import gpiod, drivers.gpio.gpiod as backend
os.setgid(65534); os.setuid(65534)
try:
    backend.open_gpio(backend.Settings(chip=sys.argv[1]), time.monotonic)
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of /dev."""
    monkeypatch.setattr(gpio_chip, "DEVICES", tmp_path)
    return tmp_path


def refused(chip: str, error: type[Exception]) -> str:
    """What opening this chip is refused with."""
    with pytest.raises(error) as told:
        open_gpio(Settings(chip=chip), time.monotonic)
    return str(told.value)


def test_machine_without_any_chip_is_told(devices: Path) -> None:
    assert "no GPIO chip is labelled 'pinctrl-rp1'" in refused("pinctrl-rp1", DriverUnavailableError)
    text = refused("", DriverUnavailableError)
    assert all(label in text for label in ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"))


def test_path_that_is_not_there_is_told(devices: Path) -> None:
    assert "gpiodetect" in refused(str(devices / "gpiochip0"), DriverUnavailableError)


@pytest.mark.parametrize("path", ["/dev/null", "/proc/version", "/"])
def test_device_of_another_kind_is_told(path: str) -> None:
    assert f"{path} is no GPIO chip" in refused(path, DriverMismatchError)


def test_devices_of_another_kind_are_passed_over_when_looking_for_a_label(devices: Path) -> None:
    (devices / "gpiochip0").symlink_to("/dev/null")
    (devices / "gpiochip1").symlink_to("nowhere")
    assert "gpiodetect" in refused("pinctrl-rp1", DriverUnavailableError)


def test_missing_library_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", None)
    assert ".[gpiod]" in refused("", DriverLibraryError)


def test_library_of_the_old_interface_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", type(builtins)("gpiod"))
    assert "gpiod 2 or later" in refused("", DriverLibraryError)


# From here on with a chip.


@pytest.fixture
def rig() -> Iterator[GpiodRig]:
    with simulated_chip() as made:
        yield made


@pytest.fixture
def bank(rig: GpiodRig) -> Iterator[GpiodBank]:
    opened = open_gpio(Settings(chip=LABEL), time.monotonic)
    yield opened
    opened.close()


def changes_within(bank: GpiodBank, seconds: float) -> list[tuple[str, bool]]:
    """All changes that come in this time."""
    end, told = time.monotonic() + seconds, []
    while (left := end - time.monotonic()) > 0:
        select.select([bank.fileno()], [], [], left)
        told += [(change.line, change.active) for change in bank.read_changes()]
    return told


def test_chip_is_found_by_path_and_its_lines_by_name_and_number(rig: GpiodRig) -> None:
    bank = open_gpio(Settings(chip=f"/dev/{rig.chip}"), time.monotonic)
    try:
        bank.claim_output("relay", user="doors.main", active_low=False)
        with pytest.raises(DriverSettingsError, match=r"doors\.main and by readers\.in"):
            bank.claim_output("0", user="readers.in", active_low=False)
        with pytest.raises(DriverSettingsError, match="has no line 'buzzer'"):
            bank.claim_output("buzzer", user="readers.in", active_low=False)
        with pytest.raises(DriverSettingsError, match="has no line '8'"):
            bank.claim_output("8", user="readers.in", active_low=False)
    finally:
        bank.close()


@pytest.mark.parametrize("by", ["label", "path"])
def test_user_without_permission_is_told_the_group(rig: GpiodRig, by: str) -> None:
    chip = LABEL if by == "label" else f"/dev/{rig.chip}"
    command = [sys.executable, "-c", AS_NOBODY, chip]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.startswith(DriverPermissionError.__name__)
    assert "usermod -aG gpio" in told


def test_edges_lost_in_a_storm_leave_no_wrong_level(bank: GpiodBank, rig: GpiodRig) -> None:
    line = bank.claim_input("contact", user="door", active_low=False, pull=Pull.DOWN, debounce_s=0.0)
    for number in range(301):
        rig.drive("contact", number % 2 == 0)
    told = changes_within(bank, 0.2)
    assert 0 < len(told) < 301, "the kernel keeps 64 edges"
    assert told[-1] == ("contact", True)
    assert line.is_active()


def test_busy_line_names_its_user_and_a_dead_owner_is_released(rig: GpiodRig) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"driven\n"
        assert rig.measure("relay") is True
        other = open_gpio(Settings(chip=LABEL), time.monotonic)
        with pytest.raises(DriverUnavailableError, match=r"in use by 'gatehouse doors\.main'"):
            other.claim_output("relay", user="x", active_low=False)
        other.close()
        with pytest.raises(DriverUnavailableError, match="in use by"):
            release_outputs(Settings(chip=LABEL), ["relay"], force=True)
        assert rig.measure("relay") is True
        owner.send_signal(signal.SIGKILL)
    release_outputs(Settings(chip=LABEL), ["relay", "1"], force=False)
    assert [rig.measure(line) for line in ("relay", "1")] == [None, None]


def test_descriptor_and_deadline_rest_while_nothing_moves(bank: GpiodBank) -> None:
    assert bank.next_deadline() is None
    bank.claim_input("contact", user="door", active_low=False, pull=Pull.UP, debounce_s=0.03)
    before = time.monotonic()
    assert bank.read_changes() == ()
    assert not select.select([bank.fileno()], [], [], 0.1)[0]
    deadline = bank.next_deadline()
    assert deadline is not None
    assert deadline - before > LOOK_AGAIN_S / 2


def test_chip_that_goes_away_is_told(bank: GpiodBank, rig: GpiodRig) -> None:
    output = bank.claim_output("relay", user="door", active_low=False)
    bank.claim_input("contact", user="door", active_low=False, pull=Pull.DOWN, debounce_s=0.0)
    Path("/sys/kernel/config/gpio-sim", LABEL, "live").write_text("0")
    with pytest.raises(DriverUnavailableError, match="'relay'"):
        output.set(True)
    with pytest.raises(DriverUnavailableError, match="'contact'"):
        changes_within(bank, 1.5 * LOOK_AGAIN_S)
