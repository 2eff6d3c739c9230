"""Judges a release on trial by looks at the services: pure, the time is what the looks say it is."""

from __future__ import annotations

from enum import Enum
from typing import Final

from msgspec import Struct

from terminal.counts import count_of

LIMIT_S: Final = 90.0
"""Healthy and steady by then, or rolled back; a small Pi starts with 100,000 grants in some seconds."""
STEADY_S: Final = 20.0
"""So long without a fault and without a restart: twice the gate's watchdog."""
MAX_RESTARTS: Final = 2
"""One more and it is a crash loop: residents stand there, nobody waits for the limit."""
MAX_JUDGINGS: Final = 3
"""Power cuts, crashes of the machine, or of the one who judges."""


class Look(Struct, frozen=True):
    """The services at one moment."""

    at_s: float
    faults: tuple[str, ...]
    """What is wrong, for people; none: healthy."""
    life: str
    """Changes with every restart of a service."""
    restarts: int
    """By the service manager alone, since the switch."""


class Ending(Enum):
    """What became of a trial."""

    KEPT = "kept"
    GONE_BACK = "gone_back"


class Verdict(Struct, frozen=True):
    """The end of a trial."""

    ending: Ending
    reason: str


class Judge:
    """Takes looks in order of time until there is a verdict."""

    def __init__(self, began_s: float, *, limit_s: float = LIMIT_S, steady_s: float = STEADY_S) -> None:
        self._deadline_s = began_s + limit_s
        self._limit_s = limit_s
        self._steady_s = steady_s
        self._healthy_since_s: float | None = None
        self._life = ""

    def take(self, look: Look) -> Verdict | None:
        """The verdict, once there is one."""
        if look.restarts > MAX_RESTARTS:
            return Verdict(Ending.GONE_BACK, f"restarted {count_of(look.restarts, 'time')}: {_told(look)}")
        if look.faults or look.life != self._life:
            self._healthy_since_s = None
        self._life = look.life
        if not look.faults:
            if self._healthy_since_s is None:
                self._healthy_since_s = look.at_s
            if look.at_s - self._healthy_since_s >= self._steady_s:
                return Verdict(Ending.KEPT, f"healthy for {self._steady_s:g} s")
        if look.at_s >= self._deadline_s:
            return Verdict(
                Ending.GONE_BACK,
                f"not healthy for {self._steady_s:g} s within {self._limit_s:g} s: {_told(look)}",
            )
        return None


def _told(look: Look) -> str:
    return "; ".join(look.faults) or "it does not stay up"
