"""Stored value: account-based and double-entry; the chip holds nothing (rules 14.2, 14.9)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from office.casework.actor import Actor
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS, State
from office.procedures.stored_value import CASH, INTO, DeskEntry, check_account, moved_amount
from office.registry.models import Account, CardKind, CashClosing, EntryKind, Issue, LedgerEntry, StaffRole

ESTATE_SIDE = {
    EntryKind.OPENING: "opening balances",
    EntryKind.TOP_UP: "cash",
    EntryKind.SPENDING: "sales",
    EntryKind.REFUND: "cash",
    EntryKind.CORRECTION: "corrections",
}
"""The account on the other side of each kind of entry."""


def account_of(issue: Issue) -> Account | None:
    """The account from which this card spends."""
    return Account.objects.filter(issue=issue).first()


def balance_of(account: Account) -> Decimal:
    """What the account holds, to the cent."""
    received = account.credits.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    given = account.debits.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return Decimal(received) - Decimal(given)


@transaction.atomic
def open_account(actor: Actor, issue: Issue) -> Account:
    """Give a card's holder an account; the one there is, if there is one.

    Raises:
        RuleError: there is none, and the card is stopped, is lent, or belongs to a plate.
    """
    actor.must_be(StaffRole.CLERK, "14.2")
    known = account_of(issue)
    if known is not None:
        return known
    check_account(State(issue.state))
    if issue.holder is None or issue.kind == CardKind.TEMPORARY:
        raise RuleError("14.2", Refused.NO_STORED_VALUE)
    return Account.objects.create(holder=issue.holder, issue=issue)


@transaction.atomic
def enter_at_desk(
    actor: Actor, issue_id: int, kind: DeskEntry, typed: Decimal, note: str = ""
) -> LedgerEntry:
    """Opening balance, top-up, refund or correction of a card's account; one is opened if there is none.

    Raises:
        RuleError: the amount, a missing note, a frozen account, a stopped card, a closed till, or money
            into the account of a card that has ended (what it holds is given back, or corrected).
    """
    issue = Issue.objects.select_for_update(of=("self",)).select_related("holder").get(pk=issue_id)
    account = open_account(actor, issue)
    if kind in INTO and State(issue.state) not in COUNTS:
        raise RuleError("14.2", Refused.WRONG_STATE, state=issue.state)
    is_first = not (account.credits.exists() or account.debits.exists())
    amount = moved_amount(kind, typed, is_first=is_first, note=note)
    if kind in CASH and CashClosing.objects.filter(day=actor.today).exists():
        raise RuleError("13.5", Refused.DAY_CLOSED)
    return enter(actor, account, EntryKind(kind.value), amount, note)


def cash_of_accounts(day: date) -> Decimal:
    """What top-ups brought into the till on a day, less what refunds took out."""
    zone = ZoneInfo(settings.TIME_ZONE)
    begins, ends = (datetime.combine(day + timedelta(days=n), time(), zone) for n in (0, 1))
    entries = LedgerEntry.objects.filter(at__gte=begins, at__lt=ends)
    name = ESTATE_SIDE[EntryKind.TOP_UP]
    came = entries.filter(debit__name=name).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    went = entries.filter(credit__name=name).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return Decimal(came) - Decimal(went)


@transaction.atomic
def enter(actor: Actor, account: Account, kind: EntryKind, amount: Decimal, note: str = "") -> LedgerEntry:
    """Move money into the account (``amount`` above zero) or out of it.

    Raises:
        RuleError: nothing, more than there is, or the account is frozen by an open case.
    """
    actor.must_be(StaffRole.CLERK, "14.2")
    account = Account.objects.select_for_update().get(pk=account.pk)  # as it is now, not as it was read
    if account.frozen:
        raise RuleError("14.2", Refused.ACCOUNT_FROZEN)
    if amount == 0 or balance_of(account) + amount < 0:
        raise RuleError("14.2", Refused.AMOUNT_WRONG, due=str(balance_of(account)))
    other, _ = Account.objects.get_or_create(name=ESTATE_SIDE[kind], holder=None)
    debit, credit = (other, account) if amount > 0 else (account, other)
    entry = LedgerEntry.objects.create(
        kind=kind, debit=debit, credit=credit, amount=abs(amount), at=actor.at, clerk=actor.user, note=note
    )
    facts = {"amount": str(amount), "kind": kind.value}
    record(actor.at, actor.user, "14.2", "ledger entry", f"account:{account.pk}", **facts)
    return entry
