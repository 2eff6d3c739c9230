"""Shops, signs, activities (17.1 to 17.6): who approves what, where business is allowed, who leaves clean."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum, unique
from typing import Final

from msgspec import Struct

from office.procedures.errors import Refused, RuleError


@unique
class Leaving(Enum):
    """What a merchant who leaves has done (17.3); `Merchant` has a column for each."""

    SIGNS_REMOVED = "signs_removed"
    GOODS_REMOVED = "goods_removed"
    CLEANED = "cleaned"


COMMERCIAL: Final = "commercial"


def check_place_of_business(*, kind: str, use: str) -> None:
    """Rule 17.5: no business in a unit that is not meant for it."""
    if not (use == COMMERCIAL or (kind == "shop" and not use)):
        raise RuleError("17.5", Refused.NOT_FOR_BUSINESS)


def check_sign(*, position: str, expires_on: date, today: date) -> None:
    """Rule 17.1: a sign has its place and its end."""
    if not position.strip():
        raise RuleError("17.1", Refused.NO_POSITION)
    if expires_on <= today:
        raise RuleError("17.1", Refused.DATES_WRONG, since=today, until=expires_on)


def check_left(done: frozenset[Leaving]) -> None:
    """Rule 17.3: a merchant is off the register once its checklist is done."""
    missing = tuple(one for one in Leaving if one not in done)
    if missing:
        raise RuleError("17.3", Refused.CHECKLIST_OPEN, missing=missing)


class ActivityFacts(Struct, frozen=True):
    """What the rules ask of an activity."""

    public_benefit: bool
    position: str
    start: datetime
    end: datetime
    state: str
    doors: frozenset[int] = frozenset()


def check_application(activity: ActivityFacts) -> None:
    """Rule 17.2: no hawking; a public-benefit activity applies."""
    if not activity.public_benefit:
        raise RuleError("17.2", Refused.HAWKING)
    if activity.end <= activity.start:
        raise RuleError("17.2", Refused.DATES_WRONG, since=activity.start, until=activity.end)


def check_permit(activity: ActivityFacts, position: str) -> None:
    """Rule 17.2: the desk reviews and assigns a place."""
    if activity.state != "applied":
        raise RuleError("17.2", Refused.WRONG_STATE, state=activity.state)
    if not position.strip():
        raise RuleError("17.2", Refused.NO_POSITION)


def check_pass(activity: ActivityFacts, at: datetime) -> None:
    """Rule 17.2: passes are for a permitted activity, at its gates, in its window."""
    if activity.state != "approved":
        raise RuleError("17.2", Refused.WRONG_STATE, state=activity.state)
    if not activity.doors:
        raise RuleError("17.2", Refused.NO_GATES)
    if at >= activity.end:
        raise RuleError("17.2", Refused.DAY_IS_OVER, day=activity.end)


def check_banner_approval(*, reviewer: int | None, manager: int) -> None:
    """Rule 17.4: the office reviews, and then the manager, another person, approves."""
    if reviewer is None:
        raise RuleError("17.4", Refused.NOT_REVIEWED)
    if reviewer == manager:
        raise RuleError("17.4", Refused.MANAGER_IN_CASE)
