"""What every GPIO backend must be able to show of itself, and the rig that lets it.

A backend ``drivers/gpio/<kind>.py`` brings ``rig_<kind>.py`` beside this file with a function
``rig(request)``; ``test_contract.py`` finds both.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

import pytest

from drivers.ports import Gpio, Pull


class Rig(Protocol):
    """A bank whose pins can be measured and driven from outside."""

    outputs: tuple[str, str]
    inputs: tuple[str, str]
    """Names of two lines that may be claimed each way."""

    def table(self) -> Mapping[str, object]:
        """Config table that opens the bank."""

    def attach(self, gpio: Gpio) -> None:
        """Told of the bank opened on the rig."""

    def clock(self) -> float:
        """Monotonic seconds the bank is given."""

    def measure(self, line: str) -> bool | None:
        """Electrical level of an output; None when undriven."""

    def levels_since_start(self, line: str) -> list[bool | None]:
        """Every level the output has had, the present one last."""

    def drive(self, line: str, level: bool) -> None:
        """Put an input line high or low."""

    def leave_open(self, line: str, pull: Pull) -> None:
        """Nothing drives an input that will be claimed with ``pull``; for rigs without silicon that pulls."""

    def let_pass(self, seconds: float) -> None:
        """Let so much time go by on the bank's clock."""


class RigMaker(Protocol):
    """``rig`` in ``rig_<kind>.py``; calls ``pytest.skip`` with the reason where it cannot run."""

    def __call__(self, request: pytest.FixtureRequest) -> AbstractContextManager[Rig]: ...
