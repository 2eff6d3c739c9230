"""A cable carries both ways, ends what it carried when it is pulled out, and can be plugged in again."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from scripts.demonstration.whole.cable import Cable
from scripts.demonstration.whole.office_process import free_port
from tests.support.waiting import WITHIN_S


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1024):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _said(port: int, text: bytes) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    return await reader.readexactly(len(text)), reader, writer


async def _ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The gate's end: nothing more comes."""
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    with contextlib.suppress(ConnectionResetError):
        await writer.wait_closed()


def test_it_carries_until_it_is_pulled_out_and_again_once_it_is_in() -> None:
    async def play() -> None:
        port = free_port()
        hub = await asyncio.start_server(_echo, "127.0.0.1", 0)
        async with hub, asyncio.timeout(WITHIN_S), Cable(port, hub.sockets[0].getsockname()[1]) as cable:
            heard, reader, writer = await _said(port, b"tap")
            assert heard == b"tap"
            await cable.pull_out()
            assert not cable.is_in
            await _ends(reader, writer)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            await cable.plug_in()
            heard, reader, writer = await _said(port, b"lost")
            assert heard == b"lost"
            await cable.pull_out()
            await _ends(reader, writer)

    asyncio.run(play())


def test_a_hub_that_is_away_ends_the_gates_connection() -> None:
    async def play() -> None:
        port = free_port()
        async with asyncio.timeout(WITHIN_S), Cable(port, free_port()):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await _ends(reader, writer)

    asyncio.run(play())
