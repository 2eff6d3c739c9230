"""A network cable that can be pulled out: a relay on this computer between a gate and the hub."""

from __future__ import annotations

import asyncio
from typing import Final, Self

_CHUNK_BYTES: Final = 1 << 16


class Cable:
    """Carries connections to ``port`` on to the hub. Pulled out, it ends them and takes none."""

    def __init__(self, port: int, hub_port: int) -> None:
        self._port = port
        self._hub_port = hub_port
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()

    @property
    def is_in(self) -> bool:
        """Whether it carries anything."""
        return self._server is not None

    async def plug_in(self) -> None:
        """From now on connections are carried."""
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)

    async def pull_out(self) -> None:
        """End every connection. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for one in self._carrying:
            one.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.plug_in()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pull_out()

    async def _carry(self, from_gate: asyncio.StreamReader, to_gate: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._carrying.add(task)
        try:
            await self._join(from_gate, to_gate)
        except (OSError, asyncio.CancelledError):
            pass  # either end has gone, or the cable was pulled out: the gate sees its link end
        finally:
            self._carrying.discard(task)
            to_gate.transport.abort()

    async def _join(self, from_gate: asyncio.StreamReader, to_gate: asyncio.StreamWriter) -> None:
        from_hub, to_hub = await asyncio.open_connection("127.0.0.1", self._hub_port)
        ways = [
            asyncio.ensure_future(_pass_on(from_gate, to_hub)),
            asyncio.ensure_future(_pass_on(from_hub, to_gate)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ways:
                one.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            to_hub.transport.abort()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK_BYTES):
        sink.write(data)
        await sink.drain()
