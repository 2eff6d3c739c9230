"""The technician's status page: closed until asked for, and closed again when its time is over (asyncio).

Read-only, for one phone: the address has a code that is drawn anew each time, and the first device
that uses it is the only one. Bounded whoever connects: few connections, small requests, short lives.
"""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b32encode
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from terminal.agent.page_request import END, MAX_REQUEST_BYTES, judge, response

MAX_CONNECTIONS: Final = 4
"""A browser opens two or three."""
WHOLE_WITHIN_S: Final = 5.0
"""For a request and its answer; who sends a byte a second is cut off."""
CODE_BYTES: Final = 10
"""80 bits: nobody guesses it while the page is open."""
LONGEST_S: Final = 4 * 3_600


class PageServer:
    """One page at one address; ``make`` gives its HTML at each request."""

    def __init__(
        self,
        make: Callable[[], Awaitable[str]],
        random_bytes: Callable[[int], bytes],
        *,
        whole_within_s: float = WHOLE_WITHIN_S,
    ) -> None:
        self._make = make
        self._random_bytes = random_bytes
        self._whole_within_s = whole_within_s
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._idle: dict[asyncio.Task[None], None] = {}
        """Those of them that make room, the oldest first: still without a request, or a stranger's."""
        self._code = ""
        self._phone: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether anybody can be served."""
        return self._server is not None

    async def open(self, host: str, port: int, for_s: float) -> str:
        """Open the page for so long; answers its address. One that is open is closed first.

        Raises:
            OSError: the address is not this machine's, or taken.
        """
        await self.close()
        self._code = b32encode(self._random_bytes(CODE_BYTES)).decode("ascii").lower()
        self._phone = None
        self._server = await asyncio.start_server(self._serve, host, port, limit=MAX_REQUEST_BYTES, backlog=8)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(min(for_s, LONGEST_S), self._stop)
        bound = self._server.sockets[0].getsockname()
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        return f"http://{shown}:{bound[1]}/{self._code}"

    async def close(self) -> None:
        """Serve nobody any more. May be called twice."""
        self._stop()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for one in self._connections:
            one.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or not self._has_room():
            writer.transport.abort()
            return
        self._connections.add(task)
        self._idle[task] = None
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(self._whole_within_s):
                    head = await self._head(reader)
                    self._idle.pop(task, None)
                    writer.write(await self._answer(head, writer))
                    await writer.drain()
                    if _peer(writer) != self._phone:
                        self._idle[task] = None
                    writer.write_eof()
                    # What still comes is taken and thrown away: closing on it would reset the answer.
                    while await reader.read(MAX_REQUEST_BYTES):
                        pass
        except asyncio.CancelledError:
            pass  # the page closes; its caller waits for us
        finally:
            self._connections.discard(task)
            self._idle.pop(task, None)
            writer.transport.abort()

    def _has_room(self) -> bool:
        """Whoever only holds a connection makes room: four of them kept the phone out."""
        if len(self._connections) < MAX_CONNECTIONS:
            return True
        oldest = next(iter(self._idle), None)
        if oldest is None:
            return False
        del self._idle[oldest]
        oldest.cancel()
        return True

    async def _head(self, reader: asyncio.StreamReader) -> bytes | None:
        try:
            return await reader.readuntil(END)
        except asyncio.LimitOverrunError:
            return None

    async def _answer(self, head: bytes | None, writer: asyncio.StreamWriter) -> bytes:
        if head is None:
            return response(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        status = judge(head, self._code)
        if status is not HTTPStatus.OK:
            return response(status)
        phone = _peer(writer)
        self._phone = self._phone or phone
        if phone != self._phone:
            return response(HTTPStatus.FORBIDDEN)
        return response(HTTPStatus.OK, await self._make())


def _peer(writer: asyncio.StreamWriter) -> str:
    return str((writer.get_extra_info("peername") or ("",))[0])  # it may be gone already
