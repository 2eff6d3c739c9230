"""The simulated reader under the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from drivers.ports import Reader, Technology
from drivers.readers.sim import SimReader
from tests.drivers.readers.contract import NUMBERS


class SimRig:
    """Plays on the reader object itself."""

    technology = Technology.ISO14443A
    numbers = NUMBERS
    library = ""

    def __init__(self) -> None:
        self._reader: SimReader | None = None

    def table(self) -> Mapping[str, object]:
        return {}

    def attach(self, reader: Reader) -> None:
        assert isinstance(reader, SimReader)
        self._reader = reader

    def present(self, number: bytes) -> None:
        assert self._reader is not None
        self._reader.present(Technology.ISO14443A, number)

    def remove(self) -> None:
        assert self._reader is not None
        self._reader.remove()

    def take_away_device(self) -> Mapping[str, object]:
        return {"absent": True}


@contextmanager
def rig(request: pytest.FixtureRequest) -> Iterator[SimRig]:
    """A simulated reader needs nothing around it."""
    yield SimRig()
