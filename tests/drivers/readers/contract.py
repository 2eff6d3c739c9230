"""What every reader driver must be able to show of itself, and the rig that lets it.

A new reader ``drivers/readers/<kind>.py`` brings ``rig_<kind>.py`` beside this file with a
function ``rig(request)``; ``test_contract.py`` finds both.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

import pytest

from drivers.ports import Reader, Technology


class Rig(Protocol):
    """A device that can be played on; leaving the context takes it down."""

    technology: Technology
    """What its chips are read as."""

    def table(self) -> Mapping[str, object]:
        """Config table that opens the device."""

    def attach(self, reader: Reader) -> None:
        """Told of each reader opened on the rig."""

    def present(self, number: bytes) -> None:
        """Hold a chip with this number to it."""

    def remove(self) -> None:
        """Take the chip away."""

    def take_away_device(self) -> Mapping[str, object]:
        """Remove the device before opening; the config table to try then."""


class RigMaker(Protocol):
    """``rig`` in ``rig_<kind>.py``; calls ``pytest.skip`` with the reason where it cannot run."""

    def __call__(self, request: pytest.FixtureRequest) -> AbstractContextManager[Rig]: ...
