"""Whether a tapped credential opens a door, and why: one pure, total function.

Before any grant is looked at

 1. the door is not in the list, or a reference of the door dangles → ``fault``
 2. records of other credentials are ignored; a grant ends with its tombstone, and a
    tombstone that is chip-wide (lost, damaged, suspended, superseded) ends every grant
    of the same issue; a reissued chip (another issue) is not concerned
 3. no grant left, but tombstones → the reason of the newest (then highest grant id)
 4. the door stands in free access → ``granted_free``; nothing is spent or moved
 5. no record at all → ``unknown_credential``

For each grant; the first that refuses is the grant's reason (`terminal.core.checks`)

 6. it does not open this door in this direction, or is a PIN without a card where only
    cards open → ``wrong_door``
 7. its schedule or its kind's policy dangles → ``fault``
 8. lockdown, and it does not override it → ``locked_down``
 9. its end has certainly passed: by wall time, or by the floor → ``expired``
10. no wall time, it is time-limited and its kind does not open then → ``clock_unknown``
11. the list is older than its kind allows → ``list_too_old``
12. it has not begun → ``not_yet_valid``
13. outside its schedule → ``holiday`` or ``outside_hours``
14. its spends were lost → ``fault``; all are spent → ``no_uses_left``
15. anti-passback → ``passback``
16. its PIN → ``pin_blocked``; ``needs_pin`` if nothing typed was compared with it; ``wrong_pin``
17. it asks for a second person → ``needs_second_credential``
18. another door of the airlock is open or unlocked → ``interlock``
19. ``granted``

Several grants: any that is granted wins; among them the one that costs least (no use
spent, no companion, no PIN, exempt from passback; then the lowest grant id). If none
is granted, the refusal that helps most speaks, by ``REFUSAL_RANK``.

A duress PIN is flagged whichever grant opens, and also when none does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from sync.records import DoorMode, Grant, GrantKind, PinMatch, Reason, Record, Tombstone
from terminal.core import passback
from terminal.core.case import Case, lay_out
from terminal.core.checks import CHECKS, first_refusal, judge_passage
from terminal.core.passback import Move, Passage
from terminal.core.rules import Rules
from terminal.core.situation import Now, Request, Situation

REFUSAL_RANK: Final = (
    # Waiting a moment, or the holder's next step, opens.
    Reason.INTERLOCK,
    Reason.NEEDS_SECOND_CREDENTIAL,
    Reason.NEEDS_PIN,
    Reason.WRONG_PIN,
    Reason.PIN_BLOCKED,
    # Somebody must act: the technician before all.
    Reason.FAULT,
    Reason.PASSBACK,
    Reason.NO_USES_LEFT,
    # Time will tell.
    Reason.LOCKED_DOWN,
    Reason.HOLIDAY,
    Reason.OUTSIDE_HOURS,
    Reason.NOT_YET_VALID,
    Reason.LIST_TOO_OLD,
    Reason.CLOCK_UNKNOWN,
    # Nothing here any more.
    Reason.EXPIRED,
    Reason.WRONG_DOOR,
)
"""Which refusal speaks when a holder's grants refuse for several reasons: first here."""
_RANK: Final = {reason: rank for rank, reason in enumerate(REFUSAL_RANK)}


class Decision(Struct, frozen=True):
    """The outcome of one tap and all that follows from it."""

    reason: Reason
    grant: Grant | None = None
    """The grant that opens, or whose refusal speaks."""
    tombstone: Tombstone | None = None
    uses_left_after: int | None = None
    """Uses left when this opening's use is spent; ``None`` when it spends none."""
    move: Move | None = None
    """Passback position to record under ``grant_id``."""
    passback_breach: bool = False
    """Opened in spite of a breach: log it."""
    duress: bool = False
    """Alarm silently."""
    long_opening: bool = False
    starts_free_access: bool = False
    """The first card of the running free-access window."""
    durable_first: bool = False
    """Commit the spend or the move before the relay moves; if that fails, ``fault``."""

    @property
    def granted(self) -> bool:
        """Whether it opens."""
        return self.reason.granted

    @property
    def spends(self) -> bool:
        """Whether one use of ``grant_id`` is spent."""
        return self.uses_left_after is not None

    @property
    def issue_id(self) -> int | None:
        """Whose chip it was; ``None`` for an unknown one."""
        record = self.grant or self.tombstone
        return None if record is None else record.issue_id

    @property
    def grant_id(self) -> int | None:
        """The grant or ended grant that spoke."""
        record = self.grant or self.tombstone
        return None if record is None else record.grant_id

    @property
    def needs(self) -> frozenset[GrantKind]:
        """Kinds of which one card must follow; empty unless that is what is missing."""
        if self.grant is None or self.reason is not Reason.NEEDS_SECOND_CREDENTIAL:
            return frozenset()
        return self.grant.companion


def decide(
    request: Request, records: Sequence[Record], rules: Rules, situation: Situation, now: Now
) -> Decision:
    """Decide a tap by the credential's ``records``, in the order told above; never raises."""
    case = lay_out(request, records, rules, situation, now)
    if case is None:
        return Decision(Reason.FAULT)
    if case.tombstones and not case.grants:
        newest = max(case.tombstones, key=lambda one: (one.since, one.grant_id))
        return Decision(newest.reason.reason, tombstone=newest)
    duress = _under_duress(case)
    if situation.mode is DoorMode.FREE:
        known = min(case.grants, key=lambda one: one.grant_id, default=None)
        return Decision(Reason.GRANTED_FREE, grant=known, duress=duress)
    if not case.grants:
        return Decision(Reason.UNKNOWN_CREDENTIAL)
    return _of_grants(case, duress)


def _under_duress(case: Case) -> bool:
    matches = case.request.pin.matches
    if not matches:
        return False
    return any(one.pin is not None and matches.get(one.pin) is PinMatch.DURESS for one in case.grants)


def _of_grants(case: Case, duress: bool) -> Decision:
    granted = []
    refused = []
    for grant in case.grants:
        reason = first_refusal(grant, case, CHECKS)
        if reason is None:
            granted.append(grant)
        else:
            refused.append((reason, grant))
    if granted:
        return _granted(granted, case, duress)
    reason, grant = min(refused, key=lambda one: (_RANK[one[0]], _cost(one[1])))
    return Decision(reason, grant=grant, duress=duress)


def _granted(granted: Sequence[Grant], case: Case, duress: bool) -> Decision:
    grant = min(granted, key=_cost)
    area = case.door.area
    made = None if area is None else passback.move(area, case.request.direction)
    binding = area is not None and made is not None and passback.is_binding(area, made)
    return Decision(
        Reason.GRANTED,
        grant=grant,
        uses_left_after=_uses_left_after(grant, case),
        move=made,
        passback_breach=judge_passage(grant, case) is Passage.NOTED,
        duress=duress,
        long_opening=any(one.long_opening for one in case.grants if one.issue_id == grant.issue_id),
        starts_free_access=case.situation.awaits_first_card and any(one.first_card for one in granted),
        durable_first=grant.spends or (binding and not grant.passback_exempt),
    )


def _uses_left_after(grant: Grant, case: Case) -> int | None:
    if grant.uses is None:
        return None
    return grant.uses - case.situation.spent.get(grant.grant_id, 0) - 1


def _cost(grant: Grant) -> tuple[bool, bool, bool, bool, int]:
    """What opening by this grant costs its holder; the least comes first."""
    needs_pin = grant.pin is not None
    return (grant.spends, bool(grant.companion), needs_pin, not grant.passback_exempt, grant.grant_id)
