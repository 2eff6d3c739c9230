"""How a lost or damaged card ends without a replacement: none is wanted, or its holder is gone (14.10)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from office.casework.actor import Actor
from office.casework.cases import as_clerk, close_case, locked_case, open_case, thaw
from office.casework.issue_steps import advance, locked_issue, take
from office.casework.payments import balance_paid, refund
from office.casework.temporary import end_stand_ins
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS, State, Step
from office.procedures.loss import check_open
from office.procedures.withdrawal import Reason, check_case_end
from office.registry.models import Issue, LossCase, PaymentMethod, StaffRole

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def end_without_replacement(
    actor: Actor,
    case_id: int,
    reason: Reason,
    method: PaymentMethod = PaymentMethod.CASH,
    receipt: str = "",
) -> LossCase:
    """No replacement is wanted, or the holder is gone: the card is withdrawn and the case closed.

    Raises:
        RuleError: the case is over, the reason does not fit, or no receipt for what is given back.
    """
    actor.must_be(StaffRole.CLERK, "14.10")
    case, issue = locked_case(case_id)
    as_clerk(actor, case)
    check_open(case.state)
    check_case_end(reason, kind=issue.kind)
    cancel_replacement(actor, case, method, receipt)
    _end(actor.at, actor.user, case, issue, reason, Step.WITHDRAW.value)
    return case


def end_lost_card(at: datetime, user: User | None, issue: Issue, reason: Reason, rule: str) -> bool:
    """End the open case of a card whose holder is gone, inside the caller's transaction.

    Whether it ended: with a fee to give back a clerk ends it, who has the receipt.
    """
    case = open_case(issue)
    if case is None:
        return False
    new = case.replacement
    if new is not None:
        if balance_paid(new) > 0:
            return False
        _cancel(at, user, case, new)
    _end(at, user, case, issue, reason, rule)
    return True


def end_with_its_holder(actor: Actor, issue_id: int, reason: Reason, rule: str) -> None:
    """End a card whose merchant or activity is over, in whatever state, inside the caller's transaction.

    Raises:
        RuleError: it was not handed out, or is lost and to be replaced, and a fee is to be given back first.
    """
    card = locked_issue(issue_id)
    state = State(card.state)
    if state not in COUNTS:
        return  # ended with the case of the card that it replaces
    case = open_case(card)
    if state in {State.APPLIED, State.PAID}:
        if balance_paid(card) > 0:
            raise RuleError(rule, Refused.FEE_TO_GIVE_BACK, card=card.pk)
        take(actor, card, Step.WITHDRAW, reason=Reason.APPLICATION_CANCELLED.value)
    elif case is None:
        let_go(actor.at, actor.user, card, reason)
    elif not end_lost_card(actor.at, actor.user, card, reason, rule):
        raise RuleError(rule, Refused.FEE_TO_GIVE_BACK, card=case.replacement_id)


def cancel_replacement(actor: Actor, case: LossCase, method: PaymentMethod, receipt: str) -> None:
    """What was prepared is not wanted any more: its fee is given back, inside the caller's transaction.

    Raises:
        RuleError: no receipt number, or the till is closed.
    """
    new = case.replacement
    if new is None:
        return
    if balance_paid(new) > 0 and not receipt:
        raise RuleError("13.5", Refused.RECEIPT_MISSING)
    refund(actor, new, method, receipt)
    _cancel(actor.at, actor.user, case, new)


def let_go(at: datetime, user: User | None, issue: Issue, reason: Reason, rule: str = "") -> None:
    """Withdraw a card that was handed out, with what hung on it: its account moves, no other stands in."""
    advance(at, user, issue, Step.WITHDRAW, {"reason": reason.value}, rule)
    thaw(issue)
    end_stand_ins(at, user, issue)


def _cancel(at: datetime, user: User | None, case: LossCase, new: Issue) -> None:
    if State(new.state) in {State.APPLIED, State.PAID}:
        facts = {"reason": Reason.APPLICATION_CANCELLED.value}
        advance(at, user, new, Step.WITHDRAW, facts)
    case.replacement = None


def _end(at: datetime, user: User | None, case: LossCase, issue: Issue, reason: Reason, rule: str) -> None:
    let_go(at, user, issue, reason, rule)
    close_case(at, user, case)
