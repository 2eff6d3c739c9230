"""Readers that show which one the office means, for the person who stands before them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from drivers.indicator import Rhythm, Signal
from terminal.loop import Loop, Timer

LONGEST_S: Final = 300


class Blink:
    """Repeats the signal at some readers for a time. An outcome of a tap shows at once, in between."""

    def __init__(
        self, loop: Loop, rhythms: Mapping[Signal, Rhythm], show: Callable[[str, Signal], None]
    ) -> None:
        self._loop = loop
        self._every_s = rhythms[Signal.HERE].length_s
        self._show = show
        self._timer: Timer | None = None

    def start(self, readers: Iterable[str], seconds: float) -> None:
        """Blink there for so long; whatever blinked before stops."""
        if self._timer is not None:
            self._timer.cancel()
        self._again(tuple(readers), self._loop.monotonic() + seconds)

    def _again(self, readers: tuple[str, ...], until: float) -> None:
        now = self._loop.monotonic()
        if now >= until:
            self._timer = None
            return
        for reader in readers:
            self._show(reader, Signal.HERE)
        self._timer = self._loop.call_at(min(until, now + self._every_s), lambda: self._again(readers, until))
