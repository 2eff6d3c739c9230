"""A typing reader under the contract, its records played."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from drivers.ports import Reader, Technology
from drivers.readers._keyboard import RECORD
from drivers.readers.hid_keyboard import Decoder, Settings
from drivers.settings import load_settings
from tests.drivers.readers.contract import NUMBERS, Stream
from tests.support import keystrokes
from tests.support.keystrokes import TypingDevice

EM4100, CODE, ISO14443A = Technology.EM4100, Technology.CODE, Technology.ISO14443A


def settings(number: Mapping[str, Any], **others: object) -> Settings:
    """Settings as from a file."""
    table = {"device": "/dev/input/event0", "number": number, **others}
    return load_settings(Settings, table, where="test")


def stream(
    name: str, number: Mapping[str, Any], *samples: tuple[bytes, tuple[Technology, bytes, int]]
) -> Stream:
    """A decoder set so, with what it must read."""
    return Stream(name, lambda: Decoder(settings(number)), samples, RECORD.size)


STREAMS = (
    stream(
        "ten decimal digits of a 125 kHz reader",
        {"technology": "em4100", "base": "dec", "width_bytes": 4},
        (keystrokes.line("0015805244"), (EM4100, bytes.fromhex("00F12B3C"), 32)),
        (keystrokes.line("0000000001"), (EM4100, bytes.fromhex("00000001"), 32)),
    ),
    stream(
        "a code with capitals and marks",
        {"technology": "code", "min_length": 16},
        (keystrokes.line("GH:8Fq2mZ0x/Vt5?Lc_W~n"), (CODE, b"GH:8Fq2mZ0x/Vt5?Lc_W~n", 176)),
        (keystrokes.line("gh:0123456789abcdef"), (CODE, b"gh:0123456789abcdef", 152)),
    ),
)


class KeyboardRig:
    """A card reader that types hexadecimal digits once a card."""

    technology = ISO14443A
    numbers = NUMBERS
    library = "evdev"

    def __init__(self, device: TypingDevice) -> None:
        self._device = device

    def table(self) -> Mapping[str, object]:
        number = {"technology": "iso14443a", "base": "hex"}
        return {"device": str(self._device.path), "number": number}

    def attach(self, reader: Reader) -> None:
        """The device is there, whoever reads."""

    def present(self, number: bytes) -> None:
        self._device.type(keystrokes.line(number.hex()))

    def remove(self) -> None:
        """It says nothing when a card goes."""

    def take_away_device(self) -> Mapping[str, object]:
        self._device.unplug()
        return self.table()


@contextmanager
def rig(request: pytest.FixtureRequest) -> Iterator[KeyboardRig]:
    """A device with the library that opens it."""
    folder: Path = request.getfixturevalue("tmp_path")
    device = TypingDevice(folder / "event0")
    # The test's own patch: of two, the one that ends last would put the other's library back for good.
    patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    patch.setitem(sys.modules, "evdev", device.library)
    yield KeyboardRig(device)
    device.unplug()
