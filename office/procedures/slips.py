"""Release slips (放行条, KH-09-R02): one exit, a number of trips, and what gates and guards tell of it.

The gate spends a trip before it opens (rule 15.2). Where it fails afterwards, or has no code
reader, the guard opens by their own card and books the slip: a booking soon after a trip that was
spent is that trip, any other is one more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum, unique
from typing import Final

from msgspec import Struct

from office.procedures.errors import Refused, RuleError
from sync.records.grant import MAX_ID, MAX_USES

SLIP_IDS: Final = 1 << 52
"""Ids of slips at the gates lie above every card's, so that neither can be taken for the other."""
CODE_BYTES: Final = 20
"""Random bytes of a slip's code: 160 bits, 32 characters of base 32."""
SAME_TRIP_S: Final = 600
"""A guard can book so long after opening; see `terminal.commands`."""


@unique
class SlipState(Enum):
    """How far a slip is."""

    OPEN = "open"
    USED = "used"
    CANCELLED = "cancelled"
    OVER = "over"
    """The window of the slip has passed."""


@unique
class Seen(Enum):
    """What happened with a slip at a gate."""

    OPENED = "opened"
    """A trip was spent."""
    BOOKED = "booked"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    """The guard has compared the goods with the list (15.5)."""
    AFTER_CHECK = "after_check"
    """The guard has looked at corridors and cleanliness afterwards (15.6)."""


class SlipWish(Struct, frozen=True):
    """A slip that is to be issued."""

    goods: str
    carrier: str
    """Person or plate."""
    since: datetime
    until: datetime
    trips: int
    exit_for_slips: bool
    identity_checked: bool


class Passing(Struct, frozen=True):
    """One line of a slip's book, in order of time."""

    seen: Seen
    at_s: int
    gate_id: int | None = None


def issue_id_of(slip_id: int) -> int:
    """By which issue id gates know a slip."""
    return SLIP_IDS + slip_id


def slip_id_of(issue_id: int) -> int | None:
    """The slip behind an issue id; ``None``: it is a card's."""
    return issue_id - SLIP_IDS if SLIP_IDS < issue_id <= MAX_ID else None


def check_slip(wish: SlipWish, now: datetime) -> None:
    """Rule 15.2: goods, who carries them, a window, one exit, and whose identity was seen."""
    if not wish.identity_checked:
        raise RuleError("15.3", Refused.IDENTITY_NOT_CHECKED)
    if not wish.goods.strip():
        raise RuleError("15.2", Refused.NO_GOODS)
    if not wish.carrier.strip():
        raise RuleError("15.2", Refused.NO_CARRIER)
    if not wish.exit_for_slips:
        raise RuleError("15.2", Refused.NOT_AN_EXIT)
    if wish.until <= max(wish.since, now):
        raise RuleError("15.2", Refused.DATES_WRONG, since=wish.since, until=wish.until)
    if not 1 <= wish.trips <= MAX_USES:
        raise RuleError("15.2", Refused.TRIPS_WRONG, most=MAX_USES)


def check_open(state: SlipState, rule: str = "15.2") -> None:
    """Only a slip that is open can be moved, cancelled or confirmed."""
    if state is not SlipState.OPEN:
        raise RuleError(rule, Refused.WRONG_STATE, state=state.value)


class Count(Struct, frozen=True):
    """What a slip's book comes to."""

    spent: int
    """Trips that gates spent."""
    booked: int
    """Trips by a guard's card besides those."""

    @property
    def used(self) -> int:
        """Trips made."""
        return self.spent + self.booked


def count_trips(book: Iterable[Passing]) -> Count:
    """Count a slip's trips; a booking soon after a spent trip of the same gate is that trip."""
    lines = sorted(book, key=lambda one: one.at_s)
    spent = [one for one in lines if one.seen is Seen.OPENED]
    free, booked = list(spent), 0
    for line in lines:
        if line.seen is not Seen.BOOKED:
            continue
        same = [
            one for one in free if one.gate_id == line.gate_id and 0 <= line.at_s - one.at_s <= SAME_TRIP_S
        ]
        if same:
            free.remove(same[-1])
        else:
            booked += 1
    return Count(len(spent), booked)
