"""The mass-removal brake: one stolen or hasty key must not lock an estate out.

It counts credentials that could open before an update and cannot after it, within 24 hours
of signed issue time. More than 10 and more than 20 % of those who could open 24 hours
earlier, or all of 4 or more, need the manager's signature, or a root's: that list is the
new baseline.

Each credential is judged by itself: a grant opens if its issue is not stopped, one of its
doors is in the settings, its schedule has a window, and its end has not come by the issue
time of the update, on both sides. How wide windows are, door modes, reader mappings,
where a PIN alone opens and spent uses are not weighed; neither can the issue times of a
thief be: the brake slows down.

A delta is judged by the credentials it touches. So these stand in the trust memory: a
census of who can open (by day of ending, so that nobody has to be visited whose card
merely expires), its totals over the last 24 hours, and who was lost in them. Hence a credential
gained and lost within 24 hours counts as lost, and one that opens again no longer does.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct

from sync.records import Grant, ListSettings, Record, Schedule, Tombstone

DAY_S: Final = 86_400
HOUR_S: Final = 3_600
ALWAYS_ALLOWED: Final = 10
ALLOWED_PERCENT: Final = 20
SMALL_ESTATE: Final = 4
"""Losing everybody trips the brake from this many on."""
MAX_LOST: Final = 20_000
"""Bound of the memory; more losses in a day need the manager at any size of estate."""
HORIZON_DAYS: Final = 400
"""Bound of the census: a later end counts as none until the list is counted anew."""
MARK_BYTES: Final = 8

FOREVER: Final = (1 << 63) - 1
CANNOT: Final = 0


class Conditions(Struct, frozen=True):
    """What the settings contribute to whether a grant can ever open."""

    doors: frozenset[int]
    schedules: frozenset[int]
    """Those with any window at all."""

    @classmethod
    def of(cls, settings: ListSettings) -> Conditions:
        """The conditions under these settings."""
        return cls(
            frozenset(one.door_id for one in settings.doors),
            frozenset(one.schedule_id for one in settings.schedules if _has_window(one)),
        )


class Opening(Struct, frozen=True):
    """Until when one credential could open before and after an update (see `opens_until`)."""

    key: bytes
    before: int
    after: int


class Openings:
    """Many of them in columns: as objects those of a hundred thousand credentials take 11 MB."""

    def __init__(self) -> None:
        self._keys = bytearray()
        self._ends = array("q")
        """Before and after, in turns."""

    def add(self, key: bytes, before: int, after: int) -> None:
        """One more."""
        self._keys.append(len(key))
        self._keys += key
        self._ends.append(before)
        self._ends.append(after)

    def __iter__(self) -> Iterator[Opening]:
        """All of them, in the order in which they came."""
        at = 0
        for number in range(0, len(self._ends), 2):
            start, at = at + 1, at + 1 + self._keys[at]
            yield Opening(bytes(self._keys[start:at]), self._ends[number], self._ends[number + 1])


class Census(Struct, frozen=True):
    """How many credentials can open, by the day on which they end."""

    horizon: int
    """Days since 1970; an end beyond it is in ``forever``."""
    forever: int
    ends: Mapping[int, int]

    def openers(self, at: int) -> int:
        """Credentials that can open on the day of ``at`` or later."""
        return self.forever + sum(count for day, count in self.ends.items() if day >= at // DAY_S)

    def after(self, openings: Iterable[Opening], at: int) -> Census:
        """The census once ``openings`` happened; days before ``at`` are dropped."""
        today = at // DAY_S
        forever, ends = self.forever, dict(self.ends)
        for one in openings:
            for until, step in ((one.before, -1), (one.after, 1)):
                day = (until - 1) // DAY_S
                if day > self.horizon:
                    forever += step
                elif day >= today:
                    ends[day] = ends.get(day, 0) + step
        return Census(
            self.horizon, forever, {day: count for day, count in ends.items() if count and day >= today}
        )


class BrakeState(Struct, frozen=True):
    """What the brake remembers from one update to the next; bounded in size."""

    census: Census
    history: tuple[tuple[int, int], ...]
    """(issue time, openers) in order: the list of 24 hours ago, then one an hour."""
    lost: Mapping[bytes, int]
    """Mark of a lost credential → second from which its loss no longer counts."""


class Judgement(Struct, frozen=True):
    """Whether an update may pass without the manager, and the numbers why."""

    state: BrakeState
    lost: int
    openers_then: int
    tripped: bool


def opens_until(records: Sequence[Record], conditions: Conditions) -> int:
    """First second at which a credential with these records opens no more.

    ``FOREVER`` without an end, ``CANNOT`` if it never opens. A start in the future
    counts as opening: it will.
    """
    stopped = {one.issue_id for one in records if isinstance(one, Tombstone) and one.reason.chip_wide}
    until = CANNOT
    for one in records:
        if isinstance(one, Grant) and one.issue_id not in stopped and _opens(one, conditions):
            until = max(until, FOREVER if one.valid_until is None else one.valid_until)
    return until


def baseline(openings: Iterable[Opening], at: int) -> BrakeState:
    """The state from which to count anew; ``openings`` are those of the whole list."""
    census = Census(at // DAY_S + HORIZON_DAYS, 0, {})
    census = census.after((Opening(one.key, CANNOT, one.after) for one in openings), at)
    return BrakeState(census, ((at, census.openers(at)),), {})


def rebase(state: BrakeState) -> BrakeState:
    """``state`` after the manager agreed to it: nothing counts as lost any more."""
    return BrakeState(state.census, state.history[-1:], {})


def judge(
    state: BrakeState, openings: Openings | Sequence[Opening], at: int, *, whole_list: bool
) -> Judgement:
    """What an update issued at ``at`` does to the estate.

    ``openings`` are those of the credentials it touches, or of the ``whole_list``.
    """
    at = max(at, state.history[-1][0])
    census = baseline(openings, at).census if whole_list else state.census.after(openings, at)
    still_lost = {mark: until for mark, until in state.lost.items() if until > at}
    lost = _lost(still_lost, openings, at)
    # A total remembered then includes those who have merely expired since.
    openers_then = min(_then(state.history, at)[1], state.census.openers(at) + len(still_lost))
    openers = census.openers(at)
    everybody = len(lost) >= SMALL_ESTATE and (openers == 0 or len(lost) >= openers_then >= SMALL_ESTATE)
    too_many = len(lost) > ALWAYS_ALLOWED and 100 * len(lost) > ALLOWED_PERCENT * openers_then
    return Judgement(
        BrakeState(census, _remember(state.history, at, openers), lost),
        len(lost),
        openers_then,
        everybody or too_many or len(lost) > MAX_LOST,
    )


def _lost(lost: Mapping[bytes, int], openings: Iterable[Opening], at: int) -> dict[bytes, int]:
    after = dict(lost)
    for one in openings:
        mark = sha256(one.key).digest()[:MARK_BYTES]
        if one.after > at:
            after.pop(mark, None)
        elif one.before > at:
            # A loss ends with the window, or when the credential would have expired anyway.
            after[mark] = min(at + DAY_S, one.before)
    return after


def _then(history: Sequence[tuple[int, int]], at: int) -> tuple[int, int]:
    """The entry of the list in force 24 hours before ``at``; the oldest if none is that old."""
    return max((one for one in history if one[0] <= at - DAY_S), default=history[0])


def _remember(history: Sequence[tuple[int, int]], at: int, openers: int) -> tuple[tuple[int, int], ...]:
    start = history.index(_then(history, at))
    kept = list(history[start:])
    if len(kept) > 1 and kept[-1][0] // HOUR_S == at // HOUR_S:
        kept.pop()
    return (*kept, (at, openers))


def _opens(grant: Grant, conditions: Conditions) -> bool:
    if grant.schedule is not None and grant.schedule not in conditions.schedules:
        return False
    return any(one.door in conditions.doors for one in grant.access)


def _has_window(schedule: Schedule) -> bool:
    return bool(schedule.windows) or any(windows for _, windows in schedule.holiday_windows)
