"""A TCP connection as a link: what waits in queues is little, and an end is told as what it is."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sync.link_errors import LostLinkError
from sync.tcp_stream import UNSENT_BYTES, Keepalive, TcpStream
from tests.support.network import LOOPBACK, run

SIOCOUTQNSD = 0x894B
"""Bytes the kernel has not sent yet (linux/sockios.h)."""
PIECE = 4096
STALLED_S = 0.3


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[TcpStream, socket.socket]]:
    """Our end, and the peer's as a plain socket."""
    with socket.socket() as listening:
        listening.bind((LOOPBACK, 0))
        listening.listen()
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        peer, _ = listening.accept()
        peer.setblocking(False)
        stream = TcpStream(reader, writer, Keepalive())
        try:
            with peer:
                yield stream, peer
        finally:
            stream.close()


async def write_until_stalled(stream: TcpStream) -> tuple[int, asyncio.Task[None]]:
    """Bytes that were taken until the peer's silence held us up, and the write that waits."""
    taken = 0
    while True:
        writing = asyncio.ensure_future(stream.write(bytes(PIECE)))
        done, _ = await asyncio.wait({writing}, timeout=STALLED_S)
        if not done:
            return taken, writing
        taken += PIECE


def test_a_peer_that_takes_nothing_holds_us_up_and_little_is_queued() -> None:
    async def story() -> None:
        async with connected() as (stream, peer):
            taken, writing = await write_until_stalled(stream)
            connection = stream._writer.get_extra_info("socket")
            unsent = struct.unpack("i", fcntl.ioctl(connection.fileno(), SIOCOUTQNSD, bytes(4)))[0]
            assert unsent <= 3 * UNSENT_BYTES, "the kernel counts in buffers, not in bytes"
            assert stream._writer.transport.get_write_buffer_size() <= PIECE
            received = 0
            while received < taken + PIECE:
                received += len(await asyncio.get_running_loop().sock_recv(peer, 1 << 16))
            await writing

    run(story)


def test_the_peers_end_is_an_end() -> None:
    async def story() -> None:
        async with connected() as (stream, peer):
            peer.send(b"last words")
            peer.close()
            assert await stream.read() == b"last words"
            assert await stream.read() == b""

    run(story)


def test_a_reset_is_a_lost_link_for_reading_and_writing() -> None:
    async def story() -> None:
        async with connected() as (stream, peer):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            with pytest.raises(LostLinkError, match="reset"):
                await stream.read()
            with pytest.raises(LostLinkError):
                await stream.write(b"hello?")

    run(story)


def test_closing_wakes_whoever_reads_or_writes() -> None:
    async def story() -> None:
        async with connected() as (stream, _):
            _, writing = await write_until_stalled(stream)
            reading = asyncio.ensure_future(stream.read())
            await asyncio.sleep(0)
            stream.close()
            stream.close()
            assert await reading == b""
            with pytest.raises(LostLinkError):
                await writing

    run(story)
