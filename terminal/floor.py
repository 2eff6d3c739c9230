"""The gate's time floor: raised by certain time, kept over restarts, lowered by the root's word alone.

The sync side verifies that word and keeps it beside the time anchor; here it is taken
over once, by its serial. From then on neither the floor that the gate had kept, nor the
office's answer, nor the issue time of the list of those days raises it again.
"""

from __future__ import annotations

from typing import Final

from sync.events import Detail, EventKind
from sync.update import ListVersion
from terminal.clock import Reading, TimeKeeper
from terminal.journal import Journal
from terminal.memory import FLOOR_LATCH, LOWERING_LATCH, Memory
from terminal.stores.access_state import StateChange
from terminal.stores.time_anchor import Lowered, SavedTime

FLOOR_EVERY_S: Final = 3600
"""The persisted floor lags trusted time by at most this: one small write an hour."""


class Floor:
    """What a gate holds to be the earliest possible time, in its keeper and in its memory."""

    def __init__(self, keeper: TimeKeeper, memory: Memory, lowered: Lowered | None) -> None:
        """``lowered``: the last lowering that the keeper's floor accounts for already."""
        self._keeper = keeper
        self._memory = memory
        self._lowered = lowered

    def recall(self) -> None:
        """Let the kept floor count, once it can be read, unless the root has lowered it since."""
        if not self._kept_is_older():
            self._keeper.raise_floor(self._memory.floor())

    def heed(self, saved: SavedTime) -> bool:
        """Lower the floor if the sync side has a newer word of the root; says whether it did."""
        lowered = saved.lowered
        known = 0 if self._lowered is None else self._lowered.serial
        if lowered is None or lowered.serial <= max(known, self._memory.lowering()):
            return False
        self._lowered = lowered
        # Not to what the file calls the floor: an answer that was under way may have put the old one there.
        self._keeper.lower_floor(lowered.floor, saved.anchor)
        return True

    def learn(self, version: ListVersion, issued_at: int, reading: Reading) -> bool:
        """Take a list's issue time as lower bound; says whether it can be believed."""
        if self._lowered is not None and self._lowered.disbelieves(version, issued_at):
            return False
        return self._keeper.learn(issued_at, reading)

    def keep(self, journal: Journal) -> None:
        """Make the floor outlive this process: once an hour, and at once when it was lowered."""
        floor = self._keeper.floor
        latches: dict[str, bytes | None] = {FLOOR_LATCH: floor.to_bytes(8, "big")}
        detail: dict[str, Detail] = {"floor": floor}
        if self._lowered is not None and self._kept_is_older():
            latches[LOWERING_LATCH] = self._lowered.serial.to_bytes(8, "big")
            detail["lowered"] = self._lowered.serial
        elif floor < self._memory.floor() + FLOOR_EVERY_S:
            return
        change = StateChange(latches=latches)
        self._memory.take(change)
        journal.record(EventKind.CLOCK_CHANGED, change=change, detail=detail)

    def _kept_is_older(self) -> bool:
        return self._lowered is not None and self._memory.lowering() < self._lowered.serial
