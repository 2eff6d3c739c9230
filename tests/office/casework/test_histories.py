"""Random histories of a small estate: whatever the desk does in whatever order, these things hold.

For cards issued here: the quota is never exceeded, money is conserved to the cent, no card is
active without a signature, and no gate holds a grant that no active card, or open slip, justifies.
A step that a rule refuses changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.case_ends import end_without_replacement
from office.casework.due_dates import end_expired_cards
from office.casework.issuing import CardWish, apply_for_cards, give_chip, sign_for_card, unit_quota
from office.casework.ledger import balance_of, enter, open_account
from office.casework.loss import (
    Report,
    card_found,
    lift_suspension,
    report_loss,
    restore_found_card,
    review,
    say_balance,
    suspend_by_telephone,
)
from office.casework.move_ends import end_moves, end_slips
from office.casework.moved_cards import cards_of
from office.casework.moves import Notice, call_off, notice_move, put_off, record_settlement
from office.casework.payments import balance_paid, close_day, expected_cash, fee_due, pay_fee, void
from office.casework.replacement import (
    approve,
    authorise_replacement,
    collect_old_card,
    sign_for_replacement,
    tell_holder,
)
from office.casework.slips import cancel_slip
from office.casework.tenancies import MoveIn, extend_tenancy, register_tenancy
from office.casework.trail import broken_links
from office.casework.withdrawal import cancel_application, withdraw_card
from office.errors import OfficeError
from office.lists.store import hub_store
from office.procedures.errors import RuleError
from office.procedures.slips import slip_id_of
from office.procedures.withdrawal import Reason
from office.registry.models import (
    Account,
    AuditEntry,
    Door,
    EntryKind,
    Issue,
    IssueState,
    LossCase,
    LossKind,
    MemberRole,
    Membership,
    MoveOut,
    MoveState,
    Origin,
    Payment,
    PaymentKind,
    PaymentMethod,
    Person,
    Place,
    ReleaseSlip,
    SettlementKind,
    SignatureKind,
    SlipState,
    StaffRole,
    Tenancy,
)
from sync.encoding import decode_record
from sync.records import Grant
from tests.office.casework.moving import new_slip
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate

Row = TypeVar("Row", bound=Model)
ANY = st.integers(0, 1_000)
CENTS = st.decimals(Decimal(-50), Decimal(200), places=2)
RELATIONS = st.sampled_from(["self", "spouse", "child", "parent", "friend", "domestic-worker"])


class Histories(RuleBasedStateMachine):
    """One history of the estate, in a transaction that is rolled back."""

    estate: ClassVar[OfficeEstate]
    staff: ClassVar[dict[StaffRole, Actor]]
    units: ClassVar[list[Place]]

    def __init__(self) -> None:
        super().__init__()
        self.at = NOW
        self.balances: dict[int, Decimal] = {}
        self.till = Decimal(0)
        self.closed: set[object] = set()
        self.undo = transaction.atomic()
        self.undo.__enter__()

    @initialize(relations=st.lists(RELATIONS, min_size=1, max_size=3))
    def begin_with_cards(self, relations: list[str]) -> None:
        for number, relation in enumerate(relations):
            self.hand_out(number, relation)

    def teardown(self) -> None:
        """Whole to the end; then as if nothing had been."""
        try:
            assert not list(broken_links())
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    # -- KH-13
    @rule(unit=ANY, person=ANY, relations=st.lists(RELATIONS, min_size=1, max_size=3))
    def apply(self, unit: int, person: int, relations: list[str]) -> None:
        where = self.units[unit % len(self.units)]
        member = self.pick(Membership.objects.filter(unit=where), person)
        if member is not None:
            wishes = [
                CardWish(
                    member.person_id
                    if one == "self"
                    else self.estate.add_person(one, where, MemberRole.RESIDENT).pk,
                    one,
                )
                for one in relations
            ]
            self.take(lambda: apply_for_cards(self.clerk, where, member.person, wishes, uuid4()))

    @rule(number=ANY, wrong=st.sampled_from([Decimal(0), Decimal(0), Decimal("0.01")]))
    def pay(self, number: int, wrong: Decimal) -> None:
        issue = self.pick(Issue.objects.filter(state=IssueState.APPLIED), number)
        if issue is not None:
            amount = fee_due(issue) - balance_paid(issue) + wrong
            self.take(
                lambda: pay_fee(self.clerk, issue.pk, amount, PaymentMethod.CASH, f"R{uuid4().hex[:12]}")
            )

    @rule(number=ANY)
    def give(self, number: int) -> None:
        issue = self.pick(Issue.objects.filter(chip=None, replaces=None), number)
        if issue is not None:
            self.take(lambda: give_chip(self.clerk, issue.pk, self.estate.next_chip()))

    @rule(number=ANY)
    def sign(self, number: int) -> None:
        issue = self.pick(Issue.objects.filter(state__in=["applied", "paid"]), number)
        if issue is not None and issue.holder is not None:
            holder = issue.holder
            self.take(lambda: sign_for_card(self.clerk, issue.pk, holder, SignatureKind.PAPER, None))

    @rule(unit=ANY, relation=RELATIONS)
    def hand_out(self, unit: int, relation: str) -> None:
        """The whole way at once, so that histories have cards to lose."""
        before = set(Issue.objects.values_list("pk", flat=True))
        self.apply(unit, 0, [relation])
        for issue in Issue.objects.exclude(pk__in=before).select_related("holder"):
            self.finish(issue)

    # -- KH-14
    @rule(number=ANY, kind=st.sampled_from([LossKind.LOST, LossKind.DAMAGED]), by_holder=st.booleans())
    def lose(self, number: int, kind: LossKind, by_holder: bool) -> None:
        issue = self.pick(Issue.objects.filter(state__in=["active", "suspended"]), number)
        if issue is not None and issue.holder is not None:
            holder = issue.holder
            self.take(lambda: report_loss(self.clerk, issue.pk, holder, Report(kind, by_holder=by_holder)))

    @rule(number=ANY)
    def call(self, number: int) -> None:
        issue = self.pick(Issue.objects.all(), number)
        if issue is not None:
            self.take(lambda: suspend_by_telephone(self.clerk, issue.pk))

    @rule(number=ANY, step=st.sampled_from(["lift", "balance", "review", "approve", "chip", "tell", "sign"]))
    def go_on(self, number: int, step: str) -> None:
        case = self.pick(LossCase.objects.all(), number)
        if case is not None:
            self.take(lambda: self.case_step(case, step))

    @rule(number=ANY)
    def replace_card(self, number: int) -> None:
        """A case to its end, as far as the rules let it."""
        for step in ("balance", "review", "approve", "chip", "pay", "tell", "sign"):
            case = self.pick(LossCase.objects.all(), number)
            if case is not None:
                self.take(lambda case=case, step=step: self.case_step(case, step))  # type: ignore[misc]

    @rule(number=ANY, reviewed=st.booleans())
    def find(self, number: int, reviewed: bool) -> None:
        case = self.pick(LossCase.objects.all(), number)
        if case is not None and case.issue.holder is not None:
            finder, receipt = case.issue.holder, f"F{uuid4().hex[:12]}"
            self.take(lambda: card_found(self.clerk, case.pk, finder, PaymentMethod.CASH, receipt))
            if reviewed:
                self.take(lambda: restore_found_card(self.actor(StaffRole.REVIEWER), case.pk))

    @rule(number=ANY)
    def replace_no_card(self, number: int) -> None:
        case, receipt = self.pick(LossCase.objects.all(), number), f"N{uuid4().hex[:12]}"
        if case is not None:
            reason, method = Reason.NOT_REPLACED, PaymentMethod.CASH
            self.take(lambda: end_without_replacement(self.clerk, case.pk, reason, method, receipt))

    @rule(number=ANY, reason=st.sampled_from([Reason.HANDED_BACK, Reason.NO_LONGER_MEMBER]))
    def withdraw(self, number: int, reason: Reason) -> None:
        issue = self.pick(Issue.objects.all(), number)
        if issue is not None:
            self.take(lambda: withdraw_card(self.clerk, issue.pk, reason))

    @rule(number=ANY)
    def cancel(self, number: int) -> None:
        issue = self.pick(Issue.objects.filter(state__in=["applied", "paid"]), number)
        if issue is not None:
            receipt = f"C{uuid4().hex[:12]}"
            self.take(lambda: cancel_application(self.clerk, issue.pk, PaymentMethod.CASH, receipt))

    @rule(number=ANY)
    def collect(self, number: int) -> None:
        issue = self.pick(Issue.objects.all(), number)
        if issue is not None:
            self.take(lambda: collect_old_card(self.clerk, issue.pk))

    # -- Money
    @rule(number=ANY, amount=CENTS, kind=st.sampled_from([EntryKind.TOP_UP, EntryKind.SPENDING]))
    def move_money(self, number: int, amount: Decimal, kind: EntryKind) -> None:
        issue = self.pick(Issue.objects.filter(state="active"), number)
        if issue is not None:
            account = open_account(self.clerk, issue)
            if self.take(lambda: enter(self.clerk, account, kind, amount)):
                self.balances[account.pk] = self.balances.get(account.pk, Decimal(0)) + amount

    @rule(number=ANY)
    def void_receipt(self, number: int) -> None:
        """A receipt of a card that was not handed out yet is voided."""
        payment = self.pick(Payment.objects.filter(issue__state__in=["applied", "paid"]), number)
        if payment is not None:
            self.take(lambda: void(self.clerk, payment.pk, "a mistake"))

    @precondition(lambda self: self.clerk.today not in self.closed)
    @rule(number=ANY)
    def count_the_till(self, number: int) -> None:
        if number % 4 == 0 and self.take(
            lambda: close_day(self.clerk, self.clerk.today, expected_cash(self.clerk.today))
        ):
            self.closed.add(self.clerk.today)

    # -- KH-15
    @rule(unit=ANY, length=st.integers(1, 60))
    def rent(self, unit: int, length: int) -> None:
        where = self.units[unit % len(self.units)]
        tenant = Person.objects.create(name="tenant", recorded_at=self.at)
        owner = self.estate.applicant
        today = self.clerk.today
        told = MoveIn(where, owner, [tenant], today, today + timedelta(days=length), owner_present=True)
        self.take(lambda: register_tenancy(self.clerk, told, uuid4()))

    @rule(number=ANY, by=st.integers(-3, 60))
    def extend(self, number: int, by: int) -> None:
        tenancy = self.pick(Tenancy.objects.all(), number)
        if tenancy is not None:
            self.take(lambda: extend_tenancy(self.clerk, tenancy.pk, tenancy.until + timedelta(days=by)))

    @rule(unit=ANY, number=ANY, ahead=st.integers(0, 6), step=st.sampled_from(["", "later", "off", "owes"]))
    def move_away(self, unit: int, number: int, ahead: int, step: str) -> None:
        where = self.units[unit % len(self.units)]
        member = self.pick(Membership.objects.filter(unit=where), number)
        if member is not None:
            day = self.clerk.today + timedelta(days=ahead)
            told = Notice(where, [member.person], day, "sold")
            self.take(lambda: notice_move(self.clerk, told, uuid4()))
        move = self.pick(MoveOut.objects.filter(state=MoveState.NOTICED), number)
        if move is not None and step == "later":
            self.take(lambda: put_off(self.clerk, move.pk, move.day + timedelta(days=3), "ill"))
        elif move is not None and step == "off":
            self.take(lambda: call_off(self.clerk, move.pk))
        elif move is not None and step == "owes":
            owed = Decimal("888.88")
            self.take(
                lambda: record_settlement(self.clerk, move.pk, SettlementKind.WATER, owed, settled=False)
            )

    @rule(number=ANY, cancelled=st.booleans())
    def take_goods_out(self, number: int, cancelled: bool) -> None:
        window = {"since": self.at, "until": self.at + timedelta(hours=9)}
        self.take(lambda: new_slip(self.estate, self.clerk, **window))
        slip = self.pick(ReleaseSlip.objects.filter(state=SlipState.OPEN), number)
        if slip is not None and cancelled:
            self.take(lambda: cancel_slip(self.clerk, slip.pk, "the goods stay"))

    @rule(hours=st.sampled_from([1, 7, 30, 24 * 20]))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)
        end_moves(self.at)
        end_slips(self.at)
        end_expired_cards(self.at)

    # -- What holds
    @invariant()
    def no_card_is_active_without_a_signature(self) -> None:
        handed_out = Issue.objects.filter(origin=Origin.DESK).exclude(state__in=["applied", "paid"])
        ended_before = handed_out.filter(signature=None).exclude(state__in=["withdrawn", "collected"])
        assert not ended_before.exists()

    @invariant()
    def the_quota_is_never_exceeded(self) -> None:
        assert not [one for one in self.units if unit_quota(one).exceeded]

    @invariant()
    def no_gate_holds_a_grant_that_nothing_justifies(self) -> None:
        cards = Issue.objects.filter(state=IssueState.ACTIVE).select_related("unit")
        active = {one.pk: one for one in cards}
        slips = {
            one.pk: one for one in ReleaseSlip.objects.filter(state=SlipState.OPEN).select_related("door")
        }
        doors = {one.pk: one for one in Door.objects.select_related("serves")}
        held: set[tuple[int, int]] = set()
        for gate_id in (NORTH, SOUTH):
            for stored in hub_store().wanted.content(gate_id).records():
                granted = decode_record(stored)
                if not isinstance(granted, Grant):
                    continue
                slip_id = slip_id_of(granted.issue_id)
                if slip_id is not None:
                    assert slips[slip_id].door.gate_id == gate_id
                    continue
                card = active[granted.issue_id]
                held.add((gate_id, card.pk))
                assert granted.valid_until == (card.valid_until and int(card.valid_until.timestamp()))
                for access in granted.access:
                    serves = doors[access.door].serves
                    assert card.unit is not None
                    assert serves is not None
                    assert card.unit.path.startswith(serves.path)
        # And no active card of theirs is forgotten: both gates serve every unit here.
        assert held == {(gate_id, one) for gate_id in (NORTH, SOUTH) for one in active}

    @invariant()
    def who_moves_away_has_no_card_beyond_the_day(self) -> None:
        zone = ZoneInfo(django_settings.TIME_ZONE)
        for move in MoveOut.objects.filter(state=MoveState.NOTICED):
            end = datetime.combine(move.day + timedelta(days=1), datetime.min.time(), zone)
            moved = cards_of(move).filter(state=IssueState.ACTIVE)
            assert all(one.valid_until is not None and one.valid_until <= end for one in moved)

    @invariant()
    def money_is_conserved_to_the_cent(self) -> None:
        accounts = {one.pk: one for one in Account.objects.all()}
        assert sum((balance_of(one) for one in accounts.values()), Decimal(0)) == 0
        for pk, balance in self.balances.items():
            assert balance_of(accounts[pk]) == balance >= 0
        for issue in Issue.objects.all():
            assert Decimal(0) <= balance_paid(issue) <= fee_due(issue)
        till = Decimal(0)
        for one in Payment.objects.filter(voided_at=None, method=PaymentMethod.CASH):
            till += -one.amount if one.kind == PaymentKind.REFUND else one.amount
        for entry in accounts.values():
            till += -balance_of(entry) if entry.name == "cash" else 0
        assert till == sum((expected_cash(day) for day in self.days()), Decimal(0))

    # -- How
    @property
    def clerk(self) -> Actor:
        return self.actor(StaffRole.CLERK)

    def actor(self, role: StaffRole) -> Actor:
        return replace(self.staff[role], at=self.at)

    def days(self) -> list[Any]:
        """Every day on which something may have been booked."""
        first = replace(self.clerk, at=NOW).today
        return [first + timedelta(days=one) for one in range((self.clerk.today - first).days + 1)]

    def pick(self, rows: QuerySet[Row], number: int) -> Row | None:
        found = list(rows.order_by("pk"))
        return found[number % len(found)] if found else None

    def take(self, step: Callable[[], object]) -> bool:
        """Take a step; one that is refused must leave nothing behind."""
        before = self.trace()
        try:
            with transaction.atomic():
                step()
        except (RuleError, OfficeError, IntegrityError):
            assert self.trace() == before
            return False
        return True

    def trace(self) -> tuple[object, ...]:
        states = tuple(Issue.objects.order_by("pk").values_list("pk", "state", "version"))
        return AuditEntry.objects.count(), Payment.objects.count(), states

    def finish(self, issue: Issue) -> None:
        """Pay for a card, give it a chip, sign for it."""
        holder, receipt = issue.holder, f"H{uuid4().hex[:12]}"
        assert holder is not None
        self.take(lambda: pay_fee(self.clerk, issue.pk, fee_due(issue), PaymentMethod.CASH, receipt))
        self.take(lambda: give_chip(self.clerk, issue.pk, self.estate.next_chip()))
        self.take(lambda: sign_for_card(self.clerk, issue.pk, holder, SignatureKind.PAPER, None))

    def case_step(self, case: LossCase, step: str) -> None:
        """One step of a case by whoever may take it."""
        holder, new = case.issue.holder, case.replacement
        match step:
            case "lift" if holder is not None:
                lift_suspension(self.clerk, case.pk, holder)
            case "balance":
                say_balance(self.clerk, case.pk, agreed=False)
            case "review":
                review(self.actor(StaffRole.REVIEWER), case.pk)
            case "approve":
                approve(self.actor(StaffRole.MANAGER), case.pk)
            case "chip" if new is not None and new.chip is None:
                authorise_replacement(self.clerk, case.pk, self.estate.next_chip())
            case "pay" if new is not None:
                due = fee_due(new) - balance_paid(new)
                pay_fee(self.clerk, new.pk, due, PaymentMethod.WECHAT, f"W{uuid4().hex[:12]}")
            case "tell":
                tell_holder(self.clerk, case.pk, "telephone", "reached")
            case "sign" if holder is not None:
                sign_for_replacement(self.clerk, case.pk, holder, SignatureKind.PAPER, None)


@pytest.mark.usefixtures("db")
def test_14_15_random_histories_keep_quota_money_signatures_and_gates(estate: OfficeEstate) -> None:
    big = estate.add_unit("201", "130.00")
    Membership.objects.create(
        person=estate.applicant, unit=big, role="owner", since=replace(estate.staff(), at=NOW).today
    )
    Histories.estate, Histories.units = estate, [estate.unit, big]
    Histories.staff = {role: estate.staff(role) for role in StaffRole}
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=4,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
