"""Maintenance mode: a technician is at work, the office knows, and what they trip is told from a burglar's.

A technician's granted card opens it at any reader for an hour; an order of the office for as
long as it says. It ends by itself, or by order. Nothing else changes: doors serve residents as
ever, no card opens more, fire, duress and revoked cards alarm as ever. Times run on
CLOCK_BOOTTIME; a reboot ends it, a restart of the gate process does not: a self-test stops that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sync.events import Detail, EventKind
from sync.records import GrantKind, Reason
from sync.statements.order_kinds import MAX_MAINTENANCE_S
from terminal.clock import Judged
from terminal.config import InputKind
from terminal.journal import Journal
from terminal.loop import Loop, Timer
from terminal.memory import Memory
from terminal.outcomes import Tap
from terminal.stores.access_state import StateChange

LATCH: Final = "maintenance"
BY_CARD_S: Final = 3_600
"""A visit; every further tap of a technician's card gives as much from then on."""
LONGEST_S: Final = MAX_MAINTENANCE_S
"""Longer than any visit, and nobody leaves it open over night."""
BOOT_ID_BYTES: Final = 16
MARKED: Final = frozenset(
    {
        EventKind.DOOR_FORCED,
        EventKind.DOOR_HELD,
        EventKind.DOOR_HELD_SOON,
        EventKind.CONTACT_FAULT,
        EventKind.BARRIER_BLOCKED,
        EventKind.INPUT_CHANGED,
        EventKind.READER_DOWN,
        EventKind.GPIO_DOWN,
        EventKind.WRONG_TRIES,
        EventKind.STARTED,
        EventKind.STOPPED,
    }
)
"""What a technician's hands bring about. Fire, duress and revoked cards are never played down."""


def left_s(latches: Mapping[str, bytes], boot: bytes, boottime_ms: int) -> float:
    """Seconds until maintenance mode ends by itself, by what a gate remembers; 0 while it is not open."""
    value = latches.get(LATCH, b"")
    if value[:BOOT_ID_BYTES] != boot:
        return 0.0
    return max(0.0, (int.from_bytes(value[BOOT_ID_BYTES:], "big") - boottime_ms) / 1000)


class Maintenance:
    """The maintenance mode of one gate."""

    def __init__(
        self, *, boot: bytes, clock: Callable[[], Judged], memory: Memory, journal: Journal, loop: Loop
    ) -> None:
        self._boot = boot
        self._clock = clock
        self._memory = memory
        self._journal = journal
        self._loop = loop
        self._timer: Timer | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is open now."""
        return self.left_s > 0

    @property
    def left_s(self) -> float:
        """Seconds until it ends by itself; 0 while it is not open."""
        return left_s(self._memory.latches, self._boot, self._clock().boottime_ms)

    def marks(self, kind: EventKind, detail: Mapping[str, Detail]) -> Mapping[str, Detail]:
        """What an event carries besides its own ``detail`` while a technician is at work."""
        is_fire = detail.get("kind") == InputKind.FIRE.value
        return {"maintenance": 1} if kind in MARKED and not is_fire and self.is_open else {}

    def tapped(self, tap: Tap) -> None:
        """A tap has opened a door; a technician's opens the mode, too."""
        grant = tap.decision.grant
        # In free access nobody judges the grant: it may have ended long ago.
        if (
            grant is None
            or grant.kind is not GrantKind.TECHNICIAN
            or tap.decision.reason is not Reason.GRANTED
        ):
            return
        self._open(
            BY_CARD_S,
            {"by": "card"},
            door=tap.place.door,
            reader=tap.place.reader,
            issue_id=grant.issue_id,
            grant_id=grant.grant_id,
        )

    def order(self, seconds: int, operator: str) -> None:
        """The office opens it for ``seconds``, at most ``LONGEST_S``; 0 ends it."""
        if seconds:
            self._open(min(seconds, LONGEST_S), {"by": operator})
        elif self.is_open:
            self._end({"cause": "order", "by": operator})

    def recall(self) -> None:
        """Take up what the gate's memory holds: after a start, or when the log could be read at last."""
        if LATCH not in self._memory.latches:
            return
        if self.is_open:
            self._set_timer()
        else:
            this_boot = self._memory.latches[LATCH].startswith(self._boot)
            self._end({"cause": "time" if this_boot else "reboot"})

    def _open(self, seconds: int, detail: dict[str, Detail], **about: int) -> None:
        renewed = self.is_open
        left_s = max(float(seconds), self.left_s)
        until_ms = self._clock().boottime_ms + int(left_s * 1000)
        change = StateChange(latches={LATCH: self._boot + until_ms.to_bytes(8, "big")})
        self._memory.take(change)
        detail = {**detail, "seconds": round(left_s), **({"renewed": 1} if renewed else {})}
        self._journal.record(EventKind.MAINTENANCE_BEGUN, change=change, detail=detail, **about)
        self._set_timer()

    def _end(self, detail: dict[str, Detail]) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        change = StateChange(latches={LATCH: None})
        self._memory.take(change)
        self._journal.record(EventKind.MAINTENANCE_ENDED, change=change, detail=detail)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # Boot time is cut to whole milliseconds: a little later it is certainly over.
        self._timer = self._loop.call_at(self._loop.monotonic() + self.left_s + 0.002, self._time_passed)

    def _time_passed(self) -> None:
        if self.is_open:
            self._set_timer()
        else:
            self._end({"cause": "time"})
