"""The one thing a link must offer to carry a session: bytes in order, both ways."""

from __future__ import annotations

from typing import Protocol


class ByteStream(Protocol):
    """A duplex stream; one task reads and one writes, at the same time if they like.

    Every method raises `sync.link_errors.LinkError` and no other error when the link fails.
    After a cancelled ``write`` nobody knows what was sent: only ``close`` is left.
    """

    async def read(self) -> bytes:
        """The next bytes, at least one; ``b""`` once the other side has ended the stream."""
        ...

    async def write(self, data: bytes) -> None:
        """Send ``data``; returns when the link can take more, so that nothing piles up here."""
        ...

    def close(self) -> None:
        """Give the link back at once; may be called twice. Neither read nor write ends later than this."""
        ...
