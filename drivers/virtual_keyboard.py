"""A USB reader that types, made of the kernel's uinput: for demonstrations, where a kernel has it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from drivers.library import load_library
from drivers.ports import DriverError, DriverUnavailableError
from drivers.readers._keyboard import EV_KEY
from drivers.readers._keys import CHARACTERS, ENTER

UINPUT: Final = Path("/dev/uinput")
_VENDOR: Final = 0xFFFF
_PRODUCT: Final = 0x0035
_KEYS: Final = {character: key for key, character in sorted(CHARACTERS.items(), reverse=True)}


def why_unavailable(uinput: Path = UINPUT) -> str:
    """Why no such device can be made here, with the cure; empty if it can."""
    if not uinput.exists():
        return f"this kernel has no {uinput}; modprobe uinput, or attach a real reader"
    if not os.access(uinput, os.W_OK):
        return f"{uinput}: this user may not write to it; run as root"
    try:
        _library()
    except DriverError as error:
        return str(error)
    return ""


class VirtualKeyboard:
    """The device ``name``, plugged in until ``close``; raises ``DriverUnavailableError``."""

    def __init__(self, name: str) -> None:
        if cause := why_unavailable():
            raise DriverUnavailableError(f"virtual keyboard reader: {cause}")
        self._device = _library().UInput(
            {EV_KEY: [*sorted(CHARACTERS), ENTER]}, name=name, vendor=_VENDOR, product=_PRODUCT
        )

    def type_line(self, text: str) -> None:
        """Type characters that need no Shift, and Enter."""
        for key in (*(_KEYS[one] for one in text), ENTER):
            for value in (1, 0):
                self._device.write(EV_KEY, key, value)
                self._device.syn()

    def close(self) -> None:
        """Pull it out."""
        self._device.close()


def _library() -> Any:  # noqa: ANN401 - loaded at run time
    return load_library("evdev", kind="hid_keyboard", package="evdev", extra="evdev", system="python3-evdev")
