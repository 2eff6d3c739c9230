"""Readers and scanners that send a line of text over a serial line or a USB serial port.

Cards as decimal or hexadecimal text, and bar or QR codes. Nothing in such a line proves that it
came whole, so what must stand in it (marks, prefix, length, base) is set as tightly as can be.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, unique
from typing import Annotated, Final

from msgspec import Struct

from drivers.ports import MAX_NUMBER_BYTES, CardRead, Claim
from drivers.readers._serial_port import Baud, Character, SerialPort
from drivers.readers._stream import PAUSE_S, StreamReader
from drivers.readers._text_number import MAX_MARK_LENGTH, TextNumber
from drivers.settings import Length

MAX_LINE_BYTES: Final = 4 * (MAX_NUMBER_BYTES + 2 * MAX_MARK_LENGTH)
"""The longest number with prefix and suffix, four bytes a character: what is cut off here fits no setting."""
_LINE_ENDS: Final = "\r\n"
_FIRST_IN_PAIRS: Final = 0x30
"""From here on, a byte may also be the second or fourth of a GB 18030 character."""


@unique
class Encoding(Enum):
    """How the scanner writes what is not ASCII."""

    ASCII = "ascii"
    UTF_8 = "utf-8"
    LATIN_1 = "latin-1"
    GB18030 = "gb18030"


class Settings(Struct, frozen=True):
    """Where the scanner is connected, and what its lines look like."""

    port: Annotated[str, Length(1, 255)]
    """Path of the serial port; under ``/dev/serial/by-id`` it stays the same over a replug."""
    number: TextNumber
    """How a line becomes a number."""
    baud: Baud = Baud.B9600
    character: Character = Character.C8N1
    start: Annotated[str, Length(0, 8)] = ""
    """Each of these characters begins a line; with any, what stands outside a line is noise."""
    end: Annotated[str, Length(0, 8)] = ""
    """Each of these characters ends a line. Empty: carriage return and line feed."""
    encoding: Encoding = Encoding.ASCII

    def __post_init__(self) -> None:
        marks = self.start + self.end
        if not marks.isascii():
            raise ValueError("'start' and 'end' are ASCII characters")
        if self.encoding is Encoding.GB18030 and any(ord(mark) >= _FIRST_IN_PAIRS for mark in marks):
            raise ValueError("'start' and 'end' could stand inside a character of gb18030; use others")
        if set(self.start) & set(self.end or _LINE_ENDS):
            raise ValueError("'start' and 'end' share a character: a line would end where it begins")


class Decoder:
    """Lines out of whatever comes over the wire."""

    def __init__(self, settings: Settings) -> None:
        self._number = settings.number
        self._encoding = settings.encoding.value
        self._starts = frozenset(settings.start.encode("ascii"))
        self._ends = frozenset((settings.end or _LINE_ENDS).encode("ascii"))
        self._line = bytearray()
        self._is_open = not self._starts
        self._fed_at = 0.0

    def feed(self, data: bytes, now: float) -> list[CardRead]:
        """The cards and codes whose line ends in ``data``; what does not fit the settings is noise."""
        if now - self._fed_at > PAUSE_S:
            self._begin(is_open=not self._starts)
        self._fed_at = now
        reads = []
        for byte in data:
            if byte in self._ends:
                if (read := self._read(now)) is not None:
                    reads.append(read)
                self._begin(is_open=not self._starts)
            elif byte in self._starts:
                self._begin(is_open=True)
            elif self._is_open and len(self._line) <= MAX_LINE_BYTES:
                self._line.append(byte)
        return reads

    def _begin(self, *, is_open: bool) -> None:
        self._line.clear()
        self._is_open = is_open

    def _read(self, now: float) -> CardRead | None:
        try:
            line = self._line.decode(self._encoding)
        except UnicodeDecodeError:
            return None
        return self._number.read(line, now)


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
    port = SerialPort(settings.port, settings.baud, settings.character, kind="serial_text")
    return StreamReader(port, Decoder(settings), clock)
