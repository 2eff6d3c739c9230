"""A stream of bytes in memory, whose other end may stop to read."""

from __future__ import annotations

import asyncio

from sync.link_errors import LostLinkError


class MemoryStream:
    """One end, as `sync.streams.ByteStream`; see ``joined``."""

    def __init__(self) -> None:
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self.other: MemoryStream
        self.reads = asyncio.Event()
        """Cleared: what is written here waits."""
        self.reads.set()
        self.closed = False

    async def read(self) -> bytes:
        return await self._arrived.get()

    async def write(self, data: bytes) -> None:
        await self.reads.wait()
        if self.other.closed:
            raise LostLinkError("the other end is gone")
        self.other._arrived.put_nowait(data)

    def close(self) -> None:
        self.closed = True
        self.other._arrived.put_nowait(b"")


def joined() -> tuple[MemoryStream, MemoryStream]:
    """Both ends of a stream."""
    one, other = MemoryStream(), MemoryStream()
    one.other, other.other = other, one
    return one, other
