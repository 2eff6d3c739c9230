"""The sync process's end of the gate's local socket: orders go in, stored events wake the upload.

The gate process may come and go; nothing here waits for it. Bounded: a gate that does
not answer costs a few requests, each with its deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from terminal.agent.orders import Request

ANSWER_WITHIN_S: Final = 5.0
RETRY_S: Final = 2.0
MAX_LINE_BYTES: Final = 1 << 20
MAX_WAITING: Final = 64

Answer = dict[str, Any]
Then = Callable[[Answer], None]


class GateSocket:
    """Asks the gate process, in order, and follows its events while it runs."""

    def __init__(self, path: Path, on_event: Callable[[], None]) -> None:
        """``on_event``: the gate has stored something, or came back."""
        self._path = path
        self._on_event = on_event
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: deque[tuple[Then, asyncio.TimerHandle]] = deque()
        self.connected = False

    def ask(self, what: Request, then: Then) -> None:
        """Ask one thing; ``then`` gets the answer, soon in any case: its ``ok`` tells whether it was done."""
        if self._writer is None or len(self._waiting) >= MAX_WAITING:
            then(_failed("the gate process does not run; it finds out by itself when it starts"))
            return
        loop = asyncio.get_running_loop()
        within_s = min(float(what.get("valid_s", ANSWER_WITHIN_S)), ANSWER_WITHIN_S)
        # Answers come in order: after one that is late, nothing on this connection can be told apart.
        timer = loop.call_later(within_s, self._hang_up)
        self._waiting.append((then, timer))
        self._writer.write(json.dumps(what).encode() + b"\n")

    async def answer(self, what: Request) -> Answer:
        """The answer to one question, soon in any case; raises nothing for a gate that is away."""
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def then(answer: Answer) -> None:
            if not answered.done():  # whoever asked may have gone
                answered.set_result(answer)

        self.ask(what, then)
        return await answered

    async def run(self) -> None:
        """Stay connected until cancelled."""
        try:
            while True:
                with contextlib.suppress(OSError, ValueError, RecursionError):
                    await self._serve()
                self._hang_up()
                await asyncio.sleep(RETRY_S)
        finally:
            if self._writer is not None:
                self._writer.close()

    async def _serve(self) -> None:
        reader, self._writer = await asyncio.open_unix_connection(str(self._path), limit=MAX_LINE_BYTES)
        self.connected = True
        self.ask({"command": "follow"}, lambda _answer: self._on_event())
        while line := await reader.readline():
            said = json.loads(line)
            if not isinstance(said, dict):
                raise ValueError("an answer of the gate process is an object")  # noqa: TRY004 - as json.loads
            self._take(said)

    def _take(self, said: dict[str, Any]) -> None:
        if "event" in said:
            self._on_event()
        elif self._waiting:
            then, timer = self._waiting.popleft()
            timer.cancel()
            then(said)

    def _hang_up(self) -> None:
        self.connected = False
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        while self._waiting:
            then, timer = self._waiting.popleft()
            timer.cancel()
            then(_failed("the gate process did not answer"))


def _failed(why: str) -> Answer:
    return {"ok": False, "error": why}
