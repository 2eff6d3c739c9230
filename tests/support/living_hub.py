"""A hub process in this one."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from office.hub.process import Entrance, Hub, Outside
from office.hub.schema import Checkpoint, pass_by
from tests.support.world_office import OfficeSide


def live(
    tmp_path: Path,
    story: Callable[[Hub, OfficeSide], Awaitable[None]],
    *,
    checkpoint: Checkpoint = pass_by,
    entrances: Sequence[Entrance] = (),
) -> None:
    """Run ``story`` with a hub of one registered gate."""
    office = OfficeSide(tmp_path, 1, checkpoint=checkpoint)
    nonces = itertools.count(1)
    outside = Outside(
        lambda: office.utc_ms,
        lambda: 0.0,
        lambda count: next(nonces).to_bytes(count, "big"),
        "hub under test",
    )

    async def run() -> None:
        signers = office.signers
        hub = Hub(office.store, office.publisher, office.online, outside, entrances, signers.look)
        await story(hub, office)

    try:
        asyncio.run(run())
    finally:
        office.close()
