"""Debounce of one contact as pure data: raw levels with their times in, settled levels out."""

from __future__ import annotations

from msgspec import Struct


class Settled(Struct, frozen=True):
    """The contact has been still at another level for long enough."""

    level: bool
    at: float
    """Monotonic second at which it counted as still."""


class Debounce(Struct):
    """One contact. Levels are electrical: True is high."""

    level: bool
    """The settled level."""
    for_s: float
    """How long a raw level must stand before it counts; 0: at once."""
    left_at: float | None = None
    """When the raw level left the settled one; None while they agree."""

    @property
    def deadline(self) -> float | None:
        """When the level under way settles, if nothing moves until then."""
        return None if self.left_at is None else self.left_at + self.for_s

    def moved(self, level: bool, now: float) -> tuple[Settled, ...]:
        """The raw level is ``level`` from ``now`` on, and nothing moved unnoticed before (an edge)."""
        return self.settle(now) + self.sampled(level, now)

    def sampled(self, level: bool, now: float) -> tuple[Settled, ...]:
        """The raw level happens to be ``level`` at ``now``; a spike between two samples is not seen."""
        if level == self.level:
            self.left_at = None
        elif self.left_at is None:
            self.left_at = now
        return self.settle(now)

    def settle(self, now: float) -> tuple[Settled, ...]:
        """What has settled by ``now``, if the raw level stood still since it was last told."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return ()
        self.level, self.left_at = not self.level, None
        return (Settled(self.level, deadline),)
