"""Questions to the office and back, one after the other: how many get there, and how long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from statistics import median
from typing import Any, Final

from msgspec import Struct

ANSWER_WITHIN_S: Final = 15.0
"""A question behind a list on a slow pair waits for one turn of each of its neighbours."""
MAX_COUNT: Final = 20

Ask = Callable[[Callable[[float], None]], bool]
"""Asks the office now; the callback gets the seconds there and back. False without a session."""


class Echo(Struct, frozen=True):
    """What came of it."""

    asked: int
    round_trips_s: tuple[float, ...]

    def fields(self) -> dict[str, Any]:
        """For whoever asked."""
        ms = [1000 * one for one in self.round_trips_s]
        found: dict[str, Any] = {"asked": self.asked, "answered": len(ms)}
        if ms:
            found |= {"median_ms": round(median(ms), 1), "worst_ms": round(max(ms), 1)}
        return found


async def echo(ask: Ask, count: int, *, within_s: float = ANSWER_WITHIN_S) -> Echo:
    """Ask ``count`` times, each when the one before was answered or is lost."""
    asked = 0
    answered: list[float] = []
    loop = asyncio.get_running_loop()
    for _ in range(count):
        answer: asyncio.Future[float] = loop.create_future()
        if not ask(lambda seconds, answer=answer: _give(answer, seconds)):  # type: ignore[misc]
            break
        asked += 1
        try:
            async with asyncio.timeout(within_s):
                answered.append(await answer)
        except TimeoutError:
            continue
    return Echo(asked, tuple(answered))


def _give(answer: asyncio.Future[float], seconds: float) -> None:
    if not answer.done():
        answer.set_result(seconds)
