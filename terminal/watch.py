"""What a gate looks at from time to time: the office's time, its clock, the age of its list, its floor."""

from __future__ import annotations

from collections.abc import Callable

from sync.events import EventKind
from sync.records import ClockState
from terminal.clock import Anchor, Reading, TimeKeeper
from terminal.journal import Journal
from terminal.memory import FLOOR_LATCH, Memory
from terminal.permissions import Permissions
from terminal.stores.access_state import StateChange
from terminal.stores.confirmation import Confirmation

FLOOR_EVERY_S = 3600
"""The persisted floor lags trusted time by at most this: one small write an hour."""
LIST_OLD_S = 86_400
"""A list as old as the shortest trust window (visitors, slips) is worth an alarm."""


class Watch:
    """Looks, and tells by events what changed. ``on_clock`` hears of a step or a new clock state."""

    def __init__(
        self,
        *,
        read_clock: Callable[[], Reading],
        keeper: TimeKeeper,
        saved_anchor: Callable[[], Anchor | None],
        confirmation: Callable[[], Confirmation],
        permissions: Permissions,
        memory: Memory,
        journal: Journal,
        on_clock: Callable[[], None],
    ) -> None:
        self._read_clock = read_clock
        self._keeper = keeper
        self._saved_anchor = saved_anchor
        self._confirmation = confirmation
        self._anchor = keeper.anchor
        self._permissions = permissions
        self._memory = memory
        self._journal = journal
        self._on_clock = on_clock
        reading = read_clock()
        self.clock: ClockState = keeper.judge(reading).now.clock
        keeper.step_ms(reading)  # the offset that later looks compare with
        self.list_is_old = False

    def look(self) -> None:
        """Look at everything once."""
        self._look_at_anchor()
        self._look_at_clock()
        self._permissions.confirm(self._confirmation())
        self._permissions.look()
        self._look_at_list_age()
        self._keep_floor()

    def _look_at_anchor(self) -> None:
        """Take what the sync side has got from the office since; without a new answer the last one stays."""
        anchor = self._saved_anchor()
        if anchor is None or anchor == self._anchor:
            return
        self._anchor = anchor
        if not self._keeper.take_anchor(anchor, self._read_clock()):
            self._journal.record(
                EventKind.CLOCK_CHANGED, detail={"not_believed": str(anchor.utc_ms // 1000)[:20]}
            )

    def _look_at_clock(self) -> None:
        reading = self._read_clock()
        stepped_ms = self._keeper.step_ms(reading)
        state = self._keeper.judge(reading).now.clock
        if stepped_ms or state is not self.clock:
            self.clock = state
            self._journal.record(
                EventKind.CLOCK_CHANGED,
                detail={"state": state.name.lower(), "stepped_s": round(stepped_ms / 1000)},
            )
            self._on_clock()

    def _look_at_list_age(self) -> None:
        """An old list alarms, once; it does not lock residents out (their kinds have no window)."""
        state, wall = self._permissions.state, self._keeper.judge(self._read_clock()).now.wall
        if state is None or wall is None:
            return
        age_s = wall - self._permissions.confirmed_at(state.head)
        was_old, self.list_is_old = self.list_is_old, age_s > LIST_OLD_S
        if self.list_is_old and not was_old:
            version = str(state.head.version)
            self._journal.record(EventKind.LIST_OLD, detail={"version": version, "age_s": age_s})

    def _keep_floor(self) -> None:
        floor = self._keeper.floor
        if floor >= self._memory.floor() + FLOOR_EVERY_S:
            change = StateChange(latches={FLOOR_LATCH: floor.to_bytes(8, "big")})
            self._memory.take(change)
            self._journal.record(EventKind.CLOCK_CHANGED, change=change, detail={"floor": floor})
