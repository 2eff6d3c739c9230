"""Carries out what `terminal.core.supply` decides: a relay in the supply of one reader."""

from __future__ import annotations

from collections.abc import Callable

from drivers.ports import OutputLine
from terminal.config import PowerSettings
from terminal.core import supply
from terminal.core.supply import Supply
from terminal.loop import Loop, Timer


class ReaderSupply:
    """One reader's supply. The line is active while the supply is cut: undriven, the reader has it."""

    def __init__(self, settings: PowerSettings, line: OutputLine, loop: Loop) -> None:
        self.state = Supply()
        self._settings = settings
        self._line = line
        self._loop = loop
        self._timer: Timer | None = None
        self._on_change: Callable[[], None] = lambda: None

    def follow(self, on_change: Callable[[], None]) -> None:
        """Call back whenever the supply was cut or given back by time."""
        self._on_change = on_change

    @property
    def off_s(self) -> float:
        """How long one cut lasts."""
        return self._settings.off_s

    def away(self, *, curable: bool) -> None:
        """The reader is away; ``curable``: a fresh start may help."""
        if not self.state.is_cut:
            self._take(supply.away(self.state, self._loop.monotonic(), curable=curable))

    def well(self) -> None:
        """The reader works."""
        if not self.state.is_cut:
            self._take(supply.well(self.state, self._loop.monotonic()))

    def give_back(self) -> None:
        """Switch it on now, if it is cut."""
        if self.state.is_cut:
            self._line.set(False)
            self._take(supply.given_back(self.state, self._loop.monotonic()))

    def close(self) -> None:
        """Do nothing any more; the bank of lines leaves the output undriven. May be called twice."""
        self._cancel_timer()

    def _on_time(self) -> None:
        now = self._loop.monotonic()
        after = supply.on_time(self.state, now, after_s=self._settings.after_s, off_s=self._settings.off_s)
        changed = after.is_cut is not self.state.is_cut
        if changed:
            self._line.set(after.is_cut)
        self._take(after)
        if changed:
            self._on_change()

    def _take(self, state: Supply) -> None:
        if state is self.state:
            return
        self.state = state
        self._cancel_timer()
        deadline = supply.next_deadline(state, self._settings.after_s)
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._on_time)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
