"""Whether the office computer's clock can be believed, by the latest time that it has shown before."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Final

RULE: Final = "0.clock"
SLACK: Final = timedelta(minutes=5)
"""A clock that is set right by the network steps back by less."""
LEAP: Final = timedelta(days=3)
"""The watcher looks every ten seconds: a longer jump is an office that was off, or a wrong clock."""


class ClockWord(Enum):
    """What a time is worth."""

    FINE = "fine"
    SET_BACK = "set_back"
    """Deadlines, tills and the trail would be of a time that is over: no step is taken."""
    LEAPT = "leapt"
    """What falls due by the clock would be ended and purged for good: it waits."""


def judge_clock(seen: datetime | None, now: datetime) -> ClockWord:
    """``seen``: the latest time that was believed; ``None``: none yet."""
    if seen is None or -SLACK <= now - seen <= LEAP:
        return ClockWord.FINE
    return ClockWord.SET_BACK if now < seen else ClockWord.LEAPT
