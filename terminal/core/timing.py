"""The times and rules by which one passage moves, with defaults and their sources."""

from __future__ import annotations

from enum import Enum, unique

from msgspec import Struct

MIN_S = 0.05
"""Shortest time worth timing: a relay needs 5 to 15 ms to settle (ours)."""
MAX_S = 3600.0
"""A longer opening is a mode, not an opening (ours)."""


@unique
class OnFire(Enum):
    """What a passage does while the fire input is active."""

    RELEASE = "release"
    IGNORE = "ignore"


class Timing(Struct, frozen=True):
    """Times in seconds on the monotonic clock; raises ``ValueError`` naming field and rule.

    Sources: *common* is the default of several makers' door controllers (Keri, ZKTeco,
    Soyal manuals); *barrier* is a barrier maker's manual (PF6000); *(ours)* is our choice.
    """

    open_s: float = 5.0
    """Unlocked after a grant or the exit button; for a barrier, counted from fully open. Common."""
    long_open_s: float = 20.0
    """Instead of ``open_s`` for a person who needs it (ours)."""
    relock_on_close: bool = True
    """Relock as soon as everybody granted has passed and the door is closed. Common."""
    held_s: float = 20.0
    """A door open this long after it locked again is held open. Common (15 to 20 s)."""
    pre_alarm_s: float = 5.0
    """The buzzer warns this long before held; 0 switches the warning off (ours)."""
    grace_s: float = 1.0
    """Opening this soon after locking is not forced: contact bounce, a hand on the door (ours)."""
    exit_stuck_s: float = 60.0
    """An exit button down this long is stuck: a fault, and it stops unlocking (ours)."""
    on_fire: OnFire = OnFire.RELEASE
    fire_needs_reset: bool = False
    """The release outlasts the fire input until somebody resets it."""
    has_stop: bool = False
    """Barrier: a stop output is wired; reversing then stops first."""
    pulse_s: float = 0.5
    """Barrier: length of a command pulse (ours; see the barrier's own manual)."""
    travel_s: float = 8.0
    """Barrier: longest time from one end position to the other, with reserve (ours)."""
    clear_s: float = 5.0
    """Barrier: the loop must have been clear this long before the boom closes. Barrier."""
    close_after_passage: bool = False
    """Barrier: the passage of every granted vehicle ends the open time early."""
    blocked_s: float = 60.0
    """Barrier: kept from closing this long is reported; a failed close is tried again as late (ours)."""

    def __post_init__(self) -> None:
        for name in ("open_s", "held_s", "grace_s", "exit_stuck_s", "pulse_s", "clear_s"):
            _check(name, getattr(self, name), MIN_S)
        _check("pre_alarm_s", self.pre_alarm_s, 0.0)
        _check("long_open_s", self.long_open_s, self.open_s, "open_s")
        _check("travel_s", self.travel_s, 2 * self.pulse_s, "twice pulse_s")
        _check("blocked_s", self.blocked_s, self.travel_s, "travel_s")
        if not self.pre_alarm_s + MIN_S <= self.held_s:
            raise ValueError(f"pre_alarm_s is {self.pre_alarm_s:g}, must be below held_s ({self.held_s:g})")


def _check(name: str, value: float, low: float, rule: str = "") -> None:
    # Written so that NaN fails too.
    if not low <= value <= MAX_S:
        origin = f" ({rule})" if rule else ""
        raise ValueError(f"{name} is {value:g}, allowed are {low:g}{origin} to {MAX_S:g} seconds")


DOOR_TIMING = Timing()
BARRIER_TIMING = Timing(open_s=15.0, long_open_s=30.0)
"""A car needs longer to reach and pass the boom than a hand to push a door (ours)."""
