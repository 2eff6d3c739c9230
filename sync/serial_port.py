"""A serial port for a link to the office: opened for one process alone, 8N1, never blocking.

The direction of an RS-485 pair is switched by the kernel or by the adapter itself, never
from here: a program comes 25 to 35 ms late, and holds the pair against the answer.
"""

from __future__ import annotations

import contextlib
import os
from importlib import import_module
from typing import Any, Protocol

from sync.link_errors import LinkError, LostLinkError, SerialPortError

_READ_BYTES = 4096


class Port(Protocol):
    """What a link needs of a serial port."""

    def fileno(self) -> int:
        """To be watched: readable when bytes came or the port is gone."""
        ...

    def read(self) -> bytes:
        """The bytes that are there; to be called when readable. Raises ``LostLinkError``."""
        ...

    def write(self, data: bytes) -> int:
        """Write as much of ``data`` as is taken now. Raises ``LostLinkError``."""
        ...

    def close(self) -> None:
        """Give the port back."""


class OpenPort(Protocol):
    """How a port is opened: ``open_port``, or a wire of the bench's own."""

    def __call__(self, path: str, baud: int, *, kernel_rs485: bool = False) -> Port:
        """Raises ``LinkError``."""


class SerialPort:
    """An open port. Made by ``open_port``."""

    def __init__(self, serial: Any, path: str) -> None:  # noqa: ANN401 - pyserial ships no types
        self._serial = serial
        self._path = path
        self._fd: int = serial.fileno()

    def fileno(self) -> int:
        """To be watched: readable when bytes came or the port is gone."""
        return self._fd

    def read(self) -> bytes:
        """The bytes that are there; to be called when the port is readable.

        Raises:
            LostLinkError: the port is gone.
        """
        try:
            data = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._lost(error) from None
        if not data:  # readable, yet empty: the kernel's word for an adapter that was pulled out
            raise LostLinkError(f"{self._path}: the port is gone; is its adapter plugged in?")
        return data

    def write(self, data: bytes) -> int:
        """Write as much of ``data`` as the kernel takes now.

        Raises:
            LostLinkError: the port is gone.
        """
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._lost(error) from None

    def close(self) -> None:
        """Give the port back."""
        with contextlib.suppress(OSError):  # pulled out: nothing is left to be given back
            self._serial.close()

    def _lost(self, error: OSError) -> LostLinkError:
        return LostLinkError(f"{self._path}: the port failed ({error.strerror}); is its adapter plugged in?")


def open_port(path: str, baud: int, *, kernel_rs485: bool = False) -> SerialPort:
    """Open ``path``; with ``kernel_rs485`` the kernel's driver switches the pair's direction.

    Raises:
        LostLinkError: the port is not there.
        SerialPortError: pyserial is missing, the port is taken or not ours to open, or its driver
            cannot switch the direction.
    """
    pyserial = _pyserial()
    try:
        serial = pyserial.Serial(
            path, baud, timeout=0, write_timeout=0, exclusive=True, rtscts=False, dsrdtr=False
        )
    except (OSError, ValueError) as error:  # pyserial's own errors are OSErrors
        raise _refused(path, error) from None
    try:
        if kernel_rs485:
            _switch_by_kernel(serial, path)
        # USB adapters hold bytes back for 16 ms unless asked not to; other drivers know no such thing.
        with contextlib.suppress(ValueError, OSError):
            serial.set_low_latency_mode(True)
    except SerialPortError:
        serial.close()
        raise
    return SerialPort(serial, path)


def _pyserial() -> Any:  # noqa: ANN401 - pyserial ships no types
    try:
        return import_module("serial")
    except ImportError:
        raise SerialPortError(
            "a serial link needs the Python package pyserial, which is not installed; install it with the "
            "extra 'serial', from the project's folder: pip install '.[serial]'; the Debian package "
            "gatehouse-gate holds it: if it is missing there, remove and install that package anew"
        ) from None


def _switch_by_kernel(serial: Any, path: str) -> None:  # noqa: ANN401 - pyserial ships no types
    settings = import_module("serial.rs485").RS485Settings(rts_level_for_tx=True, rts_level_for_rx=False)
    try:
        serial.rs485_mode = settings
    except (OSError, ValueError):
        raise SerialPortError(
            f"{path}: this port's driver cannot switch the direction of an RS-485 pair (TIOCSRS485); "
            "use an adapter that does it by itself and set rs485 = false"
        ) from None


def _refused(path: str, error: Exception) -> LinkError:
    text = str(error)
    if isinstance(error, OSError) and not os.path.exists(path):  # noqa: PTH110 - a device's name, no file of ours
        return LostLinkError(f"{path}: there is no such port; is its adapter plugged in?")
    if "lock" in text:
        return SerialPortError(f"{path}: another program uses this port; stop it")
    return SerialPortError(
        f"{path}: cannot be used as a serial port ({text}); "
        "its user must be in the group dialout, and it must be a serial device"
    )
