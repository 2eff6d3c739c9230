"""Carries a decision out: open, remember, show, and tell of what follows from it.

Openings that must be durable first (counted, one-use, hard passback) wait for the
log's writer; everything else moves the relay at once and is written within 50 ms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from sync.events import Detail, EventKind
from sync.records import Credential, Direction, GrantKind, Reason
from terminal.core.decision import Decision
from terminal.core.passage import Granted
from terminal.core.situation import Now
from terminal.core.tries import Tries, after_tap
from terminal.journal import NO_CHANGE, Journal
from terminal.log_backlog import URGENT_WITHIN_S
from terminal.loop import Loop
from terminal.memory import Memory
from terminal.stores.access_state import StateChange
from terminal.stores.errors import StoreError

BOOKING_WITHIN_S = 600.0
"""Time in which a guard may book a slip number to their own opening (ours)."""


class Place(Struct, frozen=True):
    """Where a tap happens."""

    name: str
    reader: int
    door: int
    direction: Direction


class Tap(Struct, frozen=True):
    """A decided tap."""

    place: Place
    credential: Credential | None
    decision: Decision
    now: Now
    detail: dict[str, Detail]

    def about(self) -> dict[str, Any]:
        """The fields of its event."""
        return {
            "door": self.place.door,
            "reader": self.place.reader,
            "direction": self.place.direction,
            "credential": self.credential,
            "issue_id": self.decision.issue_id,
            "grant_id": self.decision.grant_id,
            "reason": self.decision.reason,
        }


class Opener(Protocol):
    """What an outcome needs of a door."""

    @property
    def is_busy(self) -> bool:
        """Open or unlocked."""

    @property
    def is_locked_down(self) -> bool:
        """Lockdown is in force there now."""

    def send(self, event: Granted) -> None:
        """Let one person pass."""


class Outcomes:
    """Carries out the taps of one gate."""

    def __init__(
        self,
        *,
        memory: Memory,
        journal: Journal,
        loop: Loop,
        doors: Mapping[int, Opener],
        on_shown: Callable[[Place, Reason], None],
        on_first_card: Callable[[], None],
        on_opened: Callable[[Tap], None],
    ) -> None:
        self._memory = memory
        self._journal = journal
        self._loop = loop
        self._doors = doors
        self._on_shown = on_shown
        self._on_first_card = on_first_card
        self._on_opened = on_opened
        self._opening: Counter[int] = Counter()
        """Openings of each door that are being made durable: busy for its interlock."""
        self._tries: dict[int, Tries] = {}
        self._guards: dict[int, tuple[int, float]] = {}
        """Door → issue and monotonic second of the last opening by a guard's card."""

    def is_busy(self, door: int) -> bool:
        """Open, unlocked or about to be; a door this gate does not have cannot be judged."""
        return self._opening[door] > 0 or door not in self._doors or self._doors[door].is_busy

    def guard_at(self, door: int, now: float) -> int | None:
        """Issue id of the guard who opened ``door`` by their own card a moment ago (rule 15.2)."""
        issue, at = self._guards.get(door, (None, 0.0))
        return issue if now - at <= BOOKING_WITHIN_S else None

    def show(self, place: Place, reason: Reason) -> None:
        """Tell the person at the reader."""
        self._on_shown(place, reason)

    def carry_out(self, tap: Tap) -> None:
        """Open if granted, remember, show; durable first where the decision asks for it."""
        if not tap.decision.granted:
            self.remember(tap)
            self._follow_up(tap)
            return
        change = self._memory.change_for(tap.decision, tap.place.door, tap.now)
        undo = self._memory.take(change)
        if tap.decision.durable_first:
            self._open_when_stored(tap, change, undo)
            return
        self._open(tap)
        self.remember(tap, change=change)
        self._follow_up(tap)

    def remember(self, tap: Tap, *, kind: EventKind = EventKind.TAP, change: StateChange = NO_CHANGE) -> None:
        """Write a tap's event."""
        self._journal.record(kind, change=change, detail=tap.detail, **tap.about())

    def _open_when_stored(self, tap: Tap, change: StateChange, undo: Callable[[], None]) -> None:
        door = tap.place.door
        waits = True
        self._opening[door] += 1

        def end_wait() -> None:
            nonlocal waits
            waits = False
            timer.cancel()
            self._opening[door] -= 1

        def too_late() -> None:
            # Nobody stands there for ever: a door that opens behind them lets in somebody else.
            end_wait()
            self._refuse_after_all(tap, Reason.FAULT)

        def then(error: StoreError | None) -> None:
            if error is not None:
                undo()
            if not waits:
                return
            end_wait()
            if error is not None:
                self._refuse_after_all(tap, Reason.FAULT)
            elif self._was_locked_down(tap):
                self._refuse_after_all(tap, Reason.LOCKED_DOWN)
            else:
                self._open(tap)
                self._follow_up(tap)

        timer = self._loop.call_at(tap.now.monotonic + URGENT_WITHIN_S, too_late)
        self._journal.record_first(EventKind.TAP, change=change, then=then, detail=tap.detail, **tap.about())

    def _was_locked_down(self, tap: Tap) -> bool:
        """Whether a lockdown that this grant does not override came after the decision."""
        grant, door = tap.decision.grant, self._doors.get(tap.place.door)
        overrides = grant is not None and grant.overrides_lockdown
        return door is not None and door.is_locked_down and not overrides

    def _refuse_after_all(self, tap: Tap, reason: Reason) -> None:
        """What was granted cannot open any more: a second event says so, and the lamp."""
        refused = replace(tap, decision=replace(tap.decision, reason=reason))
        self.remember(refused)
        self._follow_up(refused)

    def _open(self, tap: Tap) -> None:
        grant = tap.decision.grant
        if grant is not None and grant.kind is GrantKind.GUARD:
            self._guards[tap.place.door] = (grant.issue_id, tap.now.monotonic)
        # In free access the door stands unlocked already and nobody is waited for.
        if tap.decision.reason is Reason.GRANTED and tap.place.door in self._doors:
            self._doors[tap.place.door].send(
                Granted(long=tap.decision.long_opening, by=tap.decision.grant_id)
            )
        self._on_opened(tap)

    def _follow_up(self, tap: Tap) -> None:
        decision = tap.decision
        self._on_shown(tap.place, decision.reason)
        if decision.tombstone is not None:
            self._also(tap, EventKind.REVOKED_CARD_TAPPED)
        if decision.duress:
            self._also(tap, EventKind.DURESS)
        if decision.granted and decision.passback_breach:
            self._also(tap, EventKind.PASSBACK_BREACH)
        tries, alarm = after_tap(self._tries.get(tap.place.reader, Tries()), decision.reason)
        self._tries[tap.place.reader] = tries
        if alarm:
            self._journal.record(
                EventKind.WRONG_TRIES,
                door=tap.place.door,
                reader=tap.place.reader,
                detail={"count": tries.in_row},
            )
        if decision.starts_free_access:
            self._on_first_card()

    def _also(self, tap: Tap, kind: EventKind) -> None:
        self._journal.record(kind, **tap.about())
