"""A serial port for a reader: opened exclusively, every failure told with its cure.

It never blocks and never opens anew: a port that is gone raises, and whoever supervises the
reader opens another. pyserial is loaded when a port is opened and never before.
"""

from __future__ import annotations

import errno
import os
from enum import Enum, unique
from typing import Any, Final

from drivers.library import load_library
from drivers.ports import DriverMismatchError, DriverPermissionError, DriverUnavailableError

MAX_READ_BYTES: Final = 1024
"""Taken at once: a device that floods its line must not keep the gate's loop from anything else."""


@unique
class Baud(Enum):
    """Speeds that readers and scanners have."""

    B1200 = 1200
    B2400 = 2400
    B4800 = 4800
    B9600 = 9600
    B19200 = 19200
    B38400 = 38400
    B57600 = 57600
    B115200 = 115200


@unique
class Character(Enum):
    """Data bits, parity and stop bits of one character."""

    C8N1 = "8N1"
    C8E1 = "8E1"
    C8O1 = "8O1"
    C8N2 = "8N2"
    C7E1 = "7E1"
    C7O1 = "7O1"


class SerialPort:
    """One open port. ``kind`` is the driver's, for messages.

    Raises:
        DriverLibraryError: pyserial is not installed.
        DriverUnavailableError: no such port, or another program uses it.
        DriverPermissionError: this user may not use it.
        DriverMismatchError: it is something else than a serial port.
    """

    def __init__(self, path: str, baud: Baud, character: Character, *, kind: str) -> None:
        serial = load_library(
            "serial", kind=kind, package="pyserial", extra="serial", system="python3-serial"
        )
        self._path = path
        bits, parity, stop = character.value
        try:
            # Exclusive (flock): two programs on one port would each get half of every card.
            self._port: Any = serial.Serial(
                path,
                baudrate=baud.value,
                bytesize=int(bits),
                parity=parity,
                stopbits=int(stop),
                timeout=0,
                exclusive=True,
            )
        except (OSError, ValueError) as error:  # SerialException is an OSError, not always with its number
            raise _opening_error(path, baud, error) from error

    def fileno(self) -> int:
        """Readable while bytes wait, and for good once the port is gone."""
        return int(self._port.fileno())

    def read(self) -> bytes:
        """What waits, maybe nothing; never blocks.

        Raises:
            DriverUnavailableError: the port is gone.
        """
        try:
            return bytes(self._port.read(MAX_READ_BYTES))
        except OSError as error:  # an unplugged adapter gives SerialException or plain OSError
            raise DriverUnavailableError(
                f"{self._path}: the port is gone ({_reason(error)}); plug the reader or its adapter in again"
            ) from error

    def close(self) -> None:
        """Give the port back. May be called twice."""
        self._port.close()


def _opening_error(path: str, baud: Baud, error: OSError | ValueError) -> Exception:
    number = getattr(error, "errno", None)
    if number in (errno.EACCES, errno.EPERM):
        return DriverPermissionError(
            f"{path}: this user may not use the port; add the user to the group that owns it "
            "(dialout on Debian): usermod -aG dialout USER"
        )
    if number == errno.EWOULDBLOCK:
        return DriverUnavailableError(
            f"{path}: another program uses the port (a login console, ModemManager, another reader); "
            "stop it there, or connect this reader elsewhere and correct 'port'"
        )
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO):
        return DriverUnavailableError(
            f"{path}: no such port ({_reason(error)}); plug the reader or its adapter in, or correct 'port' "
            "(ls -l /dev/serial/by-id)"
        )
    return DriverMismatchError(
        f"{path}: not a serial port that can do {baud.value} baud ({_reason(error)}); correct 'port', it "
        "names a device of another kind"
    )


def _reason(error: OSError | ValueError) -> str:
    """The kernel's words alone, if they are known: pyserial wraps them in its own and repeats the path."""
    number = getattr(error, "errno", None)
    return str(error) if number is None else os.strerror(number)
