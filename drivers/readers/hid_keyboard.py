"""USB readers that type: card readers and scanners in keyboard mode, and keypads.

The device is grabbed (EVIOCGRAB), so that what it types reaches this gate alone and no console.
The decoder takes the kernel's event records as they come from the device file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Final

from msgspec import Struct

from drivers.library import load_library
from drivers.ports import MAX_NUMBER_BYTES, CardRead, Claim, DigitsEntered
from drivers.readers import _input_devices as inputs
from drivers.readers import _keys as keys
from drivers.readers._keyboard import EV_KEY, RECORD, Keyboard
from drivers.readers._stream import PAUSE_S, StreamReader
from drivers.readers._text_number import MAX_MARK_LENGTH, TextNumber
from drivers.settings import Length, Range

TYPING_PAUSE_S: Final = 5.0
"""A person may look up the next digit of a PIN; a reader types without a pause."""

EV_SYN: Final = 0
SYN_DROPPED: Final = 3
"""The kernel's buffer was full and keys are lost."""
PRESSED: Final = 1

_MAX_LINE: Final = MAX_NUMBER_BYTES + 2 * MAX_MARK_LENGTH
_USB: Final = re.compile(r"[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}")


class Settings(Struct, frozen=True):
    """Which input device it is, and what it types."""

    number: TextNumber
    """How a typed line becomes a number."""
    device: Annotated[str, Length(0, 255)] = ""
    """Path, best one of ``/dev/input/by-id`` or ``by-path``; without it, the others choose."""
    name: Annotated[str, Length(0, 100)] = ""
    """Start of the device's name."""
    usb: Annotated[str, Length(0, 9)] = ""
    """Vendor and product as ``lsusb`` shows them."""
    serial: Annotated[str, Length(0, 64)] = ""
    """USB serial number; tells equal readers apart."""
    pin_digits: Annotated[int, Range(0, 16)] = 0
    """A line of so many digits or fewer is a PIN. 0: it has no keypad."""

    def __post_init__(self) -> None:
        chosen = bool(self.name or self.usb or self.serial)
        if chosen == bool(self.device):
            raise ValueError(
                "set 'device', or some of 'name', 'usb' and 'serial': they say which device it is"
            )
        if self.usb and not _USB.fullmatch(self.usb):
            raise ValueError("'usb' is vendor and product in hexadecimal, such as \"ffff:0035\"")
        shortest = len(self.number.prefix) + self.number.min_length + len(self.number.suffix)
        if self.pin_digits >= shortest:
            raise ValueError(
                f"'pin_digits' is {self.pin_digits}, but a card's text may have {shortest} characters: set "
                "'number.min_length' above it, or a PIN would be taken for a card"
            )


class Decoder:
    """Lines out of key events."""

    def __init__(self, settings: Settings) -> None:
        self._number = settings.number
        self._pin_digits = settings.pin_digits
        self._pause_s = TYPING_PAUSE_S if settings.pin_digits else PAUSE_S
        self._rest = b""
        self._fed_at = 0.0
        self._begin()

    def feed(self, data: bytes, now: float) -> list[CardRead | DigitsEntered]:
        """The cards and PINs whose line ends in ``data``: records of `RECORD`."""
        if now - self._fed_at > self._pause_s:
            self._begin()
        self._fed_at = now
        data = self._rest + data
        whole = len(data) - len(data) % RECORD.size
        self._rest = data[whole:]
        events = []
        for _, _, kind, code, value in RECORD.iter_unpack(data[:whole]):
            if kind == EV_KEY and code in keys.ENDS and value == PRESSED:
                if (event := self._read(now)) is not None:
                    events.append(event)
                self._begin()
            elif kind == EV_KEY:
                self._key(code, value)
            elif kind == EV_SYN and code == SYN_DROPPED:
                self._spoiled = True
        return events

    def _begin(self) -> None:
        """A new line. Shift does not outlast one: its release may have been lost."""
        self._line: list[str] = []
        self._shifts: set[int] = set()
        self._spoiled = False

    def _key(self, code: int, value: int) -> None:
        if code in keys.SHIFTS:
            (self._shifts.add if value else self._shifts.discard)(code)
        elif value != PRESSED or code in keys.LOCKS:
            return
        elif code == keys.BACKSPACE:
            del self._line[-1:]
        elif code == keys.ESCAPE:
            self._begin()
        else:
            character = (keys.SHIFTED if self._shifts else keys.CHARACTERS).get(code)
            # Control, Alt and whatever else types no character: the line is not what it looks like.
            if character is None or len(self._line) >= _MAX_LINE:
                self._spoiled = True
            else:
                self._line.append(character)

    def _read(self, now: float) -> CardRead | DigitsEntered | None:
        line = "".join(self._line)
        if self._spoiled or not line:
            return None
        if len(line) <= self._pin_digits and line.isdecimal():
            return DigitsEntered(line, now)
        return self._number.read(line, now)


def claims(settings: Settings) -> tuple[Claim, ...]:
    """The device as it is chosen: two readers that choose alike would grab one."""
    chosen = settings.device or str(_wanted(settings))
    return (Claim(f"keyboard {chosen!r}"),)


def open_reader(settings: Settings, clock: Callable[[], float]) -> StreamReader:
    """Find the device, grab it and listen; ``clock`` gives monotonic seconds.

    Raises:
        DriverLibraryError: evdev is not installed.
        DriverUnavailableError: no such device, more than one, or another program has grabbed it.
        DriverPermissionError: this user may not use it.
        DriverMismatchError: it types no digits.
    """
    evdev = load_library("evdev", kind="hid_keyboard", package="evdev", extra="evdev", system="python3-evdev")
    path = settings.device
    if not path:
        path = str(inputs.NODES / inputs.choose_device(_wanted(settings), inputs.list_devices()).node)
    return StreamReader(Keyboard(path, evdev), Decoder(settings), clock)


def _wanted(settings: Settings) -> inputs.Wanted:
    return inputs.Wanted(settings.name, settings.usb.lower(), settings.serial)
