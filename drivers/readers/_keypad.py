"""Keys become one entry: digits until ``#`` or a pause; ``*`` begins anew. Pure, time passed in."""

from __future__ import annotations

from typing import Final

from drivers.ports import DigitsEntered

ENTER: Final = "#"
CLEAR: Final = "*"
MAX_DIGITS: Final = 16
"""A longer entry is no PIN: it is dropped whole, up to its end."""
PAUSE_S: Final = 4.0
"""Nobody takes longer between two digits; a keypad without ``#`` needs it."""


class Entry:
    """What was typed so far."""

    def __init__(self) -> None:
        self._digits = ""
        self._typed_at: float | None = None

    def press(self, key: str, at: float) -> DigitsEntered | None:
        """One of ``0`` to ``9``, ``*``, ``#``; the entry if this key completes it."""
        if key == ENTER:
            return self._end(at)
        if key == CLEAR:
            self._digits, self._typed_at = "", None
            return None
        self._digits = (self._digits + key)[: MAX_DIGITS + 1]
        self._typed_at = at
        return None

    def deadline(self) -> float | None:
        """Monotonic second at which the pause ends the entry."""
        return None if self._typed_at is None else self._typed_at + PAUSE_S

    def on_time(self, now: float) -> DigitsEntered | None:
        """The entry if its pause is over."""
        deadline = self.deadline()
        return None if deadline is None or now < deadline else self._end(now)

    def _end(self, at: float) -> DigitsEntered | None:
        digits, self._digits, self._typed_at = self._digits, "", None
        return DigitsEntered(digits, at) if 0 < len(digits) <= MAX_DIGITS else None
