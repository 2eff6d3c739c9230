"""A hub process in this one."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path

from office.hub.process import Hub, Outside
from tests.support.world_office import OfficeSide


def live(tmp_path: Path, story: Callable[[Hub, OfficeSide], Awaitable[None]]) -> None:
    """Run ``story`` with a hub of one registered gate."""
    office = OfficeSide(tmp_path, 1)
    nonces = itertools.count(1)
    outside = Outside(
        lambda: office.utc_ms,
        lambda: 0.0,
        lambda count: next(nonces).to_bytes(count, "big"),
        "hub under test",
    )

    async def run() -> None:
        await story(
            Hub(office.store, office.publisher, office.online, outside, (), office.signers.look), office
        )

    try:
        asyncio.run(run())
    finally:
        office.close()
