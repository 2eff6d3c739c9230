"""What a gate looks at from time to time: the office's time, its clock, the age of its list, its floor."""

from __future__ import annotations

from collections.abc import Callable

from sync.events import EventKind
from sync.records import ClockState
from terminal.clock import Reading, TimeKeeper
from terminal.floor import Floor
from terminal.journal import Journal
from terminal.permissions import Permissions
from terminal.stores.confirmation import Confirmation
from terminal.stores.time_anchor import SavedTime

LIST_OLD_S = 86_400
"""A list as old as the shortest trust window (visitors, slips) is worth an alarm."""


class Watch:
    """Looks, and tells by events what changed. ``on_clock`` hears of a step or a new clock state."""

    def __init__(
        self,
        *,
        read_clock: Callable[[], Reading],
        keeper: TimeKeeper,
        saved_time: Callable[[], SavedTime],
        floor: Floor,
        confirmation: Callable[[], Confirmation],
        permissions: Permissions,
        journal: Journal,
        on_clock: Callable[[], None],
    ) -> None:
        self._read_clock = read_clock
        self._keeper = keeper
        self._saved_time = saved_time
        self._floor = floor
        self._confirmation = confirmation
        self._anchor = keeper.anchor
        self._permissions = permissions
        self._journal = journal
        self._on_clock = on_clock
        reading = read_clock()
        self.clock: ClockState = keeper.judge(reading).now.clock
        keeper.step_ms(reading)  # the offset that later looks compare with
        self.list_is_old = False

    def look(self) -> None:
        """Look at everything once."""
        self._look_at_saved_time()
        self._look_at_clock()
        self._permissions.confirm(self._confirmation())
        self._permissions.look()
        self._look_at_list_age()
        self._floor.keep(self._journal)

    def _look_at_saved_time(self) -> None:
        """Take what the sync side has got from the office since; without a new answer the last one stays."""
        saved = self._saved_time()
        if self._floor.heed(saved):
            self._anchor = saved.anchor
            self._on_clock()
        anchor = saved.anchor
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
