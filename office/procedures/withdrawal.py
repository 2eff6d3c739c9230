"""Why a card is withdrawn (rule 13.3): a closed list.

A card is never withdrawn, suspended or held back for unpaid money (Civil Code art. 944(3)): no such
reason is here, and no setting adds one.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum, unique

from office.procedures.errors import Refused, RuleError


@unique
class Reason(Enum):
    """Every reason there is."""

    HANDED_BACK = "handed_back"
    """The holder needs the card no more."""
    MOVED_AWAY = "moved_away"
    NO_LONGER_MEMBER = "no_longer_member"
    """The holder no longer belongs to the unit."""
    HOLDER_DIED = "holder_died"
    ISSUED_WRONGLY = "issued_wrongly"
    """A mistake of the desk."""
    PARKING_ENDED = "parking_ended"
    MERCHANT_LEFT = "merchant_left"
    """Rule 17.3."""
    WORK_ENDED = "work_ended"
    """Of staff, contractors, guards."""
    TEMPORARY_RETURNED = "temporary_returned"
    TEMPORARY_LOST = "temporary_lost"
    """Lost or broken itself: it is not replaced."""
    STAND_IN_OVER = "stand_in_over"
    """A temporary card's: the card for which it stood in opens again, is replaced, or has ended."""
    APPLICATION_CANCELLED = "application_cancelled"
    """Before it was signed for."""
    NOT_REPLACED = "not_replaced"
    """Lost or damaged, and its holder wants no other one."""


NOT_CHOSEN = frozenset(
    {
        Reason.TEMPORARY_RETURNED,
        Reason.TEMPORARY_LOST,
        Reason.STAND_IN_OVER,
        Reason.APPLICATION_CANCELLED,
        Reason.NOT_REPLACED,
    }
)
"""Set by the steps they belong to, not by a clerk."""
ENDS_A_CASE = frozenset(
    {
        Reason.NOT_REPLACED,
        Reason.MOVED_AWAY,
        Reason.NO_LONGER_MEMBER,
        Reason.HOLDER_DIED,
        Reason.PARKING_ENDED,
        Reason.MERCHANT_LEFT,
        Reason.WORK_ENDED,
    }
)
"""Why a lost or damaged card is not replaced (14.10)."""


def check_withdrawal(reason: Reason, *, kind: str, handed_out: bool, open_case: bool) -> None:
    """Whether this reason fits this card; raises ``RuleError``."""
    if open_case:
        raise RuleError("13.3", Refused.CASE_OPEN)
    fits = {
        Reason.PARKING_ENDED: handed_out and kind == "vehicle",
        Reason.MERCHANT_LEFT: handed_out and kind == "merchant",
        Reason.TEMPORARY_RETURNED: kind == "temporary",
        Reason.APPLICATION_CANCELLED: not handed_out,
    }
    if not fits.get(reason, handed_out):
        raise RuleError("13.3", Refused.REASON_UNFIT)


def check_case_end(reason: Reason, *, kind: str) -> None:
    """Whether a case may end without a replacement for this reason; raises ``RuleError``."""
    if reason not in ENDS_A_CASE:
        raise RuleError("13.3", Refused.REASON_UNFIT)
    check_withdrawal(reason, kind=kind, handed_out=True, open_case=False)


def check_exception(until: datetime, at: datetime) -> None:
    """An exception from a card's doors has an end, and the end is to come."""
    if until <= at:
        raise RuleError("13.doors", Refused.ENDED_ALREADY)


def check_temporary(*, open_case: bool, out_already: bool, until: date, today: date, most_days: int) -> None:
    """A temporary card (14, ours): while a loss is open, one at a time, with an end within the policy."""
    if not open_case:
        raise RuleError("14.temporary", Refused.NO_OPEN_CASE)
    if out_already:
        raise RuleError("14.temporary", Refused.TEMPORARY_OUT)
    days = (until - today).days
    if not 0 < days <= most_days:
        raise RuleError("14.temporary", Refused.TOO_LONG, days=most_days)
