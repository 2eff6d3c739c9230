"""A TCP connection as a `ByteStream`, set so that a vanished peer is noticed and little waits in queues."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from asyncio import StreamReader, StreamWriter
from typing import Final

from msgspec import Struct

from sync.link_errors import LostLinkError

READ_BYTES: Final = 65_536
UNSENT_BYTES: Final = 32_768
"""What the kernel may hold unsent: a revocation behind a snapshot waits for no more than this."""

MAX_DROPPED_BYTES: Final = 1 << 20
"""Of a peer that goes on talking after it was refused."""


class Keepalive(Struct, frozen=True):
    """When a silent connection is asked, and when a mute one is given up (tcp(7))."""

    idle_s: int = 15
    every_s: int = 5
    probes: int = 3

    @property
    def gone_after_s(self) -> int:
        """Silence of a peer after which the connection ends, also while bytes wait for it."""
        return self.idle_s + self.every_s * self.probes


class TcpStream:
    """One connection. Its ``write`` returns once the kernel has everything."""

    def __init__(self, reader: StreamReader, writer: StreamWriter, keepalive: Keepalive) -> None:
        self._reader = reader
        self._writer = writer
        writer.transport.set_write_buffer_limits(high=0)
        # One that the peer has reset already refuses options; the first read will tell.
        try:
            _set_options(writer.get_extra_info("socket"), keepalive)
        except OSError:
            writer.transport.abort()

    async def read(self) -> bytes:
        """The next bytes; ``b""`` at the peer's end."""
        try:
            return await self._reader.read(READ_BYTES)
        except OSError as error:
            raise lost(error) from None

    async def write(self, data: bytes) -> None:
        """Send ``data``; waits while the peer does not take it."""
        try:
            self._writer.write(data)
            await self._writer.drain()
            if self._writer.transport.is_closing():  # asyncio ends the wait without a word
                raise LostLinkError("the link was closed while something was being sent")
        except OSError as error:
            raise lost(error) from None

    def close(self) -> None:
        """End both directions; what the kernel has taken is still sent."""
        self._writer.transport.abort()

    async def linger(self, within_s: float) -> None:
        """End our direction and let the peer read our last words, then close.

        Closing with bytes unread would reset the connection, and the peer would never see the
        alert that tells it why. What it still sends is dropped.
        """
        with contextlib.suppress(OSError, TimeoutError):  # it had its time
            async with asyncio.timeout(within_s):
                self._writer.write_eof()
                left = MAX_DROPPED_BYTES
                while left > 0 and (dropped := await self._reader.read(READ_BYTES)):
                    left -= len(dropped)
        self.close()


def lost(error: OSError) -> LostLinkError:
    """The system's error as ours."""
    return LostLinkError(f"the network link failed: {error.strerror or error or type(error).__name__}")


def _set_options(connection: socket.socket, keepalive: Keepalive) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_KEEPIDLE, keepalive.idle_s),
        (socket.TCP_KEEPINTVL, keepalive.every_s),
        (socket.TCP_KEEPCNT, keepalive.probes),
        (socket.TCP_USER_TIMEOUT, keepalive.gone_after_s * 1000),
        (socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES),
        (socket.TCP_NODELAY, 1),
    ):
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
