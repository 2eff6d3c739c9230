"""Random histories of the till: paid, voided, given back, lent, cancelled, replaced, in whatever order.

Beside the office's books the history counts what lies in the drawer. They agree to the cent; a day that
was counted never changes; and of whatever is left to pay or to give back, somebody can still do it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar, TypeVar
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import Model, QuerySet
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.case_ends import end_without_replacement
from office.casework.due_dates import end_expired_cards
from office.casework.governing import change_policy
from office.casework.issuing import give_chip, sign_for_card
from office.casework.ledger import account_of, balance_of, enter_at_desk
from office.casework.loss import Report, card_found, report_loss, restore_found_card, review, say_balance
from office.casework.payments import balance_paid, close_day, expected_cash, pay_fee, to_pay, void
from office.casework.refunds import give_back_rest, to_give_back
from office.casework.replacement import (
    approve,
    authorise_replacement,
    collect_old_card,
    sign_for_replacement,
    tell_holder,
)
from office.casework.temporary import (
    Lending,
    deposit_held,
    end_lost_temporary_card,
    lend_temporary_card,
    take_back_temporary_card,
)
from office.casework.withdrawal import cancel_application, withdraw_card
from office.procedures.errors import RuleError
from office.procedures.issue_states import COUNTS, State
from office.procedures.stored_value import DeskEntry
from office.procedures.withdrawal import Reason
from office.registry.models import (
    Account,
    CardKind,
    CashClosing,
    Issue,
    IssueState,
    LossCase,
    LossKind,
    Payment,
    PaymentKind,
    PaymentMethod,
    SignatureKind,
    StaffRole,
)
from tests.support.office_estate import NOW, OfficeEstate

Row = TypeVar("Row", bound=Model)
ANY = st.integers(0, 1_000)
METHODS = st.sampled_from([PaymentMethod.CASH, PaymentMethod.CASH, PaymentMethod.WECHAT])
CENTS = st.decimals(Decimal(-5), Decimal(60), places=2)
NIL = Decimal(0)
PAPER = SignatureKind.PAPER


class TillHistories(RuleBasedStateMachine):
    """One history of the desk's money, in a transaction that is rolled back."""

    estate: ClassVar[OfficeEstate]
    staff: ClassVar[dict[StaffRole, Actor]]

    def __init__(self) -> None:
        super().__init__()
        self.at = NOW
        self.drawer: dict[date, Decimal] = {}
        self.receipts = 0
        self.undo = transaction.atomic()
        self.undo.__enter__()

    def teardown(self) -> None:
        """Whatever is left to pay or to give back can be paid and given back; then as if nothing had been."""
        try:
            self.at += timedelta(days=1)
            for card in Issue.objects.all():
                if to_pay(card) > 0:
                    pay_fee(self.clerk, card.pk, to_pay(card), PaymentMethod.CASH, self.receipt())
                if to_give_back(card) > 0:
                    give_back_rest(self.clerk, card.pk, PaymentMethod.CASH, self.receipt())
                assert (to_pay(card), to_give_back(card)) == (NIL, NIL)
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    @initialize(methods=st.lists(METHODS, min_size=4, max_size=4))
    def begin(self, methods: list[PaymentMethod]) -> None:
        """One card paid, one cancelled, one handed out, one lost with a temporary card out for it."""
        for place, method in enumerate(methods):
            self.a_card("self", method, (1, 1, 3, 3)[place])
        self.cancel(1, methods[0])
        self.lose(1, 2, methods[1], by_holder=True)
        self.lend(0, methods[2])

    # -- Fees
    @rule(relation=st.sampled_from(["self", "child"]), method=METHODS, steps=st.integers(0, 3))
    def a_card(self, relation: str, method: PaymentMethod, steps: int) -> None:
        """Applied for; perhaps paid, perhaps with its chip, perhaps handed out."""
        (card,) = self.estate.apply(self.clerk, relation)
        if steps > 0:
            self.pay_card(card, method)
        if steps > 1:
            self.take(lambda: give_chip(self.clerk, card.pk, self.estate.next_chip()))
        if steps > 2:
            self.sign_card(card)

    @rule(number=ANY, method=METHODS)
    def pay(self, number: int, method: PaymentMethod) -> None:
        card = self.pick(Issue.objects.all(), number)
        if card is not None:
            self.pay_card(card, method)

    @rule(number=ANY)
    def sign(self, number: int) -> None:
        card = self.pick(Issue.objects.filter(state__in=["applied", "paid"], replaces=None), number)
        if card is not None:
            if card.chip is None:
                self.take(lambda: give_chip(self.clerk, card.pk, self.estate.next_chip()))
            self.sign_card(card)

    @rule(number=ANY, method=METHODS)
    def cancel(self, number: int, method: PaymentMethod) -> None:
        card = self.pick(Issue.objects.filter(state__in=["applied", "paid"]), number)
        if card is not None:
            held, receipt = balance_paid(card), self.receipt()
            if self.take(lambda: cancel_application(self.clerk, card.pk, method, receipt)):
                self.book(-held, method)

    @rule(number=ANY)
    def withdraw(self, number: int) -> None:
        card = self.pick(Issue.objects.filter(state="active"), number)
        if card is not None:
            self.take(lambda: withdraw_card(self.clerk, card.pk, Reason.HANDED_BACK))

    @rule(number=ANY)
    def collect(self, number: int) -> None:
        card = self.pick(Issue.objects.exclude(kind=CardKind.TEMPORARY), number)
        if card is not None:
            self.take(lambda: collect_old_card(self.clerk, card.pk))

    @rule(fee=st.sampled_from([0, 20, 20, 25]), deposit=st.sampled_from([0, 50]))
    def set_prices(self, fee: int, deposit: int) -> None:
        manager = self.actor(StaffRole.MANAGER)
        change_policy(manager, {"card_fee": Decimal(fee), "temporary_deposit": Decimal(deposit)})

    # -- Mistakes, and the way back
    @rule(number=ANY, oldest=st.booleans())
    def void_receipt(self, number: int, oldest: bool) -> None:
        """Of one card: what was taken first, or what was booked last."""
        card = self.pick(Issue.objects.filter(payments__voided_at=None).distinct(), number)
        receipts = Payment.objects.filter(issue=card, voided_at=None).order_by("pk")
        payment = receipts.first() if oldest else receipts.last()
        if payment is not None and self.take(lambda: void(self.clerk, payment.pk, "a mistake")):
            back = payment.amount if payment.kind == PaymentKind.REFUND else -payment.amount
            self.book(back, PaymentMethod(payment.method), payment.day)

    @rule(number=ANY, method=METHODS)
    def give_back(self, number: int, method: PaymentMethod) -> None:
        card = self.pick(Issue.objects.all(), number)
        if card is not None:
            held, receipt = to_give_back(card), self.receipt()
            if self.take(lambda: give_back_rest(self.clerk, card.pk, method, receipt)):
                self.book(-held, method)

    # -- Losses: a replacement, a card that is found, a temporary one
    @rule(number=ANY, steps=st.integers(0, 5), method=METHODS, by_holder=st.booleans())
    def lose(self, number: int, steps: int, method: PaymentMethod, by_holder: bool) -> None:
        card = self.pick(
            Issue.objects.filter(state=IssueState.ACTIVE).exclude(kind=CardKind.TEMPORARY), number
        )
        if card is None or card.holder is None:
            return
        kind = LossKind.LOST if by_holder else LossKind.DAMAGED
        case = report_loss(self.clerk, card.pk, card.holder, Report(kind, by_holder=by_holder))
        say_balance(self.clerk, case.pk, agreed=True)
        if steps > 0:
            review(self.actor(StaffRole.REVIEWER), case.pk)
            case = approve(self.actor(StaffRole.MANAGER), case.pk)
        new = case.replacement
        if new is None:
            return
        if steps > 1:
            self.pay_card(new, method)
        if steps > 2:
            authorise_replacement(self.clerk, case.pk, self.estate.next_chip())
        if steps > 3:
            self.take(lambda: tell_holder(self.clerk, case.pk, "telephone", "reached"))
        if steps > 4:
            holder = card.holder
            self.take(lambda: sign_for_replacement(self.clerk, case.pk, holder, PAPER, None))

    @rule(number=ANY)
    def find(self, number: int) -> None:
        case = self.pick(LossCase.objects.all(), number)
        if case is None or case.issue.holder is None:
            return
        finder, new, receipt = case.issue.holder, case.replacement, self.receipt()
        held = NIL if new is None else balance_paid(new)
        if self.take(lambda: card_found(self.clerk, case.pk, finder, PaymentMethod.CASH, receipt)):
            self.book(-held, PaymentMethod.CASH)
            restore_found_card(self.actor(StaffRole.REVIEWER), case.pk)

    @rule(number=ANY, method=METHODS)
    def want_no_replacement(self, number: int, method: PaymentMethod) -> None:
        case = self.pick(LossCase.objects.all(), number)
        if case is None:
            return
        new, receipt = case.replacement, self.receipt()
        held = NIL if new is None else balance_paid(new)
        handed_back = Reason.HANDED_BACK
        if self.take(lambda: end_without_replacement(self.clerk, case.pk, handed_back, method, receipt)):
            self.book(-held, method)

    @rule(number=ANY, method=METHODS, keep=st.booleans())
    def lose_what_was_lent(self, number: int, method: PaymentMethod, keep: bool) -> None:
        card = self.pick(Issue.objects.filter(kind=CardKind.TEMPORARY), number)
        if card is not None:
            held, receipt = deposit_held(card), self.receipt()
            if self.take(lambda: end_lost_temporary_card(self.clerk, card.pk, method, receipt, keep=keep)):
                self.book(NIL if keep else -held, method)

    @rule(number=ANY, method=METHODS)
    def lend(self, number: int, method: PaymentMethod) -> None:
        case = self.pick(LossCase.objects.exclude(state__in=["closed", "withdrawn"]), number)
        if case is None or case.issue.holder is None:
            return
        borrower, last_day = case.issue.holder, self.clerk.today + timedelta(days=3)
        told = Lending(self.estate.next_chip(), "", last_day, method, self.receipt(), PAPER)
        if self.take(lambda: lend_temporary_card(self.clerk, case.pk, borrower, told)):
            self.book(deposit_held(Issue.objects.latest("pk")), method)

    @rule(number=ANY, method=METHODS)
    def take_back(self, number: int, method: PaymentMethod) -> None:
        card = self.pick(Issue.objects.filter(kind=CardKind.TEMPORARY), number)
        if card is not None:
            held, receipt = deposit_held(card), self.receipt()
            if self.take(lambda: take_back_temporary_card(self.clerk, card.pk, method, receipt)):
                self.book(-held, method)

    # -- Stored value
    @rule(number=ANY, kind=st.sampled_from(DeskEntry), amount=CENTS)
    def enter(self, number: int, kind: DeskEntry, amount: Decimal) -> None:
        card = self.pick(Issue.objects.all(), number)
        if card is not None and self.take(lambda: enter_at_desk(self.clerk, card.pk, kind, amount, "typed")):
            sign = {DeskEntry.TOP_UP: 1, DeskEntry.REFUND: -1}.get(kind, 0)
            self.book(sign * amount, PaymentMethod.CASH)

    # -- Days
    @rule(counted=CENTS, ago=st.integers(0, 2))
    def count_the_till(self, counted: Decimal, ago: int) -> None:
        day = self.clerk.today - timedelta(days=ago)
        self.take(lambda: close_day(self.clerk, day, counted))

    @rule(hours=st.sampled_from([1, 11, 24, 24 * 4]))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)
        end_expired_cards(self.at)

    # -- What holds
    @invariant()
    def the_books_say_what_lies_in_the_drawer(self) -> None:
        day, today = NOW.date(), self.clerk.today
        while day <= today:
            assert expected_cash(day) == self.drawer.get(day, NIL)
            day += timedelta(days=1)

    @invariant()
    def a_day_that_was_counted_does_not_change(self) -> None:
        for closing in CashClosing.objects.all():
            assert closing.expected_cash == expected_cash(closing.day)

    @invariant()
    def nobody_is_owed_more_than_they_paid(self) -> None:
        for card in Issue.objects.all():
            lent = card.kind == CardKind.TEMPORARY
            held = deposit_held(card) if lent else balance_paid(card)
            # A deposit that is kept, and whose receipt was voided, waits to be written again.
            assert held >= 0 or (lent and held + to_pay(card) == 0)
            assert to_pay(card) >= 0
            assert NIL <= to_give_back(card) <= max(held, NIL)
            running = State(card.state) in COUNTS
            if not lent and running and State(card.state) not in {State.APPLIED, State.PAID}:
                assert held > 0 or to_pay(card) > 0 or card.payments.count() == 0, "paid, or free"
            if not running and not lent and not hasattr(card, "signature"):
                assert to_give_back(card) == held

    @invariant()
    def stored_value_is_conserved(self) -> None:
        accounts = list(Account.objects.all())
        assert sum((balance_of(one) for one in accounts), NIL) == 0
        assert all(balance_of(one) >= 0 for one in accounts if one.holder_id is not None)
        for case in LossCase.objects.exclude(state__in=["closed", "withdrawn"]):
            account = account_of(case.issue)
            assert account is None or account.frozen

    # -- How
    @property
    def clerk(self) -> Actor:
        return self.actor(StaffRole.CLERK)

    def actor(self, role: StaffRole) -> Actor:
        return replace(self.staff[role], at=self.at)

    def receipt(self) -> str:
        self.receipts += 1
        return f"N{self.receipts}-{uuid4().hex[:6]}"

    def pick(self, rows: QuerySet[Row], number: int) -> Row | None:
        found = list(rows.order_by("pk"))
        return found[number % len(found)] if found else None

    def take(self, step: Callable[[], object]) -> bool:
        """Take a step; one that is refused leaves no receipt behind."""
        before = Payment.objects.count()
        try:
            with transaction.atomic():
                step()
        except RuleError:
            assert Payment.objects.count() == before
            return False
        return True

    def book(self, amount: Decimal, method: PaymentMethod, day: date | None = None) -> None:
        """What goes into the drawer, or out of it."""
        if method is PaymentMethod.CASH:
            on = day or self.clerk.today
            self.drawer[on] = self.drawer.get(on, NIL) + amount

    def pay_card(self, card: Issue, method: PaymentMethod) -> None:
        due, receipt = to_pay(Issue.objects.get(pk=card.pk)), self.receipt()
        if self.take(lambda: pay_fee(self.clerk, card.pk, due, method, receipt)):
            self.book(due, method)

    def sign_card(self, card: Issue) -> None:
        holder = card.holder
        assert holder is not None
        self.take(lambda: sign_for_card(self.clerk, card.pk, holder, PAPER, None))


@pytest.mark.usefixtures("db")
def test_13_5_random_histories_keep_the_till_right_to_the_cent(estate: OfficeEstate) -> None:
    TillHistories.estate = estate
    TillHistories.staff = {role: estate.staff(role) for role in StaffRole}
    run_state_machine_as_test(
        TillHistories,
        settings=settings(
            max_examples=6,
            stateful_step_count=20,
            phases=(Phase.reuse, Phase.generate),  # shrinking a whole history takes minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
