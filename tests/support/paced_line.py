"""A serial line at its honest speed: a pty whose bytes come when a wire of so many baud would bring them.

A pty hands over whatever is written at once. Here byte i arrives at t0 + (i + 1) · 10 bits / baud,
by absolute deadlines, so that a late thread catches up instead of slowing the line down.
"""

from __future__ import annotations

import os
import threading
import time
import tty
from collections import deque
from typing import Self

BITS_A_BYTE = 10
"""Start bit, eight data bits, stop bit."""


class PacedLine:
    """The device's end of the cable; ``port`` is the path of the other."""

    def __init__(self, baud: int = 9600) -> None:
        self._byte_s = BITS_A_BYTE / baud
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._waiting: deque[int] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._free_at = 0.0
        self.last_byte_at = 0.0
        """Monotonic second at which the last byte was put on the wire."""
        self._thread = threading.Thread(target=self._send, name="paced line")
        self._thread.start()

    def send(self, data: bytes) -> None:
        """Have the device send ``data`` as soon as what is under way is through; returns at once."""
        with self._changed:
            self._waiting.extend(data)
            self._changed.notify_all()

    def drain(self) -> None:
        """Wait until everything is on the wire."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._waiting or self._ended, 30)

    def unplug(self) -> None:
        """Pull the cable, in the middle of a byte if need be. May be called twice."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join()
        if self._master >= 0:
            os.close(self._master)
            os.close(self._slave)
            self._master = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def _send(self) -> None:
        with self._changed:
            while not self._ended:
                now = time.monotonic()
                if not self._waiting:
                    self._changed.wait()
                    # A line that was idle begins now; one that is behind goes on where it should be.
                    self._free_at = max(self._free_at, time.monotonic() + self._byte_s)
                elif now < self._free_at:
                    self._changed.wait(self._free_at - now)
                else:
                    os.write(self._master, bytes([self._waiting.popleft()]))
                    self.last_byte_at = now
                    self._free_at += self._byte_s
                    self._changed.notify_all()
