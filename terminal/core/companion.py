"""The second person: a release slip waits for a guard's card, two colleagues for each other.

A grant that asks for a companion is refused `needs_second_credential`, and its tap
waits at the door until a deadline. A following card completes it when one of its own
grants would open this door now (passback and interlock aside, for the confirming
person does not pass), is of a kind asked for, belongs to another issue, and is not
counted. The waiting tap is then decided anew, so that nothing it rests on is stale.

A PIN typed without a card confirms nobody: whoever waits could type it, too.

Any other card is served as if nobody waited and neither completes nor ends the wait.
A guard may refuse: nothing is spent. A new tap that waits takes the place of the old.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from sync.records import Grant, Reason, Record, Technology
from terminal.core.case import lay_out
from terminal.core.checks import PROOFS, RIGHTS, first_refusal
from terminal.core.decision import Decision
from terminal.core.rules import Rules
from terminal.core.situation import Now, Request, Situation


class Pending(Struct, frozen=True):
    """A tap that waits for its companion."""

    request: Request
    grant: Grant
    """Whose grant waits, as the list had it then."""
    deadline: float
    """Monotonic second from which it is too late."""


def wait_for_companion(request: Request, decision: Decision, rules: Rules, now: Now) -> Pending | None:
    """The wait a decision asks for; ``None`` when no second card would help."""
    door = rules.doors.get(request.door)
    if decision.grant is None or not decision.needs or door is None:
        return None
    return Pending(request, decision.grant, now.monotonic + door.companion_within_s)


def is_over(pending: Pending, now: Now) -> bool:
    """Whether the time limit has passed: the tap stays refused, nothing was spent."""
    return now.monotonic >= pending.deadline


def second_tap(  # a wait, and the five things any tap is decided by
    pending: Pending,
    request: Request,
    records: Sequence[Record],
    rules: Rules,
    situation: Situation,
    now: Now,
) -> Request | None:
    """The waiting request, to be decided with its credential's records of now, if this tap at any reader
    completes it; ``None``: serve this tap by itself.
    """
    if is_over(pending, now) or request.door != pending.request.door:
        return None
    if request.credential.technology is Technology.KEYPAD:
        return None
    # Two colleagues who each need the other: the waiting one stands by this one.
    second = replace(request, companion=frozenset({pending.grant.kind}))
    case = lay_out(second, records, rules, situation, now)
    if case is None or request.credential == pending.request.credential:
        return None
    for grant in sorted(case.grants, key=lambda one: one.grant_id):
        fits = grant.kind in pending.grant.companion and grant.issue_id != pending.grant.issue_id
        if fits and grant.uses is None and first_refusal(grant, case, (*RIGHTS, *PROOFS)) is None:
            return replace(pending.request, companion=frozenset({grant.kind}))
    return None


def refuse(pending: Pending, now: Now) -> Decision | None:
    """The guard's no, as the waiting tap's outcome; ``None`` when it came too late."""
    if is_over(pending, now):
        return None
    return Decision(Reason.COMPANION_REFUSED, grant=pending.grant)
