"""A Wiegand reader without hardware, for a gate in another process: ``chip = "sim:PATH"``.

Its pulses go through a fifo as the kernel's line events, with the times they will have; the
gate's own decoder judges their spacing, number and parity. Demonstrations and benches use it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from drivers.readers.wiegand import BETWEEN_FRAMES_NS, line_events, train

BITS: Final = 34
INTERVAL_NS: Final = 1_000_000
_NS: Final = 1_000_000_000


class VirtualWiegand:
    """A reader of 34-bit cards at the wire ``path``, which is made; ``clock`` gives monotonic seconds."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        os.mkfifo(path, 0o600)
        self.chip = f"sim:{path}"
        """Value for the driver's ``chip``."""
        self._path = path
        self._clock = clock
        self._free_ns = 0
        # Both ends: the wire stays while the gate restarts, and opening it waits for nobody.
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def tap(self, number: int) -> None:
        """Send the low 32 bits of a card's number once the wire is free; returns at once."""
        first_ns = max(round(self._clock() * _NS), self._free_ns)
        edges = train(frame(number), BITS, first_ns, INTERVAL_NS)
        self._free_ns = edges[-1].at_ns + BETWEEN_FRAMES_NS
        os.write(self._fd, line_events(edges))

    def close(self) -> None:
        """Cut the wire. May be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            self._path.unlink()


def frame(number: int) -> int:
    """34 bits: even parity over the first half of the low 32, odd over the second."""
    number &= 0xFFFFFFFF
    first, last = number >> 16, number & 0xFFFF
    return (first.bit_count() & 1) << 33 | number << 1 | (last.bit_count() + 1) & 1
