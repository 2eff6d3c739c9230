"""Keeps every door in the mode that commands, schedules and outages ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Protocol

from sync.events import EventKind
from sync.records import DoorMode
from terminal.clock import Judged
from terminal.core.modes import Commanded, DoorState, door_mode
from terminal.core.passage import ModeChanged
from terminal.core.rules import Rules
from terminal.core.situation import Now
from terminal.journal import Journal
from terminal.loop import Loop, Timer
from terminal.memory import Memory, lockdown_latch
from terminal.stores.access_state import StateChange

NO_RULES = Rules(UTC, {}, {}, {}, {}, (), {})
"""Without a list, commands alone count."""
LONGEST_WAIT_S = 60.0
"""Modes are looked at anew at least this often: wall time may have been corrected."""


class ModeTaker(Protocol):
    """What modes need of a door."""

    def send(self, event: ModeChanged) -> None:
        """Stand in this mode from now on."""


class DoorModes:
    """The modes of one gate's doors. Lockdown by command survives a restart, free access does not."""

    def __init__(
        self,
        *,
        clock: Callable[[], Judged],
        rules: Callable[[], Rules | None],
        memory: Memory,
        journal: Journal,
        loop: Loop,
        doors: Mapping[int, ModeTaker],
    ) -> None:
        self._clock = clock
        self._rules = rules
        self._memory = memory
        self._journal = journal
        self._loop = loop
        self._doors = doors
        self._timer: Timer | None = None
        self._free: set[int] = set()
        """Doors in free access by command. Commanded lockdowns stand in the memory."""
        self._states: dict[int, DoorState] = {}

    def first(self, door: int) -> DoorMode:
        """The mode in which ``door`` starts."""
        self._states[door] = self._judge(door, self._clock().now)
        return self._states[door].mode

    @property
    def started(self) -> bool:
        """Whether the doors have taken their first modes."""
        return bool(self._states)

    def situation(self, door: int, now: Now) -> tuple[DoorMode, bool]:
        """The door's mode, and whether free access there waits for its first card."""
        state = self._states.get(door) or self._judge(door, now)
        return state.mode, state.awaits_first_card

    def state(self, door: int) -> DoorState:
        """The door's mode and what put it there."""
        return self._states[door]

    def command(self, door: int, mode: DoorMode, *, by: str) -> None:
        """Lock down, set free or (``NORMAL``) lift both, by order of ``by``."""
        match mode:
            case DoorMode.LOCKDOWN:
                pass  # outranks free access, does not end it
            case DoorMode.FREE:
                self._free.add(door)
            case DoorMode.NORMAL:
                self._free.discard(door)
        lockdown = b"1" if mode is DoorMode.LOCKDOWN else None
        change = StateChange(latches={lockdown_latch(door): lockdown})
        self._memory.take(change)
        self._journal.record(
            EventKind.MODE_CHANGED, door=door, change=change, detail={"ordered": mode.name.lower(), "by": by}
        )
        self.refresh()

    def refresh(self) -> None:
        """Look at every door's mode anew, tell the doors, and set the next look."""
        now = self._clock().now
        for door, control in self._doors.items():
            state = self._judge(door, now)
            before, self._states[door] = self._states.get(door), state
            if before is not None and before.mode is not state.mode:
                control.send(ModeChanged(state.mode))
                self._journal.record(
                    EventKind.MODE_CHANGED,
                    door=door,
                    detail={"mode": state.mode.name.lower(), "cause": state.cause.value},
                )
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._next_look(now), self.refresh)

    def _next_look(self, now: Now) -> float:
        wait = LONGEST_WAIT_S
        for state in self._states.values():
            if state.ask_again is not None and now.wall is not None:
                wait = min(wait, max(0.0, state.ask_again - now.wall))
        # Wall time is cut to whole seconds: a little later is certainly past the boundary.
        return now.monotonic + min(wait + 0.01, LONGEST_WAIT_S)

    def _judge(self, door: int, now: Now) -> DoorState:
        rules = self._rules() or NO_RULES
        commanded = Commanded(lockdown=lockdown_latch(door) in self._memory.latches, free=door in self._free)
        return door_mode(door, rules, commanded, self._memory.first_card(door), now)
