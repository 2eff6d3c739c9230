"""What falls due by the clock in KH-15: moves whose day is over, and slips whose window is. Idempotent."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from office.casework.case_ends import end_lost_card
from office.casework.cases import open_case
from office.casework.issue_steps import advance, locked_issue
from office.casework.moved_cards import cards_of, join
from office.casework.slips import close_slip
from office.casework.trail import record
from office.lists.slips import end_slip
from office.procedures.issue_states import Step
from office.procedures.withdrawal import Reason
from office.registry.models import (
    IssueState,
    MemberRole,
    Membership,
    MoveOut,
    MoveState,
    Person,
    ReleaseSlip,
    SlipState,
)

A_ROUND: Final = 20


def end_moves(now: datetime, *, at_most: int = A_ROUND) -> int:
    """End moves whose day is over: cards are withdrawn as moved out, nobody named lives there; how many."""
    today = _today(now)
    due = MoveOut.objects.filter(state=MoveState.NOTICED, day__lt=today).order_by("day")
    found = list(due.values_list("pk", flat=True)[:at_most])
    for move_id in found:
        _end_move(now, move_id)
    return len(found)


def end_slips(now: datetime, *, at_most: int = A_ROUND) -> int:
    """Close slips whose window has passed, and take closed ones off their gates; how many."""
    closed = ~Q(state=SlipState.OPEN)
    due = ReleaseSlip.objects.filter(closed | Q(until__lte=now), off_gates=False).order_by("until")
    found = list(due.values_list("pk", flat=True)[:at_most])
    for slip_id in found:
        _end_slip(now, slip_id)
    return len(found)


@transaction.atomic
def _end_move(now: datetime, move_id: int) -> None:
    move = MoveOut.objects.select_for_update(of=("self",)).select_related("unit").get(pk=move_id)
    if move.state != MoveState.NOTICED or move.day >= _today(now):
        return  # a clerk was faster
    move.state, move.closed_at = MoveState.OVER, now
    move.version += 1
    move.save()
    cards = list(cards_of(move).values_list("pk", flat=True))
    for card_id in cards:
        _end_card(now, move, card_id)
    leaves = move.day + timedelta(days=1)
    holds = Q(until__isnull=True) | Q(until__gt=leaves)
    theirs = Membership.objects.filter(holds, unit=move.unit, person__in=move.persons.all())
    living = theirs.exclude(role=MemberRole.OWNER)  # who moves out owns it still, and may let it (15.1)
    living.filter(since__lt=leaves).update(until=leaves)
    _depart(move, leaves)
    record(now, None, "15.3", "moved away", f"move:{move.pk}", cards=len(cards))


def _end_card(now: datetime, move: MoveOut, card_id: int) -> None:
    """Also one that was applied for since the notice, and was not handed out.

    A lost one's case ends with it, unless a fee is to be given back; what is to replace it
    opens nothing meanwhile.
    """
    card = locked_issue(card_id)
    join(card, [move])
    card.save(update_fields=["moves_out", "valid_until"])
    in_case = card.replaces is not None and open_case(card.replaces) is not None
    if card.state in {IssueState.APPLIED, IssueState.PAID, IssueState.ACTIVE} and not in_case:
        advance(now, None, card, Step.WITHDRAW, {"moved_out": True}, "15.3")
    elif card.state in {IssueState.LOST, IssueState.DAMAGED}:
        end_lost_card(now, None, card, Reason.MOVED_AWAY, "15.3")


def _depart(move: MoveOut, leaves: date) -> None:
    """Who belongs to no unit any more has departed: retention counts from this day."""
    elsewhere = Membership.objects.filter(Q(until__isnull=True) | Q(until__gt=leaves))
    gone = move.persons.exclude(pk__in=elsewhere.values("person"))
    Person.objects.filter(pk__in=gone.values("pk"), departed_on__isnull=True).update(departed_on=leaves)


@transaction.atomic
def _end_slip(now: datetime, slip_id: int) -> None:
    slip = ReleaseSlip.objects.select_for_update().get(pk=slip_id)
    if slip.state == SlipState.OPEN:
        close_slip(now, None, slip, SlipState.OVER, "")
    elif not slip.off_gates:
        slip.off_gates = end_slip(slip, int(now.timestamp()))
        slip.save(update_fields=["off_gates"])


def _today(now: datetime) -> date:
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
