"""Two ends of a byte stream in memory, which fails in the ways a wire does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from sync.link_errors import LostLinkError

Wire = Callable[[bytes], list[bytes]]
"""What arrives, read by read, of what was written at once."""


def whole(data: bytes) -> list[bytes]:
    """A perfect wire."""
    return [data]


def byte_by_byte(data: bytes) -> list[bytes]:
    """A wire on which each byte arrives alone."""
    return [data[at : at + 1] for at in range(len(data))]


class PipeEnd:
    """A `sync.streams.ByteStream`; a full pipe holds up its writer."""

    def __init__(self, wire: Wire, capacity: int) -> None:
        self.arrived: deque[bytes] = deque()
        self.other: PipeEnd
        self.sent_bytes = 0
        self.held_up = asyncio.Event()
        """Set once a writer had to wait."""
        self._wire = wire
        self._capacity = capacity
        self._closed = False
        self._changed = asyncio.Condition()
        self._waking: asyncio.Future[None] | None = None

    async def read(self) -> bytes:
        """The next piece; ``b""`` at the end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.arrived or self._closed or self.other._closed)
            piece = self.arrived.popleft() if self.arrived and not self._closed else b""
            self._changed.notify_all()
            return piece

    async def write(self, data: bytes) -> None:
        """Put ``data`` on the wire."""
        self.sent_bytes += len(data)
        for piece in self._wire(data):
            await self.put(piece)

    async def put(self, piece: bytes) -> None:
        """Let the other end read this."""
        other = self.other
        async with other._changed:
            if len(other.arrived) >= self._capacity:
                self.held_up.set()
            await other._changed.wait_for(
                lambda: len(other.arrived) < self._capacity or self._closed or other._closed
            )
            if self._closed or other._closed:
                raise LostLinkError("the pipe is closed")
            other.arrived.append(piece)
            other._changed.notify_all()

    def close(self) -> None:
        """End it for both sides; what is on its way still arrives."""
        self._closed = True
        for end in (self, self.other):
            end._waking = asyncio.ensure_future(end._wake())

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def pipe(wire: Wire = whole, back: Wire = whole, capacity: int = 10_000) -> tuple[PipeEnd, PipeEnd]:
    """Both ends; ``wire`` is the way from the first to the second."""
    here, there = PipeEnd(wire, capacity), PipeEnd(back, capacity)
    here.other, there.other = there, here
    return here, there
