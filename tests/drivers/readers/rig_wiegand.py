"""The Wiegand reader under the contract, on a simulated wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from drivers.ports import Reader, Technology
from drivers.readers._edges import SimEdges
from drivers.readers.wiegand import WiegandReader
from tests.drivers.readers.contract import NUMBERS


class WiegandRig:
    """Sends frames as a reader does once for each chip: nothing is heard while it is held."""

    technology = Technology.WIEGAND
    numbers = NUMBERS
    library = ""  # on a simulated wire

    def __init__(self) -> None:
        self._wire: SimEdges | None = None

    def table(self) -> Mapping[str, object]:
        return {"chip": "sim", "data0": "GPIO5", "data1": "GPIO6", "formats": ["32", "56"]}

    def attach(self, reader: Reader) -> None:
        assert isinstance(reader, WiegandReader)
        assert isinstance(reader.source, SimEdges)
        self._wire = reader.source

    def present(self, number: bytes) -> None:
        assert self._wire is not None
        self._wire.send(int.from_bytes(number, "big"), 8 * len(number))

    def remove(self) -> None:
        """Nothing goes over the wire."""

    def take_away_device(self) -> Mapping[str, object]:
        return {"chip": "gpiochip4711", "data0": "GPIO5", "data1": "GPIO6"}


@contextmanager
def rig(request: pytest.FixtureRequest) -> Iterator[WiegandRig]:
    """A simulated wire needs nothing around it."""
    yield WiegandRig()
