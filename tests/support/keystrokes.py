"""A reader that types, without the kernel's input layer: its records over a fifo, evdev's calls played.

Only evdev is stood in for, the library of others; what its real calls do is tested where the
kernel has uinput. The records are what `evtest --grab` shows of such readers.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

from drivers.readers._keyboard import EV_KEY, RECORD, Keyboard
from drivers.readers._keys import CHARACTERS, DIGIT_KEYS, ENTER, SHIFTED
from drivers.readers._stream import StreamReader
from drivers.readers.hid_keyboard import Decoder, Settings

EV_SYN, EV_MSC, MSC_SCAN = 0, 4, 4
LEFT_SHIFT, LEFT_ALT = 42, 56
_PLAIN = {character: key for key, character in sorted(CHARACTERS.items(), reverse=True)}
_WITH_SHIFT = {character: key for key, character in sorted(SHIFTED.items(), reverse=True)}


def record(kind: int, code: int, value: int) -> bytes:
    """One struct input_event."""
    return RECORD.pack(1_700_000_000, 0, kind, code, value)


SYNC = record(EV_SYN, 0, 0)
DROPPED = record(EV_SYN, 3, 0)


def key(code: int, value: int) -> bytes:
    """A key's change as USB keyboards report it: scan code, key, end of report."""
    return record(EV_MSC, MSC_SCAN, 0x70000 + code) + record(EV_KEY, code, value) + SYNC


def press(code: int) -> bytes:
    """Down and up."""
    return key(code, 1) + key(code, 0)


def typed(text: str) -> bytes:
    """The records of typing ``text``, with Shift where it is needed, and no Enter."""
    data = b""
    for character in text:
        if character in _PLAIN:
            data += press(_PLAIN[character])
        else:
            data += key(LEFT_SHIFT, 1) + press(_WITH_SHIFT[character]) + key(LEFT_SHIFT, 0)
    return data


def line(text: str) -> bytes:
    """The same with Enter."""
    return typed(text) + press(ENTER)


class TypingDevice:
    """A device file at ``path`` that types, and the library with which it is opened."""

    def __init__(self, path: Path, keys: Iterable[int] = (*DIGIT_KEYS, ENTER)) -> None:
        self.path = path
        self.keys = sorted(keys)
        self.grabbed_elsewhere = False
        self.grabs = 0
        self.library = ModuleType("evdev")
        os.mkfifo(path)
        # Both ends, so that neither opening nor writing ever waits for the other.
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.library.InputDevice = lambda path: _InputDevice(path, self)  # type: ignore[attr-defined]

    def type(self, data: bytes) -> None:
        """Have the kernel hand over these records."""
        os.write(self._fd, data)

    def open(self, settings: Settings, clock: Callable[[], float]) -> StreamReader:
        """What `hid_keyboard.open_reader` makes of it, without the library in ``sys.modules``."""
        return StreamReader(Keyboard(str(self.path), self.library), Decoder(settings), clock)

    def unplug(self) -> None:
        """Pull it out: an open file ends, another cannot be opened. May be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            self.path.unlink()


class _InputDevice:
    """evdev.InputDevice as far as it is used."""

    name = "HXGCoLtd Keyboard"

    def __init__(self, path: str, device: TypingDevice) -> None:
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._device = device

    def capabilities(self) -> dict[int, list[int]]:
        return {EV_SYN: [0, 1, 4], EV_KEY: self._device.keys, EV_MSC: [MSC_SCAN]}

    def grab(self) -> None:
        if self._device.grabbed_elsewhere:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        self._device.grabs += 1

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
