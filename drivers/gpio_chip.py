"""Finds a GPIO chip of the kernel and says why one, or a line of it, cannot be had."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from drivers.library import cure_of, load_library
from drivers.ports import (
    DriverError,
    DriverLibraryError,
    DriverMismatchError,
    DriverPermissionError,
    DriverSettingsError,
    DriverUnavailableError,
)

HEADER_LABELS: Final = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""The pin header of a Raspberry Pi up to 3, 4, 5. The chip's number changes with the kernel; these do not."""
DEVICES: Final = Path("/dev")
_NAME: Final = re.compile(r"gpiochip[0-9]{1,4}")
NO_PERMISSION: Final = frozenset({errno.EACCES, errno.EPERM})


def load_gpiod(kind: str) -> ModuleType:
    """The library for a driver of ``kind``, of a version that speaks the kernel's interface 2.

    Raises:
        DriverLibraryError: missing, or of version 1 (Debian's python3-libgpiod before trixie).
    """
    library = load_library("gpiod", kind=kind, package="gpiod", extra="gpiod", system="libgpiod3")
    if not hasattr(library, "LineSettings"):
        raise DriverLibraryError(
            f"kind {kind!r} needs the Python package gpiod 2 or later; the one there speaks only the old "
            f"interface; {cure_of('gpiod')}"
        )
    return library


def open_chip(library: ModuleType, wanted: str) -> Any:  # noqa: ANN401 - library
    """The chip of this path, name (``gpiochip0``) or label; empty: the header of a Raspberry Pi.

    Raises:
        DriverUnavailableError: there is none.
        DriverMismatchError: the path is something else than a GPIO chip.
        DriverPermissionError: this user may not open it.
    """
    if wanted.startswith("/"):
        return _open_path(library, Path(wanted))
    if _NAME.fullmatch(wanted) and (DEVICES / wanted).exists():
        return _open_path(library, DEVICES / wanted)
    labels = (wanted,) if wanted else HEADER_LABELS
    seen: list[str] = []
    denied: list[DriverPermissionError] = []
    for path in sorted(DEVICES.glob("gpiochip*")):
        try:
            chip = _open_path(library, path)
        except DriverPermissionError as error:
            denied.append(error)
            continue
        except DriverError:
            continue  # a link to nowhere, or something that is no chip: not the one
        label = chip.get_info().label
        if label in labels:
            return chip
        seen.append(label)
        chip.close()
    if denied:
        raise denied[0]
    what = f"no GPIO chip is labelled {' or '.join(map(repr, labels))}"
    there = f"there: {', '.join(seen)}" if seen else f"there is no {DEVICES}/gpiochip*, as in a container"
    raise DriverUnavailableError(f"{what} ({there}); correct 'chip' (gpiodetect shows labels), or connect it")


def refusal(error: OSError, chip: Any, what: str, offset: int) -> DriverError:  # noqa: ANN401 - library
    """The error that tells why a line cannot be had; a busy one names who has it."""
    if error.errno == errno.EBUSY:
        holder = chip.get_line_info(offset).consumer or "a driver of the kernel"
        return DriverUnavailableError(
            f"{what} is in use by {holder!r}; end that program, or take the overlay that uses it out of "
            "config.txt"
        )
    if error.errno in NO_PERMISSION:
        return DriverPermissionError(f"{what}: this user may not use it; {_CURE}")
    return DriverUnavailableError(f"{what} cannot be had: {error.strerror}")


_CURE: Final = "add the user to the group of the device (usermod -aG gpio USER; a udev rule sets the group)"


def _open_path(library: ModuleType, path: Path) -> Any:  # noqa: ANN401 - library
    try:
        return library.Chip(str(path))
    except FileNotFoundError as error:
        raise DriverUnavailableError(
            f"{path} is not there; gpiodetect shows the chips there are, 'chip' names one by label or path"
        ) from error
    except PermissionError as error:
        raise DriverPermissionError(f"{path}: this user may not use it; {_CURE}") from error
    except OSError as error:
        raise DriverMismatchError(f"{path} is no GPIO chip ({error.strerror}); correct 'chip'") from error


def line_offset(chip: Any, line: str) -> int:  # noqa: ANN401 - library
    """The line's offset on ``chip``, by name or number.

    Raises:
        DriverSettingsError: the chip has none of that name.
    """
    try:
        offset: int = chip.line_offset_from_id(line)
    except (OSError, ValueError) as error:
        label = chip.get_info().label
        raise DriverSettingsError(
            f"chip {label!r} has no line {line!r}; gpioinfo shows its names and numbers"
        ) from error
    return offset
