"""The product's own event loop in the time of a simulated serial line: nothing waits, all else is real.

The loop's clock is the line's. When nobody has anything to do, the line carries its next
bytes, and time is then when they arrive. What the processor does takes no time.
"""

from __future__ import annotations

import asyncio
import os
import selectors
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from math import inf
from typing import Any, Final, TypeVarTuple

from bench.simulated_bus import SimulatedBus

_FOREVER_S: Final = 3_600.0
"""Nothing is due and nothing on the line: whoever waits for that waits in vain."""
Ts = TypeVarTuple("Ts")


class VirtualPort:
    """A serial port on the simulated line; see `sync.serial_port.Port` and `bench.simulated_bus.Node`."""

    def __init__(self) -> None:
        self._arrived = bytearray()
        self._written = bytearray()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    # The program's side

    def fileno(self) -> int:
        """Readable when bytes came."""
        return self._bell

    def read(self) -> bytes:
        """The bytes that are there."""
        if self._arrived:
            os.eventfd_read(self._bell)
        data = bytes(self._arrived)
        self._arrived.clear()
        return data

    def write(self, data: bytes) -> int:
        """The driver's buffer takes everything."""
        self._written += data
        return len(data)

    def close(self) -> None:
        """Give the port back."""
        os.close(self._bell)
        self._bell = -1

    # The wire's side

    @property
    def has_news(self) -> bool:
        """Whether the program has bytes to read."""
        return bool(self._arrived)

    def receive(self, data: bytes, now: float) -> None:  # noqa: ARG002  # as a node of the bus
        """Bytes from the line; nobody hears what comes while the port is closed."""
        if self._bell >= 0:
            if not self._arrived:
                os.eventfd_write(self._bell, 1)
            self._arrived += data

    def next_output(self, now: float) -> bytes:  # noqa: ARG002
        """What the program wrote."""
        data = bytes(self._written)
        self._written.clear()
        return data

    def on_time(self, now: float) -> None:
        """A port has no deadlines."""

    def next_deadline(self) -> float | None:
        """None."""
        return None


class _Selector(selectors.DefaultSelector):
    """Lets time go on only when nothing real is to be done."""

    def __init__(self, bus: SimulatedBus, ports: list[VirtualPort]) -> None:
        super().__init__()
        self._bus = bus
        self._ports = ports

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Ready descriptors; none when ``timeout`` has passed on the line's clock."""
        if ready := super().select(0):
            return ready
        limit_s = _FOREVER_S if timeout is None or timeout == inf else max(0.0, timeout)
        self._bus.run(self._has_news, limit_s)
        return super().select(0)

    def _has_news(self) -> bool:
        return any(one.has_news for one in self._ports)


class VirtualLoop(asyncio.SelectorEventLoop):
    """``ports`` are nodes of ``bus``."""

    def __init__(self, bus: SimulatedBus, ports: list[VirtualPort]) -> None:
        super().__init__(_Selector(bus, ports))
        self._bus = bus

    def time(self) -> float:
        """The line's clock."""
        return self._bus.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], Any], *args: *Ts
    ) -> asyncio.Future[Any]:
        """At once and here: another thread's work would take time that the line does not know."""
        del executor
        future: asyncio.Future[Any] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # whoever awaits it gets it
            future.set_exception(error)
        return future


def ports_by_path(ports: Mapping[str, VirtualPort]) -> Callable[..., VirtualPort]:
    """`sync.serial_port.OpenPort` for a simulated line."""

    def open_port(path: str, baud: int, *, kernel_rs485: bool = False) -> VirtualPort:
        del baud, kernel_rs485
        return ports[path]

    return open_port
