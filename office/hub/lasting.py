"""Tasks that last as long as the hub: none of them ends unseen (asyncio)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from office.hub.schema import HubStoreError


class Lasting:
    """``stop`` is called when one has failed, and `check` raises what it failed of."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._periodic: list[asyncio.Task[None]] = []
        self._failure: BaseException | None = None

    def watch(self, task: asyncio.Task[None]) -> None:
        """A task of somebody else's, who ends it."""
        task.add_done_callback(self._on_end)

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Do this again and again, until ``end``."""
        task = asyncio.create_task(_every(seconds, work))
        self.watch(task)
        self._periodic.append(task)

    async def end(self) -> None:
        """End what is done again and again."""
        for task in self._periodic:
            task.cancel()
        await asyncio.gather(*self._periodic, return_exceptions=True)

    def check(self) -> None:
        """Raises what the first that failed did."""
        if self._failure is not None:
            raise self._failure

    def _on_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = self._failure or failure
            self._stop()


async def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        unless_store_fails(work)


def unless_store_fails(work: Callable[[], None]) -> None:
    """What the store refuses now (it is locked, its server was cut off) is told; the next time does it."""
    try:
        work()
    except HubStoreError as error:
        sys.stderr.write(f"office hub: {error}\n")
