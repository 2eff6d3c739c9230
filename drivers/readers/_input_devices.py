"""The kernel's input devices, as sysfs tells them to everybody: which of them is the reader meant."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from drivers.ports import DriverMismatchError, DriverUnavailableError
from drivers.readers._keys import DIGIT_KEYS, ENTER

SYSFS: Final = Path("/sys/class/input")
NODES: Final = Path("/dev/input")

_MAX_WORD: Final = 128
_NEEDED_KEYS: Final = sum(1 << key for key in (*DIGIT_KEYS, ENTER))


class InputDevice(Struct, frozen=True):
    """One ``/dev/input/eventN``."""

    node: str
    name: str
    usb: str
    """Vendor and product, such as ``ffff:0035``."""
    serial: str
    types: bool
    """Has digits and Enter; a scanner's second interface, a mouse or a power button has not."""

    def __str__(self) -> str:
        serial = f", serial {self.serial!r}" if self.serial else ""
        return f"{self.name!r} (usb {self.usb}{serial})"


class Wanted(Struct, frozen=True):
    """What must fit; empty texts fit every device."""

    name: str
    usb: str
    serial: str

    def fits(self, device: InputDevice) -> bool:
        """Whether ``device`` may be meant."""
        return (
            device.name.startswith(self.name)
            and self.usb.lower() in ("", device.usb)
            and self.serial in ("", device.serial)
        )

    def __str__(self) -> str:
        told = {"name": self.name, "usb": self.usb, "serial": self.serial}
        return ", ".join(f"{key} = {value!r}" for key, value in told.items() if value)


def list_devices(sysfs: Path = SYSFS) -> list[InputDevice]:
    """Every input device there is now; one that goes meanwhile is left out."""
    devices = []
    for entry in sorted(sysfs.glob("event*")):
        about = entry / "device"
        try:
            keys = _word(about / "capabilities" / "key").split()
            devices.append(
                InputDevice(
                    node=entry.name,
                    name=_word(about / "name"),
                    usb=f"{_word(about / 'id' / 'vendor')}:{_word(about / 'id' / 'product')}",
                    serial=_word(about / "uniq"),
                    # The lowest word comes last and has the first 32 keys on every processor.
                    types=bool(keys) and int(keys[-1], 16) & _NEEDED_KEYS == _NEEDED_KEYS,
                )
            )
        except (OSError, ValueError):
            continue
    return devices


def choose_device(wanted: Wanted, devices: Iterable[InputDevice]) -> InputDevice:
    """The one device meant.

    Raises:
        DriverUnavailableError: none fits, or more than one.
        DriverMismatchError: what fits types no digits.
    """
    devices = list(devices)
    fits = [one for one in devices if wanted.fits(one)]
    typing = [one for one in fits if one.types]
    if len(typing) == 1:
        return typing[0]
    if typing:
        raise DriverUnavailableError(
            f"more than one device fits {wanted}: {', '.join(map(str, typing))}; set 'serial', or set "
            "'device' to one of /dev/input/by-path"
        )
    if fits:
        raise DriverMismatchError(
            f"{wanted} fits {', '.join(map(str, fits))}, which has no digits and Enter: no reader that "
            "types; correct the setting, or set the reader to keyboard mode"
        )
    there = ", ".join(str(one) for one in devices if one.types) or "none"
    raise DriverUnavailableError(
        f"no device fits {wanted}; plug the reader in or correct the setting (there: {there})"
    )


def _word(path: Path) -> str:
    """A sysfs file's one line, capped and made harmless: a USB device chooses its own name."""
    with path.open("rb") as file:
        text = file.read(_MAX_WORD * 4).decode("utf-8", "replace").strip()
    return "".join(one if one.isprintable() else "?" for one in text)
