"""What waits to be logged, and when it is due: the log writer's pure half.

* Entries that must be durable before a relay moves are *urgent*: due at once, and
  failed at once when the disk does not take them.
* Others are grouped: due 50 ms after the first, or when a group is full.
* While the disk fails, others wait (bounded, with back-off); what does not fit is
  counted, and the count is recorded before anything else once the disk takes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from terminal.stores.errors import StoreError
from terminal.stores.usage_log import Entry

GROUP_S: Final = 0.05
"""An event is on disk this soon after it happened (design promise 8)."""
GROUP_EVENTS: Final = 128
"""Most events one transaction takes."""
MAX_WAITING: Final = 2000
"""Events kept in memory while the disk fails: about 2 MB, a quarter of an hour of rush hour."""
URGENT_WITHIN_S: Final = 2.0
"""Older urgent entries are failed, not spent: the gate has refused the tap by then."""
FIRST_RETRY_S: Final = 0.25
LAST_RETRY_S: Final = 30.0

Result = int | StoreError
"""The number the event got, or why it was not recorded."""
Done = Callable[[Result], None]
"""Told the result once it is certain. Must be quick and safe to call from any thread."""


class Pending(Struct, frozen=True):
    """One entry on its way to the disk."""

    entry: Entry
    done: Done | None
    urgent: bool
    at: float
    """Monotonic second at which it was handed in."""

    def tell(self, result: Result) -> None:
        """Call ``done``, if anybody asked."""
        if self.done is not None:
            self.done(result)


class Backlog:
    """Bounded queue with deadlines; not thread-safe, times passed in."""

    def __init__(self, max_waiting: int = MAX_WAITING) -> None:
        self._max_waiting = max_waiting
        self._waiting: deque[Pending] = deque()
        self._urgent = 0
        self._failures = 0
        self._retry_at = 0.0
        self.unrecorded_lost = 0
        """Events that did not fit and that no record tells of yet."""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def failing(self) -> bool:
        """Whether the last attempt to write failed."""
        return self._failures > 0

    def add(self, pending: Pending) -> bool:
        """Queue it; ``False`` when there is no room (an event that is not urgent is then counted)."""
        # Urgent ones are as few as there are doors, and a lockdown must not get lost in a
        # flood of taps: half as many again is only a bound.
        favoured = pending.urgent or bool(pending.entry.change)
        room = self._max_waiting + (self._max_waiting // 2 if favoured else 0)
        if len(self._waiting) >= room:
            self.unrecorded_lost += not pending.urgent
            return False
        self._waiting.append(pending)
        self._urgent += pending.urgent
        return True

    def due_at(self) -> float | None:
        """Monotonic second of the next attempt; ``None`` while there is nothing to write."""
        if self._urgent:
            return 0.0
        if not self._waiting and not self.unrecorded_lost:
            return None
        if self._failures:
            return self._retry_at
        if self.unrecorded_lost or len(self._waiting) >= GROUP_EVENTS:
            return 0.0
        return self._waiting[0].at + GROUP_S

    def take(self) -> list[Pending]:
        """The next group, oldest first; it comes back by ``failed`` or is gone."""
        group = [self._waiting.popleft() for _ in range(min(GROUP_EVENTS, len(self._waiting)))]
        self._urgent -= sum(one.urgent for one in group)
        return group

    def take_stale(self, now: float) -> list[Pending]:
        """Urgent entries nobody waits for any more."""
        return self._take_urgent(now - URGENT_WITHIN_S) if self._urgent else []

    def succeeded(self, recorded_lost: int) -> None:
        """The disk took a group, with a record of ``recorded_lost`` events before it."""
        self._failures = 0
        self.unrecorded_lost -= recorded_lost

    def failed(self, group: list[Pending], now: float) -> list[Pending]:
        """The disk refused ``group``: others wait for the next attempt; returns all urgent ones."""
        self._waiting.extendleft(reversed(group))
        self._urgent += sum(one.urgent for one in group)
        self._retry_at = now + min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(self._failures, 16))
        self._failures += 1
        return self._take_urgent(now)

    def _take_urgent(self, up_to: float) -> list[Pending]:
        taken = [one for one in self._waiting if one.urgent and one.at <= up_to]
        if taken:
            self._waiting = deque(one for one in self._waiting if not (one.urgent and one.at <= up_to))
            self._urgent -= len(taken)
        return taken
