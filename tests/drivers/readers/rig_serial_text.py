"""A scanner of text under the contract, on a paced line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from drivers.ports import Reader, Technology
from drivers.readers.serial_text import Decoder, Settings
from drivers.settings import load_settings
from tests.drivers.readers.contract import NUMBERS, Stream
from tests.support.paced_line import PacedLine

EM4100, CODE, ISO14443A = Technology.EM4100, Technology.CODE, Technology.ISO14443A


def settings(number: Mapping[str, Any], **others: object) -> Settings:
    """Settings as from a file."""
    return load_settings(Settings, {"port": "/dev/null", "number": number, **others}, where="test")


def stream(
    name: str,
    number: Mapping[str, Any],
    *samples: tuple[bytes, tuple[Technology, bytes, int]],
    **others: object,
) -> Stream:
    """A decoder set so, with what it must read."""
    return Stream(name, lambda: Decoder(settings(number, **others)), samples)


STREAMS = (
    stream(
        "10 decimal digits (8H10D)",
        {"technology": "em4100", "base": "dec", "width_bytes": 4},
        (b"0015805244\r\n", (EM4100, bytes.fromhex("00F12B3C"), 32)),
        (b"4294967295\r\n", (EM4100, bytes.fromhex("FFFFFFFF"), 32)),
    ),
    stream(
        "facility, number (2H3D,4H5D)",
        {"technology": "em4100", "base": "dec", "groups": [8, 16]},
        (b"241,11068\r", (EM4100, bytes.fromhex("F12B3C"), 24)),
        (b"24111068\r", (EM4100, bytes.fromhex("F12B3C"), 24)),
    ),
    stream(
        "hexadecimal, last byte first, between STX and ETX",
        {"technology": "iso14443a", "base": "hex", "byte_order": "lsb", "width_bytes": 4},
        (b"\x025B24A204\x03", (ISO14443A, bytes.fromhex("04A2245B"), 32)),
        (b"\x02ffeeddcc\x03", (ISO14443A, bytes.fromhex("CCDDEEFF"), 32)),
        start="\x02",
        end="\x03",
    ),
    stream(
        "a QR code behind its symbology identifier",
        {"technology": "code", "prefix": "]Q1", "min_length": 16},
        (b"]Q1GH:8Fq2mZ0xVt5LcWnR7yKdPg\r", (CODE, b"GH:8Fq2mZ0xVt5LcWnR7yKdPg", 200)),
    ),
    stream(
        "a code in Chinese letters, from a scanner that writes GB 18030",
        {"technology": "code"},
        ("访客0042\n".encode("gb18030"), (CODE, "访客0042".encode(), 80)),
        encoding="gb18030",
    ),
)


class TextRig:
    """A card reader that sends hexadecimal text once a card."""

    technology = ISO14443A
    numbers = NUMBERS
    library = "serial"

    def __init__(self, line: PacedLine) -> None:
        self._line = line

    def table(self) -> Mapping[str, object]:
        return {"port": self._line.port, "number": {"technology": "iso14443a", "base": "hex"}}

    def attach(self, reader: Reader) -> None:
        """The line is there, whoever reads."""

    def present(self, number: bytes) -> None:
        self._line.send(number.hex().encode() + b"\r\n")

    def remove(self) -> None:
        """It says nothing when a card goes."""

    def take_away_device(self) -> Mapping[str, object]:
        self._line.unplug()
        return self.table()


@contextmanager
def rig(request: pytest.FixtureRequest) -> Iterator[TextRig]:
    """A reader on a line of 9600 baud."""
    with PacedLine(9600) as line:
        yield TextRig(line)
