"""A card held to a reader is one tap, however often the reader reads it.

Many readers send a card's number for as long as it is there; others lose a card at the edge
of their field and find it again. Every reader of the gate is judged here, in one way.
"""

from __future__ import annotations

from typing import Final

from drivers.ports import CardRead, DigitsEntered, ReadFailed, Technology

MAX_CARDS: Final = 16
"""More than this within the time is no held card: the oldest is forgotten."""


class Repeats:
    """One reader's; ``repeat_s`` seconds without a card end its tap."""

    def __init__(self, repeat_s: float) -> None:
        self._repeat_s = repeat_s
        self._last: dict[tuple[Technology, bytes], float] = {}

    def is_repeat(self, event: CardRead | DigitsEntered | ReadFailed) -> bool:
        """Whether this is a card that was read less than ``repeat_s`` ago; it counts from now on anew."""
        if not isinstance(event, CardRead):
            return False
        card = (event.technology, event.number)
        last = self._last.pop(card, None)
        if len(self._last) >= MAX_CARDS:
            del self._last[next(iter(self._last))]
        self._last[card] = event.read_at
        return last is not None and event.read_at - last < self._repeat_s
