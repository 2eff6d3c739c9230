"""Reason codes: one stable word for every outcome of a decision.

They appear in usage logs kept for months, in office reports and on the wire: a code
is never renamed nor reused. There is no reason for unpaid fees, and none may be
added (Civil Code art. 944(3)).
"""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Reason(IntEnum):
    """Why a tap was granted or refused; the value is its number on the wire."""

    GRANTED = 1
    GRANTED_FREE = 2
    """The door stands in free access; nothing was spent."""

    UNKNOWN_CREDENTIAL = 10
    NOT_YET_VALID = 11
    EXPIRED = 12
    OUTSIDE_HOURS = 13
    HOLIDAY = 14
    """A holiday's own windows closed what the weekly windows would have opened."""
    LOST = 15
    DAMAGED = 16
    SUSPENDED = 17
    WITHDRAWN = 18
    MOVED_OUT = 19
    SUPERSEDED = 20
    """A replacement took this chip's place."""
    WRONG_DOOR = 21
    NO_USES_LEFT = 22
    NEEDS_SECOND_CREDENTIAL = 23
    """Refused so far: a companion's card within the time limit completes it."""
    NEEDS_PIN = 24
    """Refused so far: the PIN within the time limit completes it."""
    WRONG_PIN = 25
    PIN_BLOCKED = 26
    PASSBACK = 27
    INTERLOCK = 28
    LOCKED_DOWN = 29
    LIST_TOO_OLD = 30
    CLOCK_UNKNOWN = 31
    COMPANION_REFUSED = 32
    """The guard looked and said no; nothing was spent."""
    FAULT = 40
    """The gate cannot decide soundly (dangling reference, store error): never opens."""

    @property
    def granted(self) -> bool:
        """Whether this outcome opens."""
        return self in (Reason.GRANTED, Reason.GRANTED_FREE)

    @property
    def word(self) -> str:
        """The stable word used in files, logs and command output."""
        return self.name.lower()
