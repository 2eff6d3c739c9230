"""The real gpiod under the contract, on a chip that the kernel's gpio-sim plays (scripts/gpio-sim)."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from drivers.ports import Gpio, Pull

CONFIG: Final = Path("/sys/kernel/config/gpio-sim")
LABEL: Final = "gatehouse-test"
NAMES: Final = {0: "relay", 2: "contact"}
LINES: Final = 8


class GpiodRig:
    """Measures and drives by gpio-sim's files; its clock is the kernel's."""

    outputs = ("relay", "1")
    inputs = ("contact", "3")

    def __init__(self, chip: str, files: Path) -> None:
        self.chip = chip
        self.files = files
        self._seen: dict[str, list[bool | None]] = {}

    def table(self) -> Mapping[str, object]:
        return {"chip": LABEL}

    def attach(self, gpio: Gpio) -> None:
        """The chip is there, whoever opens it."""

    def clock(self) -> float:
        return time.monotonic()

    def measure(self, line: str) -> bool | None:
        import gpiod  # noqa: PLC0415 - a gate may lack it

        with gpiod.Chip(f"/dev/{self.chip}") as chip:
            if chip.get_line_info(_offset(line)).direction is not gpiod.line.Direction.OUTPUT:
                return None
        return (self.files / f"sim_gpio{_offset(line)}" / "value").read_text().strip() == "1"

    def levels_since_start(self, line: str) -> list[bool | None]:
        seen = self._seen.setdefault(line, [])
        if self.measure(line) not in seen[-1:]:
            seen.append(self.measure(line))
        return seen

    def drive(self, line: str, level: bool) -> None:
        pull = self.files / f"sim_gpio{_offset(line)}" / "pull"
        pull.write_text("pull-up" if level else "pull-down")

    def leave_open(self, line: str, pull: Pull) -> None:
        """A claim's bias is what a simulated line follows."""

    def let_pass(self, seconds: float) -> None:
        select.select((), (), (), seconds)  # the kernel's clock, which no test can move


def _offset(line: str) -> int:
    return next((offset for offset, name in NAMES.items() if name == line), None) or int(
        line if line.isdigit() else 0
    )


@contextmanager
def simulated_chip(label: str = LABEL) -> Iterator[GpiodRig]:
    """A chip of its own; skips on a kernel without gpio-sim."""
    if not CONFIG.is_dir():
        pytest.skip("no kernel GPIO chip here: scripts/gpio-sim runs this in an emulated machine")
    device = CONFIG / label
    bank = device / "bank"
    made = [device, bank, *(bank / f"line{offset}" for offset in NAMES)]
    for folder in made:
        folder.mkdir()
    (bank / "num_lines").write_text(str(LINES))
    (bank / "label").write_text(label)
    for offset, name in NAMES.items():
        (bank / f"line{offset}" / "name").write_text(name)
    (device / "live").write_text("1")
    try:
        chip = (bank / "chip_name").read_text().strip()
        platform = (device / "dev_name").read_text().strip()
        yield GpiodRig(chip, Path("/sys/devices/platform", platform, chip))
    finally:
        if (device / "live").read_text().strip() == "1":
            (device / "live").write_text("0")
        for folder in reversed(made):
            folder.rmdir()


@contextmanager
def rig(request: pytest.FixtureRequest) -> Iterator[GpiodRig]:
    """A fresh simulated chip."""
    with simulated_chip() as made:
        yield made
