"""Money at the desk: fees, deposits, refunds, voids, and the daily closing of the till."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import QuerySet, Sum

from office.casework.actor import Actor
from office.casework.issue_steps import locked_issue, take
from office.casework.ledger import cash_of_accounts
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import State, Step
from office.registry.models import (
    CashClosing,
    EntryKind,
    Issue,
    LedgerEntry,
    Payment,
    PaymentKind,
    PaymentMethod,
    Policy,
    Signature,
    StaffRole,
)

LOOK_BACK_DAYS: Final = 31
"""How far back a till with stored value alone is asked for."""


def fee_due(issue: Issue) -> Decimal:
    """What the card costs (rules 13.5, 14.5); a fee that is raised after the payment is not asked for."""
    if issue.fee is not None:
        return issue.fee
    return _sums(issue).get(PaymentKind.FEE) or Policy.current().card_fee


def balance_paid(issue: Issue) -> Decimal:
    """Fees paid less refunds, voided receipts left out."""
    sums = _sums(issue)
    return sums.get(PaymentKind.FEE, Decimal(0)) - sums.get(PaymentKind.REFUND, Decimal(0))


def to_pay(issue: Issue) -> Decimal:
    """What the clerk is to book for the card now: the fee, or what was voided and is to be written again."""
    return _open_item(issue)[1]


def handed_out(issue: Issue) -> bool:
    """Whether its holder has signed for it, whatever became of it since."""
    return Signature.objects.filter(issue=issue).exists()


def paid_in_full(issue: Issue) -> bool:
    """Whether nothing is due for the card any more."""
    return balance_paid(issue) >= fee_due(issue)


@transaction.atomic
def pay_fee(
    actor: Actor,
    issue_id: int,
    amount: Decimal,
    method: PaymentMethod,
    receipt: str,
    *,
    version: int | None = None,
) -> Payment:
    """Rule 13.5: the cost fee of one card, or a voided receipt of one that was handed out, written again.

    Raises:
        RuleError: nothing is due or not this amount, the receipt number is used, or the day is closed.
    """
    actor.must_be(StaffRole.CLERK, "13.5")
    issue = locked_issue(issue_id, version)
    kind, due = _open_item(issue)
    if due <= 0:
        raise RuleError("13.5", Refused.NOTHING_DUE)
    if amount != due:
        raise RuleError("13.5", Refused.AMOUNT_WRONG, due=str(due))
    payment = _pay(actor, issue, kind, amount, method, receipt)
    if State(issue.state) is State.APPLIED:
        take(actor, issue, Step.PAY, payment=payment.pk)
    return payment


def pass_if_free(actor: Actor, issue: Issue) -> None:
    """A card that costs nothing waits for no payment; it stays free when the policy changes."""
    if State(issue.state) is State.APPLIED and fee_due(issue) == 0:
        issue.fee = Decimal(0)
        take(actor, issue, Step.PAY)


@transaction.atomic
def refund(actor: Actor, issue: Issue, method: PaymentMethod, receipt: str) -> Payment | None:
    """Give back what was paid for a card; ``None`` if nothing was."""
    paid = balance_paid(issue)
    return _pay(actor, issue, PaymentKind.REFUND, paid, method, receipt) if paid > 0 else None


@transaction.atomic
def take_deposit(
    actor: Actor, issue: Issue, amount: Decimal, method: PaymentMethod, receipt: str
) -> Payment | None:
    """The deposit of a temporary card; ``None`` where the policy asks for none.

    Raises:
        RuleError: no receipt number, or the day is closed.
    """
    if amount <= 0:
        return None
    if not receipt:
        raise RuleError("13.5", Refused.RECEIPT_MISSING)
    return _pay(actor, issue, PaymentKind.DEPOSIT, amount, method, receipt)


@transaction.atomic
def give_back(actor: Actor, issue: Issue, amount: Decimal, method: PaymentMethod, receipt: str) -> Payment:
    """Pay an amount out again; raises ``RuleError`` if the day is closed."""
    return _pay(actor, issue, PaymentKind.REFUND, amount, method, receipt)


@transaction.atomic
def void(actor: Actor, payment_id: int, reason: str) -> Payment:
    """Void a receipt that was a mistake, as long as its day is open.

    Raises:
        RuleError: the day is closed, it is void already, or the money was given back.
    """
    actor.must_be(StaffRole.CLERK, "13.5")
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    if payment.voided_at is not None:
        raise RuleError("13.5", Refused.ALREADY_VOID)
    if payment.closing_id is not None:
        raise RuleError("13.5", Refused.DAY_CLOSED)
    given_back = _live(payment.issue).filter(kind=PaymentKind.REFUND).first()
    if payment.kind != PaymentKind.REFUND and given_back is not None:
        raise RuleError("13.5", Refused.GIVEN_BACK, receipt=given_back.receipt)
    payment.voided_at, payment.void_reason = actor.at, reason
    payment.save(update_fields=["voided_at", "void_reason"])
    record(actor.at, actor.user, "13.5", "payment voided", f"payment:{payment.pk}")
    return payment


@transaction.atomic
def close_day(actor: Actor, day: date, counted: Decimal, note: str = "") -> CashClosing:
    """Count the till: the day's receipts change no more.

    Raises:
        RuleError: the day is closed already, or has not come yet.
    """
    actor.must_be(StaffRole.CLERK, "13.5")
    if day > actor.today:
        raise RuleError("13.5", Refused.DAY_TO_COME, day=day.isoformat())
    if CashClosing.objects.filter(day=day).exists():
        raise RuleError("13.5", Refused.DAY_CLOSED)
    open_ones = Payment.objects.filter(day=day, closing__isnull=True)
    closing = CashClosing.objects.create(
        day=day,
        closed_at=actor.at,
        clerk=actor.user,
        expected_cash=expected_cash(day),
        counted_cash=counted,
        note=note,
    )
    open_ones.update(closing=closing)
    record(actor.at, actor.user, "13.5", "day closed", f"closing:{closing.pk}", day=day.isoformat())
    return closing


def open_days(today: date) -> list[date]:
    """Days that are over and whose till nobody has counted, oldest first."""
    paid = Payment.objects.filter(closing__isnull=True, day__lt=today).values_list("day", flat=True)
    since = today - timedelta(days=LOOK_BACK_DAYS)
    moved = LedgerEntry.objects.filter(kind__in=[EntryKind.TOP_UP, EntryKind.REFUND])
    stored = moved.filter(at__date__gte=since, at__date__lt=today).values_list("at__date", flat=True)
    found = {*paid.distinct(), *stored.distinct()}
    return sorted(found - set(CashClosing.objects.filter(day__in=found).values_list("day", flat=True)))


def expected_cash(day: date) -> Decimal:
    """What the till should hold of one day."""
    total = Decimal(0)
    for payment in Payment.objects.filter(day=day, voided_at__isnull=True, method=PaymentMethod.CASH):
        total += -payment.amount if payment.kind == PaymentKind.REFUND else payment.amount
    return total + cash_of_accounts(day)


def _open_item(issue: Issue) -> tuple[PaymentKind, Decimal]:
    """What is to be booked for a card, and as what.

    Before the signature: the fee. Once it was handed out: what was taken by a receipt that was a mistake
    (the wrong means, say) and is on no other receipt. Nothing for a card that ended before.
    """
    if State(issue.state) in {State.APPLIED, State.PAID}:
        return PaymentKind.FEE, fee_due(issue) - balance_paid(issue)
    taken = issue.payments.exclude(kind=PaymentKind.REFUND).order_by("-pk")
    last = taken.first()
    if last is None or taken.filter(voided_at__isnull=True).exists() or not handed_out(issue):
        return PaymentKind.FEE, Decimal(0)
    return PaymentKind(last.kind), last.amount


def _live(issue: Issue) -> QuerySet[Payment]:
    """Receipts of a card that are not void."""
    return Payment.objects.filter(issue=issue, voided_at__isnull=True)


def _sums(issue: Issue) -> dict[str, Decimal]:
    """What the receipts of a card come to, by kind."""
    return dict(_live(issue).order_by().values_list("kind").annotate(Sum("amount")))


def _pay(
    actor: Actor, issue: Issue, kind: PaymentKind, amount: Decimal, method: PaymentMethod, receipt: str
) -> Payment:
    if CashClosing.objects.filter(day=actor.today).exists():
        raise RuleError("13.5", Refused.DAY_CLOSED)
    if Payment.objects.filter(receipt=receipt).exists():
        raise RuleError("13.5", Refused.RECEIPT_USED, receipt=receipt)
    payment = Payment.objects.create(
        kind=kind,
        method=method,
        amount=amount,
        issue=issue,
        receipt=receipt,
        at=actor.at,
        day=actor.today,
        clerk=actor.user,
    )
    facts = {"amount": str(amount), "method": method.value, "issue": issue.pk}
    record(actor.at, actor.user, "13.5", f"payment {kind.value}", f"payment:{payment.pk}", **facts)
    return payment
