"""The real rpi-lgpio under the driver's name for it: its errors anywhere, its pins on a kernel chip.

It has the module name of RPi.GPIO, so it lies in a folder of its own and each test in a process of its own.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

import pytest

from tests.support.rpi_lgpio import A_PI_4, FOLDER, run

pytestmark = [
    pytest.mark.real_part("rpi-lgpio"),
    pytest.mark.skipif(not FOLDER.is_dir(), reason="rpi-lgpio is not there; scripts/test builds it"),
]

OPENED: Final = """
import sys, time
from pathlib import Path
from drivers.gpio import _rpi_library
from drivers.gpio.rpi_gpio import Settings, open_gpio
{before}
try:
    open_gpio(Settings(), time.monotonic)
except Exception as error:
    print(type(error).__name__, error)
"""

AS_NOBODY: Final = "import os, RPi.GPIO; os.setgid(65534); os.setuid(65534)"


def test_machine_that_is_no_raspberry_pi_is_told() -> None:
    told = run(OPENED.format(before=""))
    assert told.startswith("DriverSettingsError")
    assert "'gpiod'" in told


def test_raspberry_pi_without_a_chip_is_told(tmp_path: Path) -> None:
    before = f"_rpi_library.DEVICES = Path({str(tmp_path)!r})"
    told = run(OPENED.format(before=before), RPI_LGPIO_CHIP="99", **A_PI_4)
    assert told.startswith("DriverUnavailableError rpi-lgpio finds no GPIO chip")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_user_outside_the_group_is_told_which() -> None:
    with tempfile.TemporaryDirectory() as devices:  # pytest's own folders are closed to others
        Path(devices).chmod(0o755)
        Path(devices, "gpiochip0").touch(mode=0o600)
        before = f"_rpi_library.DEVICES = Path({devices!r})\n" + AS_NOBODY
        told = run(OPENED.format(before=before), RPI_LGPIO_CHIP="99", **A_PI_4)
    assert told.startswith("DriverPermissionError")
    assert "usermod -aG gpio" in told
