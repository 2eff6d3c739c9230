"""The module RPi.GPIO behind five calls, whichever of its two packages is installed."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Final

from drivers.library import load_library
from drivers.ports import (
    DriverError,
    DriverPermissionError,
    DriverSettingsError,
    DriverUnavailableError,
    Pull,
)

REGISTERS: Final = Path("/dev/gpiomem")
"""The GPIO registers alone, for the group gpio. Without it the classic would map all memory by /dev/mem."""
DEVICES: Final = Path("/dev")
NO_REGISTERS: Final = -1
_GROUP: Final = "add the user to the group gpio: usermod -aG gpio USER (a udev rule gives the device to it)"


def open_library(*, force: bool) -> RpiLibrary:
    """Load the module and get hold of the pins; ``force``: although another process has them.

    Raises:
        DriverLibraryError: neither package is installed.
        DriverSettingsError: this machine is of another kind.
        DriverUnavailableError: no device, or another process of ours has the pins.
        DriverPermissionError: this user may not use the device.
    """
    # lgpio makes a pipe in the working directory when it is loaded; a service's is read-only.
    os.environ.setdefault("LG_WD", tempfile.gettempdir())
    try:
        module = load_library(
            "RPi.GPIO", kind="rpi_gpio", package="RPi.GPIO (or rpi-lgpio)", extra="rpi", system="liblgpio1"
        )
    except (RuntimeError, NotImplementedError) as error:
        raise DriverSettingsError(
            f"backend 'rpi_gpio': {error} The classic RPi.GPIO does not know the Pi 5 either; use backend "
            "'gpiod', or install rpi-lgpio instead of RPi.GPIO"
        ) from error
    # Only rpi-lgpio is written in Python, upon lgpio.
    guard = NO_REGISTERS if hasattr(module, "lgpio") else _guard(force=force)
    library = RpiLibrary(module, guard)
    try:
        library.start()
    except DriverError:
        library.close()
        raise
    return library


class RpiLibrary:
    """Pins by BCM number; levels are electrical. Its errors become ours."""

    def __init__(self, module: ModuleType, guard: int) -> None:
        """``guard``: descriptor of the locked registers, or ``NO_REGISTERS`` where the kernel guards."""
        self._module = module
        self._guard = guard
        self._errors: tuple[type[Exception], ...] = (RuntimeError, OSError, ValueError)
        if hasattr(module, "lgpio"):
            self._errors = (*self._errors, module.lgpio.error)
        self._pulls = {Pull.NONE: module.PUD_OFF, Pull.UP: module.PUD_UP, Pull.DOWN: module.PUD_DOWN}
        self._closed = False

    def start(self) -> None:
        """Number pins as the chip does; rpi-lgpio opens its chip here."""
        # It warns of what it cannot know: a pin driven by an earlier process is what `release` is for.
        self._module.setwarnings(False)
        try:
            self._module.setmode(self._module.BCM)
        except self._errors as error:
            raise _no_chip(error) from error

    def set_output(self, pin: int, level: bool) -> None:
        """Drive ``pin``; both packages set the level before the direction."""
        self._must_be_open(pin)
        try:
            self._module.setup(pin, self._module.OUT, initial=int(level))
        except self._errors as error:
            raise _refusal(pin, error) from error

    def set_input(self, pin: int, pull: Pull) -> None:
        """Stop driving ``pin``."""
        try:
            self._module.setup(pin, self._module.IN, pull_up_down=self._pulls[pull])
        except self._errors as error:
            raise _refusal(pin, error) from error

    def drive(self, pin: int, level: bool) -> None:
        """Change the level of an output."""
        self._must_be_open(pin)
        try:
            self._module.output(pin, int(level))
        except self._errors as error:
            raise _refusal(pin, error) from error

    def level(self, pin: int) -> bool:
        """The level of an input now."""
        try:
            return bool(self._module.input(pin))
        except self._errors as error:
            raise _refusal(pin, error) from error

    def close(self) -> None:
        """Let other processes have the pins. May be called twice.

        The module's own clean-up is left out: it switches the pull of every pin off, and a
        relay board's input that nothing holds may do anything.
        """
        self._closed = True
        if self._guard != NO_REGISTERS:
            os.close(self._guard)
            self._guard = NO_REGISTERS

    def _must_be_open(self, pin: int) -> None:
        if self._closed:
            raise DriverUnavailableError(f"the GPIO pins are closed; GPIO{pin} cannot be driven")


def _guard(*, force: bool) -> int:
    """Lock the registers: nothing else keeps two processes from driving one pin.

    Raises:
        DriverError: not there, not ours, or locked.
    """
    try:
        handle = os.open(REGISTERS, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise DriverUnavailableError(
            f"{REGISTERS} is not there; on a Raspberry Pi the kernel makes it, elsewhere (and on a Pi 5) use "
            "backend 'gpiod'"
        ) from error
    except PermissionError as error:
        raise DriverPermissionError(f"{REGISTERS}: this user may not use it; {_GROUP}") from error
    except OSError as error:
        raise DriverUnavailableError(f"{REGISTERS}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if force:
            return handle
        os.close(handle)
        raise DriverUnavailableError(
            f"{REGISTERS}: another process of this gate drives the pins; end it first"
        ) from error
    return handle


def _no_chip(error: Exception) -> DriverError:
    chips = sorted(DEVICES.glob("gpiochip*"))
    if not chips:
        return DriverUnavailableError(
            f"rpi-lgpio finds no GPIO chip: there is no {DEVICES}/gpiochip*; is this a container?"
        )
    if not any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        return DriverPermissionError(f"{chips[0]}: this user may not use it; {_GROUP}")
    return DriverUnavailableError(f"rpi-lgpio cannot open its GPIO chip: {error}")


def _refusal(pin: int, error: Exception) -> DriverError:
    return DriverUnavailableError(
        f"GPIO{pin} cannot be used: {error}; is it in use by another program or an overlay in config.txt?"
    )
