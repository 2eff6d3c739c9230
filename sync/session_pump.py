"""Carries one session over one stream of bytes, for as long as both live (asyncio).

Both ends use it, on every kind of link. Small helpings go down, and only as fast as the
stream takes them, so that what is urgent overtakes what is bulk.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from sync.link_errors import LinkError, RefusedIdentityError
from sync.session import Session
from sync.session_events import Ended, SessionEvent
from sync.streams import ByteStream

FLUSH_WITHIN_S: Final = 2.0
"""For the last words of a session that is over."""


class Pump:
    """``on_event`` is called for every event, in order, and must not block; it may send at once."""

    def __init__(
        self,
        session: Session,
        stream: ByteStream,
        *,
        monotonic: Callable[[], float],
        on_event: Callable[[SessionEvent], None],
        before_wait: Callable[[], None] = lambda: None,
        helping_bytes: int = 4096,
    ) -> None:
        """``before_wait``: nothing is left to send; a place to add bulk (``session.log_room``)."""
        self._session = session
        self._stream = stream
        self._monotonic = monotonic
        self._on_event = on_event
        self._before_wait = before_wait
        self._helping_bytes = helping_bytes
        self._kicked = asyncio.Event()
        self._ended: Ended | None = None
        self.refusal: RefusedIdentityError | None = None
        """Set where the stream ended because the other side does not accept our key."""

    def kick(self) -> None:
        """Something may have to be sent; from the loop's thread."""
        self._kicked.set()

    async def run(self) -> Ended:
        """Until the session is over; the stream is closed then."""
        reading = asyncio.create_task(self._read(), name="session reader")
        try:
            while self._ended is None:
                await self._turn()
                if reading.done():
                    reading.result()  # a fault in what followed from an event is not to be swallowed
            await self._say_last_words()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            self._stream.close()
        return self._ended

    async def _turn(self) -> None:
        self._session.on_time(self._monotonic())
        self._tell()
        if self._ended is not None:
            return  # the last words have a time of their own
        self._kicked.clear()
        data = self._session.data_to_send(self._helping_bytes)
        if not data:
            self._before_wait()
            data = self._session.data_to_send(self._helping_bytes)
        if data:
            await self._write(data)
        else:
            deadline = self._session.next_deadline()
            wait_s = None if deadline is None else max(0.0, deadline - self._monotonic())
            # Not wait_for: in Python 3.11 it loses a cancellation that comes just as the event is set.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._kicked.wait()

    async def _read(self) -> None:
        while self._ended is None:
            try:
                data = await self._stream.read()
            except LinkError as error:
                # Where nobody waits for a server's verdict (serial), it comes with the first read.
                self.refusal = error if isinstance(error, RefusedIdentityError) else None
                data = b""
            try:
                self._session.receive(data, self._monotonic())
                self._tell()
            finally:
                self._kicked.set()
            if not data:
                return

    async def _write(self, data: bytes) -> None:
        # A peer that takes nothing is found out by its silence, which must be noticed while we wait.
        writing = asyncio.ensure_future(self._stream.write(data))
        try:
            while not writing.done() and self._ended is None:
                deadline = self._session.next_deadline()
                wait_s = None if deadline is None else max(0.0, deadline - self._monotonic())
                await asyncio.wait({writing}, timeout=wait_s)
                self._session.on_time(self._monotonic())
                self._tell()
            if writing.done():
                writing.result()
        except LinkError:
            self._session.receive(b"", self._monotonic())
            self._tell()
        finally:
            if not writing.done():
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)

    async def _say_last_words(self) -> None:
        data = self._session.data_to_send(1 << 16)
        if data:
            with contextlib.suppress(LinkError, TimeoutError):
                async with asyncio.timeout(FLUSH_WITHIN_S):
                    await self._stream.write(data)

    def _tell(self) -> None:
        while (event := self._session.next_event()) is not None:
            if isinstance(event, Ended):
                self._ended = event
            self._on_event(event)
