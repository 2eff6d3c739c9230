"""Money that the office still holds for a card that has ended, and its way back."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from office.casework.actor import Actor
from office.casework.issue_steps import locked_issue
from office.casework.payments import balance_paid, give_back, handed_out
from office.casework.temporary import deposit_held
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS, State
from office.registry.models import CardKind, Issue, Payment, PaymentMethod, StaffRole


def to_give_back(issue: Issue) -> Decimal:
    """What is to be paid out still, to the cent.

    The fee of a card that ended before it was handed out; the deposit of a temporary one that is here
    again, or that was lost and whose deposit is not kept. The steps that end a card pay it out: it is
    left where that receipt was voided as a mistake, or where the card ended without a clerk.
    """
    state = State(issue.state)
    if state in COUNTS:
        return Decimal(0)
    if not handed_out(issue):
        return balance_paid(issue)
    decided = state is State.COLLECTED or issue.deposit_kept is not None
    if issue.kind != CardKind.TEMPORARY or not decided:
        return Decimal(0)
    return max(Decimal(0), deposit_held(issue))  # below zero while a kept one waits to be written again


@transaction.atomic
def give_back_rest(
    actor: Actor, issue_id: int, method: PaymentMethod, receipt: str, *, version: int | None = None
) -> Payment:
    """Pay out what is held for a card that has ended.

    Raises:
        RuleError: nothing is held, no receipt number or a used one, or the day is closed.
    """
    actor.must_be(StaffRole.CLERK, "13.5")
    issue = locked_issue(issue_id, version)
    held = to_give_back(issue)
    if held <= 0:
        raise RuleError("13.5", Refused.NOTHING_HELD)
    if not receipt:
        raise RuleError("13.5", Refused.RECEIPT_MISSING)
    return give_back(actor, issue, held, method, receipt)
