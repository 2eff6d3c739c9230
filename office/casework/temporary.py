"""A temporary card while a replacement is waited for (14.temporary, ours): deposit, end, no quota."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.cases import close_case, holders, locked_case, open_case
from office.casework.issue_steps import advance, locked_issue, take
from office.casework.issuing import assign_chip, check_not_over
from office.casework.moved_cards import end_as, own_end
from office.casework.payments import give_back, take_deposit
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import State, Step
from office.procedures.loss import OPEN
from office.procedures.withdrawal import Reason, check_temporary
from office.registry.models import (
    CardKind,
    Issue,
    IssueState,
    IssueStep,
    LossCase,
    Payment,
    PaymentKind,
    PaymentMethod,
    Person,
    Policy,
    Signature,
    SignatureKind,
    StaffRole,
)
from sync.records import Credential

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RULE = "14.temporary"
_OUT: Final = frozenset({State.ACTIVE, State.SUSPENDED, State.WITHDRAWN})
"""States in which the borrower has the card still; one whose time is over is withdrawn by the clock."""
_ENDS: Final = _OUT | {State.LOST, State.DAMAGED, State.FOUND}
"""States in which it comes back, or is given up for lost; earlier versions took cases of them in."""


class Lending(Struct, frozen=True):
    """What the clerk types: the chip, the last day, how the deposit was paid, how it was signed for."""

    chip: Credential
    printed: str
    last_day: date
    method: PaymentMethod
    receipt: str
    signed: SignatureKind
    image: bytes | None = None


@transaction.atomic
def lend_temporary_card(actor: Actor, case_id: int, borrower: Person, lending: Lending) -> Issue:
    """Deposit paid, signed for, and active, in one step; it ends by itself at 24:00 of its last day.

    Raises:
        RuleError: no open case, one is out already, too long, the lost card's time is over, the chip is in
            use, or the day is closed.
    """
    actor.must_be(StaffRole.CLERK, RULE)
    case, lost = locked_case(case_id)
    if borrower.pk not in holders(lost):
        raise RuleError(RULE, Refused.NOT_THE_HOLDER)
    now = Policy.current()
    check_temporary(
        open_case=case.state in {one.value for one in OPEN},
        out_already=lent_for(lost).exists(),
        until=lending.last_day,
        today=actor.today,
        most_days=now.temporary_days,
    )
    card = _new(actor, lost, lending.last_day)
    check_not_over(actor, card)
    assign_chip(card, lending.chip, lending.printed)
    paid = take_deposit(actor, card, now.temporary_deposit, lending.method, lending.receipt)
    take(actor, card, Step.PAY, payment=None if paid is None else paid.pk)
    Signature.objects.create(
        issue=card, signer=borrower, at=actor.at, kind=lending.signed, witness=actor.user, image=lending.image
    )
    take(actor, card, Step.SIGN, signer=borrower.pk, kind=lending.signed.value)
    take(actor, card, Step.ACTIVATE)
    record(actor.at, actor.user, RULE, "temporary card lent", f"losscase:{case.pk}", issue=card.pk)
    return card


@transaction.atomic
def take_back_temporary_card(
    actor: Actor, issue_id: int, method: PaymentMethod, receipt: str, *, version: int | None = None
) -> Issue:
    """The card is here: it ends, and the deposit is given back."""
    actor.must_be(StaffRole.CLERK, RULE)
    card = locked_issue(issue_id, version)
    if card.kind != CardKind.TEMPORARY or State(card.state) not in _ENDS:
        raise RuleError(RULE, Refused.WRONG_STATE, state=card.state)
    held = deposit_held(card)
    if held > 0:
        if not receipt:
            raise RuleError("13.5", Refused.RECEIPT_MISSING)
        give_back(actor, card, held, method, receipt)
    if State(card.state) is not State.WITHDRAWN:  # its last day is not over yet
        _end(actor.at, actor.user, card, Reason.TEMPORARY_RETURNED)
    card.collected_at = actor.at
    take(actor, card, Step.COLLECT)
    return card


@transaction.atomic
def end_lost_temporary_card(
    actor: Actor,
    issue_id: int,
    method: PaymentMethod,
    receipt: str,
    *,
    keep: bool,
    version: int | None = None,
) -> Issue:
    """It was lost or broken itself: it ends, and the office keeps its deposit or gives it back.

    Raises:
        RuleError: it is back already or was decided on, or no receipt for what is given back.
    """
    actor.must_be(StaffRole.CLERK, RULE)
    card = locked_issue(issue_id, version)
    if card.kind != CardKind.TEMPORARY or State(card.state) not in _ENDS or card.deposit_kept is not None:
        raise RuleError(RULE, Refused.WRONG_STATE, state=card.state)
    held = deposit_held(card)
    if held > 0 and not keep:
        if not receipt:
            raise RuleError("13.5", Refused.RECEIPT_MISSING)
        give_back(actor, card, held, method, receipt)
    card.deposit_kept = held if keep else Decimal(0)
    facts = {"kept": str(card.deposit_kept)}
    record(actor.at, actor.user, RULE, "temporary card lost", f"issue:{card.pk}", **facts)
    if State(card.state) is State.WITHDRAWN:  # its last day was over
        card.version += 1
        card.save()
    else:
        _end(actor.at, actor.user, card, Reason.TEMPORARY_LOST)
    return card


def end_stand_ins(at: datetime, user: User | None, own: Issue) -> None:
    """The holder's own card is back, replaced or ended: the one that stood in opens nothing any more.

    Its deposit is paid out when it comes back, as after its last day.
    """
    if own.kind == CardKind.TEMPORARY or _waits_still(own):
        return
    for card in lent_for(own).exclude(state=IssueState.WITHDRAWN):
        _end(at, user, locked_issue(card.pk), Reason.STAND_IN_OVER)


def lent_for(lost: Issue) -> QuerySet[Issue]:
    """The temporary card that stands in for this one, if it is still out."""
    return on_loan().filter(unit=lost.unit, holder=lost.holder, vehicle=lost.vehicle)


def on_loan() -> QuerySet[Issue]:
    """Temporary cards that are out, and that nobody has given up for lost."""
    states = [one.value for one in _OUT]
    return Issue.objects.filter(kind=CardKind.TEMPORARY, state__in=states, deposit_kept=None)


def deposit_held(card: Issue) -> Decimal:
    """What the office holds for the borrower of a temporary card, to the cent."""
    sums = dict(
        Payment.objects.filter(issue=card, voided_at__isnull=True)
        .values_list("kind")
        .annotate(total=Sum("amount"))
    )
    held: Decimal = sums.get(PaymentKind.DEPOSIT, Decimal(0)) - sums.get(PaymentKind.REFUND, Decimal(0))
    return held - (card.deposit_kept or Decimal(0))


def deposits_of(case: LossCase) -> list[tuple[Issue, Decimal]]:
    """Temporary cards that are out for a case, with their deposits."""
    return [(one, deposit_held(one)) for one in lent_for(case.issue)]


def _waits_still(own: Issue) -> bool:
    """Whether the same temporary card stands in for another lost card of theirs, too."""
    others = LossCase.objects.filter(state__in=[one.value for one in OPEN]).exclude(issue=own)
    theirs = others.filter(issue__unit=own.unit, issue__holder=own.holder, issue__vehicle=own.vehicle)
    return theirs.exclude(issue__kind=CardKind.TEMPORARY).exists()


def _end(at: datetime, user: User | None, card: Issue, reason: Reason) -> None:
    advance(at, user, card, Step.WITHDRAW, {"reason": reason.value}, RULE)
    case = open_case(card)
    if case is not None:  # it was suspended by telephone
        if case.replacement is not None:
            raise RuleError(RULE, Refused.CASE_OPEN)  # an earlier version's: it is closed on its own page
        close_case(at, user, case)


def _new(actor: Actor, lost: Issue, last_day: date) -> Issue:
    next_day = datetime.combine(last_day + timedelta(days=1), time(), ZoneInfo(settings.TIME_ZONE))
    end = own_end(lost)
    card = Issue.objects.create(
        kind=CardKind.TEMPORARY,
        state=IssueState.APPLIED,
        state_since=actor.at,
        holder=lost.holder,
        vehicle=lost.vehicle,
        unit=lost.unit,
        fee=Decimal(0),
        valid_until=next_day if end is None else min(next_day, end),
    )
    end_as(card, lost)
    card.save(update_fields=["valid_until", "moves_out"])
    IssueStep.objects.create(issue=card, state=card.state, at=actor.at, clerk=actor.user, rule=RULE)
    return card
