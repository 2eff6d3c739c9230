"""Edges of a simulated wire whose reader is played by another process: line events through a fifo."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from drivers.ports import DriverMismatchError, DriverPermissionError, DriverUnavailableError
from drivers.readers._wiegand_decoder import Edge

LINE_EVENT: Final = struct.Struct("=QIIII24x")
"""struct gpio_v2_line_event (linux/gpio.h): time in ns, 1 rising or 2 falling, line, two counters."""
FALLING: Final = 2
EVENTS_AT_ONCE: Final = 1024
"""As many as the kernel would keep."""


def line_events(edges: Iterable[Edge]) -> bytes:
    """Falling edges as the kernel tells them, the two lines being 0 and 1."""
    return b"".join(
        LINE_EVENT.pack(edge.at_ns, FALLING, edge.line, count, count) for count, edge in enumerate(edges, 1)
    )


class PipedEdges:
    """The reading end of the fifo at ``path``.

    Raises:
        DriverUnavailableError: it is not there.
        DriverPermissionError: this user may not read it.
        DriverMismatchError: it is no fifo.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            if not stat.S_ISFIFO(path.stat().st_mode):
                raise DriverMismatchError(f"{path}: not a fifo; correct 'chip'")
            self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError as error:
            raise DriverPermissionError(
                f"{path}: this user may not read it; see its mode and owner"
            ) from error
        except OSError as error:
            raise DriverUnavailableError(
                f"{path}: no simulated wire ({error.strerror}); start its player, or correct 'chip'"
            ) from error
        self._rest = b""

    def fileno(self) -> int:
        return self._fd

    def read(self) -> list[Edge]:
        try:
            data = os.read(self._fd, EVENTS_AT_ONCE * LINE_EVENT.size)
        except BlockingIOError:
            return []
        if not data:
            raise DriverUnavailableError(f"{self._path}: the simulated wire was cut; start its player again")
        data = self._rest + data
        whole = len(data) - len(data) % LINE_EVENT.size
        self._rest = data[whole:]
        return [
            Edge(line, at_ns)
            for at_ns, kind, line, _, _ in LINE_EVENT.iter_unpack(data[:whole])
            if kind == FALLING and line in (0, 1)
        ]

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
