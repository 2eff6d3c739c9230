"""The simulated bank under the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from drivers.gpio.sim import SimGpio
from drivers.ports import Gpio, Pull


class SimRig:
    """Measures and drives the bank by its own world, on a clock that only tests move."""

    outputs = ("lock", "green")
    inputs = ("contact", "exit")

    def __init__(self) -> None:
        self._now = 1000.0
        self._gpio: SimGpio | None = None

    @property
    def gpio(self) -> SimGpio:
        assert self._gpio is not None, "attach first"
        return self._gpio

    def table(self) -> Mapping[str, object]:
        return {}

    def attach(self, gpio: Gpio) -> None:
        assert isinstance(gpio, SimGpio)
        self._gpio = gpio

    def clock(self) -> float:
        return self._now

    def measure(self, line: str) -> bool | None:
        return self.gpio.level(line)

    def levels_since_start(self, line: str) -> list[bool | None]:
        return [moved.level for moved in self.gpio.history() if moved.line == line]

    def drive(self, line: str, level: bool) -> None:
        self.gpio.set_level(line, level)

    def leave_open(self, line: str, pull: Pull) -> None:
        self.gpio.set_level(line, None)

    def let_pass(self, seconds: float) -> None:
        self._now += seconds


@contextmanager
def rig(request: pytest.FixtureRequest) -> Iterator[SimRig]:
    """A simulated bank needs nothing around it."""
    yield SimRig()
