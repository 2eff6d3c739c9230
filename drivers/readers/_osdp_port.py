"""One end of an RS-485 bus, which every reader on it opens for itself; the kernel's lock gives the turns.

The lock (flock) belongs to the open file: it holds between threads as between processes, falls
when its owner dies, and needs no object that the readers would have to share.
"""

from __future__ import annotations

import fcntl
import os
import termios
import tty
from enum import Enum, unique

from drivers.ports import DriverMismatchError, DriverPermissionError, DriverUnavailableError


@unique
class Baud(Enum):
    """Speeds OSDP knows (IEC 60839-11-5)."""

    B9600 = 9600
    B19200 = 19200
    B38400 = 38400
    B57600 = 57600
    B115200 = 115200
    B230400 = 230400


class Port:
    """Raw 8N1. Every call may raise ``DriverUnavailableError`` once the port is gone; none blocks."""

    def __init__(self, path: str, baud: Baud) -> None:
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError as error:
            raise DriverPermissionError(
                f"{path}: this user may not use it; add the user to its group (usually dialout)"
            ) from error
        except OSError as error:
            raise DriverUnavailableError(
                f"{path}: cannot be opened ({error.strerror}); connect the RS-485 adapter or correct 'port'"
            ) from error
        try:
            self._set_up(baud)
        except termios.error as error:
            os.close(self._fd)
            raise DriverMismatchError(
                f"{path}: not a serial port ({error.args[-1]}); correct 'port' or connect an adapter "
                f"that can do {baud.value} baud"
            ) from error

    def fileno(self) -> int:
        """Readable while bytes wait."""
        return self._fd

    def take_turn(self) -> bool:
        """Whether the bus is ours now, until ``end_turn``."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def end_turn(self) -> None:
        """Let the others have it."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def read(self, most: int) -> bytes:
        """What waits, maybe nothing."""
        try:
            return os.read(self._fd, most)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._lost(error) from error

    def write(self, data: bytes) -> int:
        """How much of ``data`` the kernel took."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._lost(error) from error

    def flush(self) -> None:
        """Forget bytes that came late, or for another reader."""
        try:
            termios.tcflush(self._fd, termios.TCIFLUSH)
        except termios.error as error:
            raise self._lost(OSError(*error.args)) from error

    def close(self) -> None:
        """Release the port."""
        os.close(self._fd)

    def _set_up(self, baud: Baud) -> None:
        tty.setraw(self._fd, termios.TCSANOW)
        settings = termios.tcgetattr(self._fd)
        # CLOCAL: an RS-485 adapter has no modem lines. One stop bit, no hardware flow control.
        settings[2] = settings[2] & ~(termios.CSTOPB | termios.CRTSCTS) | termios.CLOCAL | termios.CREAD
        settings[4] = settings[5] = getattr(termios, baud.name)
        termios.tcsetattr(self._fd, termios.TCSANOW, settings)

    def _lost(self, error: OSError) -> DriverUnavailableError:
        return DriverUnavailableError(
            f"{self._path}: the port is gone ({error.strerror}); connect the RS-485 adapter again"
        )
