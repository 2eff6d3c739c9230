"""Letting an asyncio loop turn until something holds, with a deadline; never a sleep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.support.waiting import WITHIN_S


async def turn_until(check: Callable[[], bool]) -> None:
    """Let others run until ``check`` holds; fails when it never does."""
    async with asyncio.timeout(WITHIN_S):
        while not check():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0)
