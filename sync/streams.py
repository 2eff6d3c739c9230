"""What every link offers to what runs over it: an ordered, reliable stream of bytes (asyncio)."""

from __future__ import annotations

from typing import Protocol


class StreamError(Exception):
    """The stream broke; the text says how, for a person. It is of no use any more."""


class ByteStream(Protocol):
    """One connection. One task reads, one writes."""

    async def read(self) -> bytes:
        """The next bytes, at least one; ``b""`` once the other end has finished.

        Raises:
            StreamError: the connection broke.
        """

    async def write(self, data: bytes) -> None:
        """Send ``data``; returns when there is room for more.

        Raises:
            StreamError: the connection broke.
        """

    async def close(self) -> None:
        """End the connection, without waiting for the other end. May be called twice."""
