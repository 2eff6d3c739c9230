"""What can stand between one grant and an opening, check by check.

The order of the checks is the tuple ``CHECKS``; `terminal.core.decision` documents it.
Each check answers with the reason that refuses, or ``None``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sync.records import DoorMode, Grant, PinMatch, Reason, Technology
from terminal.core import passback
from terminal.core.case import Case
from terminal.core.passback import Passage
from terminal.core.schedule import Hours, inside

Check = Callable[[Grant, Case], Reason | None]


def first_refusal(grant: Grant, case: Case, checks: Sequence[Check]) -> Reason | None:
    """The first reason of ``checks`` that refuses ``grant``; ``None``: it passes them all."""
    for check in checks:
        reason = check(grant, case)
        if reason is not None:
            return reason
    return None


def judge_passage(grant: Grant, case: Case) -> Passage:
    """What anti-passback says about ``grant`` passing now."""
    area = case.door.area
    if area is None or grant.passback_exempt:
        return Passage.CLEAR
    known = case.situation.positions
    places = {(area.area_id, one.grant_id) for one in case.records if one.issue_id == grant.issue_id}
    positions = [known[one] for one in places if one in known]
    return passback.judge(area, case.request.direction, positions, case.rules.zone, case.now)


def _wrong_door(grant: Grant, case: Case) -> Reason | None:
    if case.request.credential.technology is Technology.KEYPAD and not case.door.opens_by_pin:
        return Reason.WRONG_DOOR
    asked = int(case.request.direction)
    if asked and int(grant.directions_at(case.request.door)) & asked == asked:
        return None
    return Reason.WRONG_DOOR


def _dangling(grant: Grant, case: Case) -> Reason | None:
    if grant.schedule is not None and grant.schedule not in case.rules.plans:
        return Reason.FAULT
    return None if grant.kind in case.rules.policies else Reason.FAULT


def _locked_down(grant: Grant, case: Case) -> Reason | None:
    if case.situation.mode is DoorMode.LOCKDOWN and not grant.overrides_lockdown:
        return Reason.LOCKED_DOWN
    return None


def _expired(grant: Grant, case: Case) -> Reason | None:
    """Past its end for certain: without wall time, by the floor."""
    if grant.valid_until is None or grant.valid_until > case.now.earliest:
        return None
    return Reason.EXPIRED


def _clock_unknown(grant: Grant, case: Case) -> Reason | None:
    if case.wall is not None or not grant.time_limited:
        return None
    return None if case.rules.policies[grant.kind].opens_without_clock else Reason.CLOCK_UNKNOWN


def _list_too_old(grant: Grant, case: Case) -> Reason | None:
    limit = case.rules.policies[grant.kind].max_list_age_s
    if limit is None:
        return None
    age = case.situation.list_age_s
    if age is None:
        return None if case.wall is None else Reason.LIST_TOO_OLD
    return Reason.LIST_TOO_OLD if age > limit else None


def _not_yet_valid(grant: Grant, case: Case) -> Reason | None:
    if grant.valid_from is None or case.wall is None or grant.valid_from <= case.wall:
        return None
    return Reason.NOT_YET_VALID


def _outside_hours(grant: Grant, case: Case) -> Reason | None:
    if grant.schedule is None or case.wall is None:
        return None
    rules = case.rules
    match inside(rules.plans[grant.schedule], rules.holidays, case.wall, rules.zone):
        case Hours.INSIDE:
            return None
        case Hours.HOLIDAY:
            return Reason.HOLIDAY
        case Hours.OUTSIDE:
            return Reason.OUTSIDE_HOURS


def _no_uses_left(grant: Grant, case: Case) -> Reason | None:
    if grant.uses is None:
        return None
    if grant.grant_id in case.situation.spends_lost:
        return Reason.FAULT
    return Reason.NO_USES_LEFT if case.situation.spent.get(grant.grant_id, 0) >= grant.uses else None


def _passback(grant: Grant, case: Case) -> Reason | None:
    return Reason.PASSBACK if judge_passage(grant, case) is Passage.REFUSED else None


def _pin(grant: Grant, case: Case) -> Reason | None:
    if grant.pin is None:
        return None
    if case.request.pin.blocked:
        return Reason.PIN_BLOCKED
    match case.request.pin.matches.get(grant.pin):
        case None:
            return Reason.NEEDS_PIN
        case PinMatch.WRONG:
            return Reason.WRONG_PIN
        case PinMatch.RIGHT | PinMatch.DURESS:
            return None


def _companion(grant: Grant, case: Case) -> Reason | None:
    if grant.companion and grant.companion.isdisjoint(case.request.companion):
        return Reason.NEEDS_SECOND_CREDENTIAL
    return None


def _interlock(grant: Grant, case: Case) -> Reason | None:
    del grant  # the airlock asks nobody
    return None if case.situation.interlock_clear else Reason.INTERLOCK


RIGHTS: Final[tuple[Check, ...]] = (
    _wrong_door,
    _dangling,
    _locked_down,
    _expired,
    _clock_unknown,
    _list_too_old,
    _not_yet_valid,
    _outside_hours,
    _no_uses_left,
)
"""May this grant open this door now?"""
PROOFS: Final[tuple[Check, ...]] = (_pin, _companion)
"""Has the holder shown all the grant asks for?"""
CHECKS: Final[tuple[Check, ...]] = (*RIGHTS, _passback, *PROOFS, _interlock)
"""All checks, in order. A check may rely on those before it."""
