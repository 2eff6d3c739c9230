"""The OSDP reader under the contract, against libosdp's own peripheral."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.ports import Reader, Technology
from drivers.virtual_osdp import OsdpBus
from tests.drivers.readers.contract import NUMBERS

KEY = "8f1c3a5be2d4967780aabb1122cc33dd"
ADDRESS = 5


def write_key(folder: Path, key: str = KEY) -> str:
    """A key file as a technician makes it."""
    path = folder / f"reader-{key[:4]}.key"
    path.write_text(key + "\n", encoding="ascii")
    path.chmod(0o600)
    return str(path)


class OsdpRig:
    """Holds chips to the peripheral."""

    technology = Technology.WIEGAND
    numbers = NUMBERS
    library = "osdp_sys"

    def __init__(self, bus: OsdpBus, key: str) -> None:
        self._bus = bus
        self._key = key

    def table(self) -> Mapping[str, object]:
        return {"port": self._bus.path, "address": ADDRESS, "key": self._key}

    def attach(self, reader: Reader) -> None:
        """The peripheral is reached by its bus, whoever reads."""

    def present(self, number: bytes) -> None:
        self._bus.tell("card", ADDRESS, data=number.hex())

    def remove(self) -> None:
        """Nothing goes over the bus."""

    def take_away_device(self) -> Mapping[str, object]:
        self._bus.end()
        return self.table()


@contextmanager
def rig(request: pytest.FixtureRequest) -> Iterator[OsdpRig]:
    """A bus with one peripheral."""
    folder: Path = request.getfixturevalue("tmp_path")
    with OsdpBus({ADDRESS: KEY}) as bus:
        yield OsdpRig(bus, write_key(folder))
