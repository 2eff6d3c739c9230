"""People at a gate, as a time-table: what somebody begins now and what follows from it by itself.

Pure: time is passed in and the next deadline goes out.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Protocol

from drivers.ports import Technology


class Hand(Protocol):
    """What a card is held to: `drivers.readers.sim.SimReader`, or whatever plays a real reader."""

    def present(self, technology: Technology, number: bytes, bits: int | None = None) -> None:
        """A chip comes into the field; or is seen in it once more."""

    def remove(self) -> None:
        """The chip is taken away."""


class VirtualPerson:
    """Somebody who does one thing after the other."""

    def __init__(self) -> None:
        self._deeds: list[tuple[float, int, Callable[[float], object]]] = []
        self._order = itertools.count()

    def at(self, moment: float, deed: Callable[[float], object]) -> None:
        """Do something at this moment; the deed is told when it is done."""
        heapq.heappush(self._deeds, (moment, next(self._order), deed))

    def hold_card(
        self,
        hand: Hand,
        technology: Technology,
        number: bytes,
        now: float,
        *,
        for_s: float,
        again_s: float | None = None,
    ) -> None:
        """Hold a card in the field for so long; ``again_s``: of a reader that sends a held card anew."""

        def see(at: float) -> None:
            hand.present(technology, number)
            if again_s is not None and at + again_s < now + for_s:
                self.at(at + again_s, see)

        self.at(now, see)
        self.at(now + for_s, lambda _at: hand.remove())
        self.on_time(now)

    def next_deadline(self) -> float | None:
        """When ``on_time`` has something to do."""
        return self._deeds[0][0] if self._deeds else None

    def on_time(self, now: float) -> None:
        """Do what is due, each thing at its own moment."""
        while self._deeds and self._deeds[0][0] <= now:
            at, _, deed = heapq.heappop(self._deeds)
            deed(at)
