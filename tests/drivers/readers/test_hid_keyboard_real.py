"""A typing reader made of the kernel's own uinput: found, grabbed, read, unplugged, by the real evdev.

Not marked as a real part: a kernel without uinput cannot be given one, in CI no more than elsewhere.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.ports import CardRead, DriverUnavailableError, Reader, Technology
from drivers.readers._keys import CHARACTERS, ENTER
from drivers.readers._text_number import Base, TextNumber
from drivers.readers.hid_keyboard import Settings, open_reader
from tests.support.waiting import events_until, next_health, next_read, wait_readable

NAME = f"gatehouse test reader {os.getpid()}"
NUMBER = TextNumber(Technology.EM4100, Base.DECIMAL, 4)

pytestmark = pytest.mark.skipif(
    not os.access("/dev/uinput", os.W_OK), reason="this kernel has no /dev/uinput, or not for this user"
)


@pytest.fixture
def device() -> Iterator[Any]:
    evdev = pytest.importorskip("evdev")
    with evdev.UInput({1: [*sorted(CHARACTERS), ENTER]}, name=NAME, vendor=0xFFFF, product=0x35) as made:
        yield made


@pytest.fixture
def reader(device: Any) -> Iterator[Reader]:
    opened = open_reader(Settings(NUMBER, name=NAME, usb="ffff:0035"), time.monotonic)
    next_health(opened, ok=True)
    yield opened
    opened.close()


def type_line(device: Any, text: str) -> None:
    keys = {character: key for key, character in sorted(CHARACTERS.items(), reverse=True)}
    for key in (*(keys[one] for one in text), ENTER):
        for value in (1, 0):
            device.write(1, key, value)
            device.syn()


def test_what_is_typed_is_read_and_reaches_nobody_else(device: Any, reader: Reader) -> None:
    with Path(device.device.path).open("rb", buffering=0) as listener:
        os.set_blocking(listener.fileno(), False)
        type_line(device, "0015805244")
        assert next_read(reader).number == bytes.fromhex("00F12B3C")
        assert listener.read() is None, "grabbed, its keys must not reach another program"


def test_two_cannot_have_it(device: Any, reader: Reader) -> None:
    with pytest.raises(DriverUnavailableError, match="another program has grabbed it"):
        open_reader(Settings(NUMBER, device=device.device.path), time.monotonic)


def test_unplugged_it_is_told(device: Any, reader: Reader) -> None:
    device.close()
    assert wait_readable(reader)
    with pytest.raises(DriverUnavailableError, match="plug it in again"):
        events_until(reader, lambda event: isinstance(event, CardRead))
