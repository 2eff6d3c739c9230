"""Who is connected to a server's socket: bounded, and ended with the server (asyncio)."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable

Serve = Callable[[StreamReader, StreamWriter], Awaitable[None]]
"""Serves one client until it leaves; an ``OSError`` ends it quietly, and the stream is closed afterwards."""


class Clients:
    """Give `accept` to asyncio's server; after its ``close``, `end` whoever is still there."""

    # Not its ``wait_closed``: that of Python 3.12 and later waits for a client that stays.

    def __init__(self, serve: Serve, most: int = sys.maxsize) -> None:
        self._serve = serve
        self._most = most
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many are connected."""
        return len(self._tasks)

    async def accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one, unless there are too many."""
        task = asyncio.current_task()
        if task is None or len(self._tasks) >= self._most:
            writer.close()
            return
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError):
                await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # the server ends, and waits for us; asyncio's own callback would complain of it
        finally:
            self._tasks.discard(task)
            writer.close()

    async def end(self) -> None:
        """Leave them all, in the middle of whatever they do."""
        for one in self._tasks:
            one.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
