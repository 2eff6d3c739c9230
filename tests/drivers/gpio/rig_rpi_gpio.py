"""The real RPi.GPIO under the contract, on a register file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from drivers.ports import Gpio, Pull
from tests.support.pi import Registers


class RpiRig:
    """Measures and drives by the registers, on a clock that only tests move."""

    outputs = ("17", "GPIO27")
    inputs = ("5", "GPIO22")

    def __init__(self, registers: Registers) -> None:
        self._registers = registers
        self._now = 1000.0
        self._seen: dict[str, list[bool | None]] = {}

    def table(self) -> Mapping[str, object]:
        return {}

    def attach(self, gpio: Gpio) -> None:
        """The registers are there, whoever writes them."""

    def clock(self) -> float:
        return self._now

    def measure(self, line: str) -> bool | None:
        return self._registers.output(_pin(line))

    def levels_since_start(self, line: str) -> list[bool | None]:
        seen = self._seen.setdefault(line, [])
        if self.measure(line) not in seen[-1:]:
            seen.append(self.measure(line))
        return seen

    def drive(self, line: str, level: bool) -> None:
        self._registers.put(_pin(line), level)

    def leave_open(self, line: str, pull: Pull) -> None:
        self._registers.put(_pin(line), pull is Pull.UP)

    def let_pass(self, seconds: float) -> None:
        self._now += seconds


def _pin(line: str) -> int:
    return int(line.removeprefix("GPIO"))


@contextmanager
def rig(request: pytest.FixtureRequest) -> Iterator[RpiRig]:
    """A Raspberry Pi whose registers are a file; skips where there can be none."""
    yield RpiRig(request.getfixturevalue("pi"))
