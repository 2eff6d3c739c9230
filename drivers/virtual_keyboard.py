"""A USB reader that types, made of the kernel's uinput: for demonstrations, where a kernel has it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from drivers.library import load_library
from drivers.ports import DriverError, DriverUnavailableError

UINPUT = Path("/dev/uinput")
"""Where the kernel makes input devices."""
_VENDOR: Final = 0xFFFF
_PRODUCT: Final = 0x0035
_CHARACTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def why_unavailable() -> str:
    """Why no such device can be made here, with the cure; empty if it can."""
    if not UINPUT.exists():
        return f"this kernel has no {UINPUT}; modprobe uinput, or attach a real reader"
    if not os.access(UINPUT, os.W_OK):
        return f"{UINPUT}: this user may not write to it; run as root"
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
        evdev = _library()
        codes = evdev.ecodes.ecodes
        self._keys = {one: codes[f"KEY_{one.upper()}"] for one in _CHARACTERS} | {"\n": codes["KEY_ENTER"]}
        self._key_event = codes["EV_KEY"]
        self._device = evdev.UInput(
            {self._key_event: list(self._keys.values())}, name=name, vendor=_VENDOR, product=_PRODUCT
        )

    def type_line(self, text: str) -> None:
        """Type digits and small letters, and Enter."""
        for one in f"{text}\n":
            for value in (1, 0):
                self._device.write(self._key_event, self._keys[one], value)
                self._device.syn()

    def close(self) -> None:
        """Pull it out."""
        self._device.close()


def _library() -> Any:  # noqa: ANN401 - loaded at run time
    return load_library("evdev", kind="hid_keyboard", package="evdev", extra="evdev", system="python3-evdev")
