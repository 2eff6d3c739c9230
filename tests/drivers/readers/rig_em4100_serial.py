"""An RDM6300 under the contract, on a paced line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from operator import xor

import pytest

from drivers.ports import Reader, Technology
from drivers.readers.em4100_serial import Decoder
from tests.drivers.readers.contract import Stream
from tests.support.paced_line import PacedLine

EM4100 = Technology.EM4100


def frame(number: bytes, *, before_end: bytes = b"") -> bytes:
    """What the module sends for a card."""
    return b"\x02%s%02X%s\x03" % (number.hex().upper().encode(), reduce(xor, number), before_end)


STREAMS = (
    Stream(
        "modules' captured frames",
        Decoder,
        (
            # 62 ^ E3 ^ 08 ^ 6C ^ ED = 08: the example of the ID-12LA data sheet, with its CR LF.
            (b"\x0262E3086CED08\r\n\x03", (EM4100, bytes.fromhex("62E3086CED"), 40)),
            (b"\x020A00F12B3CEC\x03", (EM4100, bytes.fromhex("0A00F12B3C"), 40)),
            (b"\x02000000000101\x03", (EM4100, bytes.fromhex("0000000001"), 40)),
        ),
    ),
)


class Em4100Rig:
    """A module that sends each card once."""

    technology = EM4100
    numbers = (bytes.fromhex("62E3086CED"), bytes.fromhex("0A00F12B3C"))
    library = "serial"

    def __init__(self, line: PacedLine) -> None:
        self._line = line

    def table(self) -> Mapping[str, object]:
        return {"port": self._line.port}

    def attach(self, reader: Reader) -> None:
        """The line is there, whoever reads."""

    def present(self, number: bytes) -> None:
        self._line.send(frame(number))

    def remove(self) -> None:
        """The module says nothing when a card goes."""

    def take_away_device(self) -> Mapping[str, object]:
        self._line.unplug()
        return self.table()


@contextmanager
def rig(request: pytest.FixtureRequest) -> Iterator[Em4100Rig]:
    """A module on a line of 9600 baud."""
    with PacedLine(9600) as line:
        yield Em4100Rig(line)
