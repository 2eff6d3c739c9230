"""When a reader that stays away has its supply cut for some seconds. Pure: time passed in, deadline out.

It is cut only from a reader that has been away for long, for a cause that a fresh start may cure, and
never again before a pause has passed that doubles each time. What works is never cut.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

FIRST_PAUSE_S: Final = 300.0
"""From one cut to the next; a reader that does not come back by it needs a person, not more of it."""
LONGEST_PAUSE_S: Final = 3600.0
WELL_S: Final = 600.0
"""A reader that was well for so long begins anew; one that falls ill again sooner waits out its pause."""


class Supply(Struct, frozen=True):
    """What is remembered of one reader's supply. Moments are monotonic seconds."""

    away_since: float | None = None
    """Away for a cause that a fresh start may cure; ``None``: it works, or that would not help."""
    well_since: float | None = None
    cut_until: float | None = None
    not_before: float | None = None
    """No other cut before this moment."""
    pause_s: float = FIRST_PAUSE_S
    """To keep after the next cut."""
    times: int = 0
    """How often it was cut since the gate started."""

    @property
    def is_cut(self) -> bool:
        """Whether the reader has no supply now."""
        return self.cut_until is not None


def away(supply: Supply, now: float, *, curable: bool) -> Supply:
    """The reader cannot be opened, broke off, fell silent or says that it is away."""
    if supply.well_since is not None and now - supply.well_since >= WELL_S:
        supply = replace(supply, not_before=None, pause_s=FIRST_PAUSE_S)
    since = now if supply.away_since is None else supply.away_since
    return replace(supply, well_since=None, away_since=since if curable else None)


def well(supply: Supply, now: float) -> Supply:
    """The reader works."""
    if supply.well_since is not None:
        return supply
    return replace(supply, away_since=None, well_since=now)


def next_deadline(supply: Supply, after_s: float) -> float | None:
    """When ``on_time`` has something to do."""
    if supply.cut_until is not None:
        return supply.cut_until
    if supply.away_since is None:
        return None
    due = supply.away_since + after_s
    return due if supply.not_before is None else max(due, supply.not_before)


def on_time(supply: Supply, now: float, *, after_s: float, off_s: float) -> Supply:
    """Cut or give back what is due; ``after_s``: away so long first, ``off_s``: cut so long."""
    deadline = next_deadline(supply, after_s)
    if deadline is None or now < deadline:
        return supply
    if supply.is_cut:
        return given_back(supply, now)
    return replace(
        supply,
        away_since=None,
        cut_until=now + off_s,
        not_before=now + off_s + supply.pause_s,
        pause_s=min(2 * supply.pause_s, LONGEST_PAUSE_S),
        times=supply.times + 1,
    )


def given_back(supply: Supply, now: float) -> Supply:
    """The supply is on again; the reader, that is not there yet, is away from now on."""
    return replace(supply, cut_until=None, away_since=now)
