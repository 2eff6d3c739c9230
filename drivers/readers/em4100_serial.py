"""125 kHz readers that send each EM4100 number over a serial line: RDM6300, ID-12LA, ID-20LA and the like.

A frame is STX, ten hexadecimal digits, two of their checksum (the five bytes XORed), ETX; the
ID series has CR LF before ETX. Many modules repeat it for as long as a card is held.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from operator import xor
from typing import Annotated, Final

from msgspec import Struct

from drivers.ports import CardRead, Claim, Technology
from drivers.readers._serial_port import Baud, Character, SerialPort
from drivers.readers._stream import StreamReader
from drivers.settings import Length

NUMBER_BYTES: Final = 5
"""An EM4100 chip holds 40 bits: 8 of version or customer, 32 of number."""

_STX: Final = b"\x02"
_FRAME: Final = re.compile(rb"\x02([0-9A-Fa-f]{10})([0-9A-Fa-f]{2})(?:\r\n)?\x03")
_MAX_FRAME_BYTES: Final = 16


class Settings(Struct, frozen=True):
    """Where the reader is connected."""

    port: Annotated[str, Length(1, 255)]
    """Path of the serial port; under ``/dev/serial/by-id`` it stays the same over a replug."""
    baud: Baud = Baud.B9600
    """The modules named above know no other speed."""


class Decoder:
    """Frames out of whatever comes over the line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes, now: float) -> list[CardRead]:
        """The cards whose last byte is in ``data``; a frame with a wrong checksum is noise."""
        data = self._rest + data
        reads = []
        end = 0
        for found in _FRAME.finditer(data):
            end = found.end()
            number = bytes.fromhex(found[1].decode("ascii"))
            if reduce(xor, number) == int(found[2], 16):
                reads.append(CardRead(Technology.EM4100, number, 8 * NUMBER_BYTES, now))
        # Only what can still become a frame: the last STX, unless it is too far back.
        start = data.rfind(_STX, max(end, len(data) - _MAX_FRAME_BYTES + 1))
        self._rest = b"" if start < 0 else data[start:]
        return reads


def claims(settings: Settings) -> tuple[Claim, ...]:
    """The port, for the finding of another device on it."""
    return (Claim(f"port {settings.port!r}"),)


def open_reader(settings: Settings, clock: Callable[[], float]) -> StreamReader:
    """Open the port and listen; ``clock`` gives monotonic seconds.

    Raises:
        DriverLibraryError: pyserial is not installed.
        DriverUnavailableError: no such port, or another program uses it.
        DriverPermissionError: this user may not use it.
        DriverMismatchError: it is no serial port.
    """
    port = SerialPort(settings.port, settings.baud, Character.C8N1, kind="em4100_serial")
    return StreamReader(port, Decoder(), clock)
