"""A reader that is a stream of bytes: the loop waits on the device itself, no thread between.

What every such reader shares. Its source opens and reads the device, its decoder is pure;
both are given.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from drivers.ports import HealthChanged, ReaderEvent

PAUSE_S: Final = 1.0
"""A card's bytes come within milliseconds of each other. What is unfinished after so long a pause
is never finished; shorter, and a gate that is busy elsewhere would tear a card in two."""

_CLOSED_FD: Final = -1


class Source(Protocol):
    """An open device."""

    def fileno(self) -> int:
        """Readable while bytes wait, and once the device is gone."""

    def read(self) -> bytes:
        """What waits, a bounded piece of it; never blocks. Raises ``DriverError`` once it is gone."""

    def close(self) -> None:
        """Give the device back. May be called twice."""


class Decoder(Protocol):
    """Bytes in, events out; holds a bounded rest, raises nothing, finds its feet after any noise."""

    def feed(self, data: bytes, now: float) -> Sequence[ReaderEvent]:
        """The events complete with ``data``, read at monotonic second ``now``."""


class StreamReader:
    """The port for the gate: `drivers.ports.Reader` over a source and a decoder."""

    def __init__(self, source: Source, decoder: Decoder, clock: Callable[[], float]) -> None:
        self._source = source
        self._decoder = decoder
        self._clock = clock
        # Readable from the start, for the first word on its health; only then the device counts.
        self._wakes: select.epoll | None = select.epoll()
        self._greeting = os.eventfd(1, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._wakes.register(self._greeting, select.EPOLLIN)

    def fileno(self) -> int:
        """Readable while events may wait; -1 once closed."""
        return _CLOSED_FD if self._wakes is None else self._wakes.fileno()

    def read_events(self) -> Sequence[ReaderEvent]:
        """Take what came; raises ``DriverUnavailableError`` once the device is gone."""
        if self._wakes is None:
            return ()
        if self._greeting != _CLOSED_FD:
            self._greet(self._wakes)
            return (HealthChanged(ok=True, cause=""),)
        data = self._source.read()
        return self._decoder.feed(data, self._clock()) if data else ()

    def last_alive(self) -> float:
        """Now: nothing stands between the device and the loop that could hang.

        A line that is cut behind its adapter is silent like a reader without a card.
        """
        return self._clock()

    def close(self) -> None:
        """Give the device back; never blocks. May be called twice."""
        wakes, self._wakes = self._wakes, None
        if wakes is None:
            return
        self._end_greeting()
        wakes.close()
        self._source.close()

    def _greet(self, wakes: select.epoll) -> None:
        self._end_greeting()  # closing takes it out of the set
        wakes.register(self._source.fileno(), select.EPOLLIN)

    def _end_greeting(self) -> None:
        if self._greeting != _CLOSED_FD:
            os.close(self._greeting)
            self._greeting = _CLOSED_FD
