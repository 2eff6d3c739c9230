"""One input device that types, opened and grabbed: its records go to us and to nobody else."""

from __future__ import annotations

import errno
import os
import struct
from typing import Any, Final

from drivers.ports import DriverMismatchError, DriverPermissionError, DriverUnavailableError
from drivers.readers._keys import DIGIT_KEYS, ENTER

RECORD: Final = struct.Struct("@llHHi")
"""struct input_event (linux/input.h): seconds, microseconds, type, code, value."""
EV_KEY: Final = 1

_RECORDS_AT_ONCE: Final = 64


class Keyboard:
    """The grabbed device; ``evdev`` is the library.

    Raises:
        DriverUnavailableError: no such device, or another program has grabbed it.
        DriverPermissionError: this user may not use it.
        DriverMismatchError: it types no digits.
    """

    def __init__(self, path: str, evdev: Any) -> None:  # noqa: ANN401 - loaded at run time
        self._path = path
        try:
            self._device = evdev.InputDevice(path)
        except OSError as error:
            raise _opening_error(path, error) from error
        try:
            types = set(self._device.capabilities().get(EV_KEY, ())).issuperset({*DIGIT_KEYS, ENTER})
            if types:
                self._device.grab()
        except OSError as error:
            self._device.close()
            raise _opening_error(path, error) from error
        if not types:
            self._device.close()
            raise DriverMismatchError(
                f"{path}: {self._device.name!r} has no digits and Enter, it is no reader that types; "
                "correct 'device', or set the reader to keyboard mode"
            )

    def fileno(self) -> int:
        """The device file: readable while records wait, and once the device is gone."""
        return int(self._device.fd)

    def read(self) -> bytes:
        """Whole records, for the kernel gives no others; maybe none.

        Raises:
            DriverUnavailableError: the device is gone.
        """
        try:
            data = os.read(self._device.fd, _RECORDS_AT_ONCE * RECORD.size)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._gone(error.strerror) from error
        if not data:
            raise self._gone("end of file")
        return data

    def close(self) -> None:
        """The kernel lets go of the grab with the file. May be called twice."""
        self._device.close()

    def _gone(self, reason: str | None) -> DriverUnavailableError:
        return DriverUnavailableError(f"{self._path}: the reader is gone ({reason}); plug it in again")


def _opening_error(path: str, error: OSError) -> Exception:
    if error.errno in (errno.EACCES, errno.EPERM):
        return DriverPermissionError(
            f"{path}: this user may not read it; add the user to the group input (usermod -aG input USER), "
            "or give the device to the gate's group by a udev rule"
        )
    if error.errno == errno.EBUSY:
        return DriverUnavailableError(
            f"{path}: another program has grabbed it; stop that program, or remove one of two readers "
            "that name the same device"
        )
    if error.errno in (errno.ENOTTY, errno.EINVAL, errno.EISDIR):
        return DriverMismatchError(
            f"{path}: not an input device ({error.strerror}); correct 'device' (ls -l /dev/input/by-id)"
        )
    return DriverUnavailableError(
        f"{path}: no such device ({error.strerror}); plug the reader in or correct 'device' "
        "(ls -l /dev/input/by-id)"
    )
