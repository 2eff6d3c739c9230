"""A pair of wires with real serial ports on it: pseudo-terminals, joined at the speed of the line.

Byte i of what a port sends reaches the others at its start + i · 10 / baud. Two that talk at
once garble each other. Works in a thread of its own, which ends with ``close``.
"""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Callable, Iterable
from typing import Final, Self

BITS_PER_BYTE: Final = 10
"""8N1: start bit, eight bits, stop bit."""
_LUMP_S: Final = 0.004
"""The wire is looked at this often while it carries something."""


class _Port:
    """One end: the test opens ``path``, the wire has the other side."""

    def __init__(self) -> None:
        self.wire_fd, self._held_fd = pty.openpty()
        tty.setraw(self._held_fd)  # whoever opens it finds no echo
        os.set_blocking(self.wire_fd, False)
        self.path = os.ttyname(self._held_fd)
        self.sending = bytearray()
        self.free_at = 0.0

    def read(self, now: float) -> None:
        try:
            data = os.read(self.wire_fd, 4096)
        except BlockingIOError:
            return
        if not self.sending:
            self.free_at = max(self.free_at, now)
        self.sending += data

    def due(self, now: float, byte_s: float) -> bytes:
        """The bytes that have left by now."""
        count = min(len(self.sending), max(0, int((now - self.free_at) / byte_s)))
        gone = bytes(self.sending[:count])
        del self.sending[:count]
        self.free_at += count * byte_s
        return gone

    def close(self) -> None:
        if self.wire_fd >= 0:
            os.close(self.wire_fd)
            os.close(self._held_fd)
            self.wire_fd = -1


class PtyBus:
    """``paths`` are the ports, as many as asked for; the first is usually the hub's."""

    def __init__(self, ports: int, baud: int, monotonic: Callable[[], float]) -> None:
        """``monotonic`` gives seconds, on the wire's own thread."""
        self._monotonic = monotonic
        self._byte_s = BITS_PER_BYTE / baud
        self._ports = [_Port() for _ in range(ports)]
        self.paths = [one.path for one in self._ports]
        self.is_cut = False
        """The wires are cut: what is sent goes nowhere."""
        self._lock = threading.Lock()
        self._wake_fd = os.eventfd(0)
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="pty bus")
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def unplug(self, index: int) -> None:
        """Pull the adapter of a port out."""
        with self._lock:
            self._ports.pop(index).close()
        os.eventfd_write(self._wake_fd, 1)

    def close(self) -> None:
        self._ended = True
        os.eventfd_write(self._wake_fd, 1)
        self._thread.join()
        for port in self._ports:
            port.close()
        os.close(self._wake_fd)

    def _run(self) -> None:
        while not self._ended:
            with self._lock:
                ports = list(self._ports)
            busy = any(port.sending for port in ports)
            fds = [self._wake_fd, *(port.wire_fd for port in ports)]
            ready = select.select(fds, [], [], _LUMP_S if busy else None)[0]
            if self._wake_fd in ready:
                os.eventfd_read(self._wake_fd)
                continue
            with self._lock:
                self._carry(port for port in ports if port.wire_fd in ready)

    def _carry(self, ready: Iterable[_Port]) -> None:
        now = self._monotonic()
        for port in ready:
            port.read(now)
        talking = [port for port in self._ports if port.sending]
        for port in talking:
            lump = port.due(now, self._byte_s)
            if len(talking) > 1:
                lump = bytes(byte ^ 0x55 for byte in lump)
            for other in self._ports:
                if other is not port and lump and not self.is_cut:
                    os.write(other.wire_fd, lump)
