"""Why a card would open a door, or not: the gate's own decision, and what each of its grants says.

Nothing is spent, moved or logged. What a running gate knows beside its files (a door
open, free access by command) is passed in or taken to be harmless, and said so.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from sync.records import Grant, Reason, Record, Tombstone
from terminal.core.case import Case, lay_out
from terminal.core.checks import CHECKS, first_refusal
from terminal.core.decision import Decision, decide
from terminal.core.modes import Commanded, DoorState, door_mode
from terminal.core.situation import Now, Request, Situation
from terminal.memory import Memory, lockdown_latch
from terminal.modes import NO_RULES
from terminal.permissions import Found


class Verdict(Struct, frozen=True):
    """What one record of the credential says about the request."""

    record: Record
    reason: Reason
    spent: int
    """Uses spent of it."""


class Explanation(Struct, frozen=True):
    """A decision, and the facts that led to it."""

    request: Request
    decision: Decision
    mode: DoorState
    now: Now
    verdicts: tuple[Verdict, ...]
    """One for each record, in the order of their grant ids."""
    dangling: tuple[str, ...]
    """References of the door's settings that lead nowhere."""
    door_known: bool
    """Whether the list's settings name the door."""
    list_age_s: int | None
    """At least so old; ``None`` without a list."""
    interlocked_with: frozenset[int]
    """Doors that were taken to be closed and locked."""


def explain(
    request: Request, found: Found | None, memory: Memory, now: Now, *, free_by_command: bool
) -> Explanation:
    """Decide ``request`` as the gate would; ``found`` is None when it has no list to believe in."""
    rules = NO_RULES if found is None else found.rules
    commanded = Commanded(lockdown=lockdown_latch(request.door) in memory.latches, free=free_by_command)
    mode = door_mode(request.door, rules, commanded, memory.first_card(request.door), now)
    age_s = None if found is None else now.earliest - found.confirmed_at
    situation = Situation(
        mode=mode.mode,
        list_age_s=age_s,
        awaits_first_card=mode.awaits_first_card,
        spent=memory.spent,
        spends_lost=memory.void,
        positions=memory.positions,
    )
    records: Sequence[Record] = () if found is None else found.records
    decision = Decision(Reason.FAULT)
    verdicts: tuple[Verdict, ...] = ()
    if found is not None:
        decision = decide(request, records, rules, situation, now)
        case = lay_out(request, records, rules, situation, now)
        if case is not None:
            verdicts = tuple(
                Verdict(one, _verdict(one, case), memory.spent.get(one.grant_id, 0)) for one in records
            )
    rule = rules.doors.get(request.door)
    return Explanation(
        request=request,
        decision=decision,
        mode=mode,
        now=now,
        verdicts=verdicts,
        dangling=() if rule is None else rule.dangling,
        door_known=rule is not None,
        list_age_s=age_s,
        interlocked_with=frozenset() if rule is None else rule.interlocked_with,
    )


def _verdict(record: Record, case: Case) -> Reason:
    match record:
        case Tombstone():
            return record.reason.reason
        case Grant() if record in case.grants:
            return first_refusal(record, case, CHECKS) or Reason.GRANTED
        case Grant():
            return _ended_by(record, case)


def _ended_by(grant: Grant, case: Case) -> Reason:
    """A tombstone ended the grant itself, or its chip with every grant of it."""
    ended = [
        one
        for one in case.tombstones
        if one.grant_id == grant.grant_id or (one.reason.chip_wide and one.issue_id == grant.issue_id)
    ]
    return max(ended, key=lambda one: (one.since, one.grant_id)).reason.reason
