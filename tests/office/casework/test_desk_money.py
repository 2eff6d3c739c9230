"""Stored value, the till, and a temporary card's deposit: conserved to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from office.casework.actor import Actor, actor
from office.casework.due_dates import end_expired_cards
from office.casework.governing import change_policy
from office.casework.ledger import account_of, balance_of, enter_at_desk
from office.casework.loss import Report, confirm_suspension, report_loss, suspend_by_telephone
from office.casework.payments import (
    balance_paid,
    close_day,
    expected_cash,
    open_days,
    pay_fee,
    to_pay,
    void,
)
from office.casework.refunds import give_back_rest, to_give_back
from office.casework.temporary import (
    Lending,
    deposit_held,
    end_lost_temporary_card,
    lend_temporary_card,
    on_loan,
    take_back_temporary_card,
)
from office.casework.withdrawal import cancel_application, withdraw_card
from office.procedures.errors import Refused, RuleError
from office.procedures.stored_value import DeskEntry
from office.procedures.withdrawal import Reason
from office.registry.models import (
    Account,
    AuditEntry,
    CardKind,
    CaseState,
    CashClosing,
    Issue,
    IssueState,
    LossCase,
    LossKind,
    Payment,
    PaymentMethod,
    SignatureKind,
)
from tests.office.casework.moving import days
from tests.support.office_checks import ends_at_gates, opens, refused
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate

TODAY = date(2026, 11, 26)
NIL, FEE, DEPOSIT = Decimal(0), Decimal(20), Decimal(50)


def lending(estate: OfficeEstate, days: int = 7, receipt: str = "D1") -> Lending:
    last_day = TODAY + timedelta(days=days)
    return Lending(estate.next_chip(), "", last_day, PaymentMethod.CASH, receipt, SignatureKind.PAPER)


def open_case(estate: OfficeEstate, clerk: Actor) -> LossCase:
    return estate.report_lost(clerk, estate.issue_card(clerk))


def test_14_temporary_is_for_the_holder_of_the_lost_card_alone(estate: OfficeEstate, clerk: Actor) -> None:
    case = open_case(estate, clerk)
    with refused("14.temporary", Refused.NOT_THE_HOLDER):
        lend_temporary_card(clerk, case.pk, estate.add_person("neighbour"), lending(estate))
    assert Issue.objects.count() == 1


def test_14_temporary_is_paid_for_signed_for_and_ends_by_itself(estate: OfficeEstate, clerk: Actor) -> None:
    case = open_case(estate, clerk)
    card = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))
    assert (card.kind, card.state, deposit_held(card)) == (CardKind.TEMPORARY, IssueState.ACTIVE, Decimal(50))
    assert opens(card) == {NORTH: [10], SOUTH: [20]}
    (ends,) = ends_at_gates(card)
    assert ends.isoformat() == "2026-12-03T16:00:00+00:00"  # 24:00 of 3 December in Shanghai
    assert card.signature.witness == clerk.user
    with refused("14.temporary", Refused.TEMPORARY_OUT):
        lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate, receipt="D2"))


def test_14_temporary_comes_back_for_its_deposit_and_opens_nothing(
    estate: OfficeEstate, clerk: Actor
) -> None:
    case = open_case(estate, clerk)
    before = expected_cash(TODAY)
    card = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))
    assert expected_cash(TODAY) == before + 50
    with refused("13.5", Refused.RECEIPT_MISSING):
        take_back_temporary_card(clerk, card.pk, PaymentMethod.CASH, "")
    card = take_back_temporary_card(clerk, card.pk, PaymentMethod.CASH, "B1")
    assert card.state == IssueState.COLLECTED
    assert deposit_held(card) == 0
    assert (opens(card), expected_cash(TODAY)) == ({}, before)
    with refused("14.temporary", Refused.WRONG_STATE):
        take_back_temporary_card(clerk, card.pk, PaymentMethod.CASH, "B2")


def test_14_temporary_gives_its_deposit_back_after_its_last_day_too(
    estate: OfficeEstate, clerk: Actor
) -> None:
    case = open_case(estate, clerk)
    card = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))
    assert end_expired_cards(NOW + timedelta(days=8)) == 1
    later = actor(clerk.user, NOW + timedelta(days=8))
    assert take_back_temporary_card(later, card.pk, PaymentMethod.CASH, "B1").state == IssueState.COLLECTED
    assert deposit_held(card) == 0


def test_14_temporary_needs_an_open_case_and_an_end_within_the_policy(
    estate: OfficeEstate, clerk: Actor
) -> None:
    case = open_case(estate, clerk)
    with refused("14.temporary", Refused.TOO_LONG):
        lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate, days=15))
    assert not Issue.objects.filter(kind=CardKind.TEMPORARY).exists()
    LossCase.objects.update(state="closed")
    with refused("14.temporary", Refused.NO_OPEN_CASE):
        lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))


def test_14_2_an_account_is_opened_topped_up_refunded_and_corrected(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    cash = expected_cash(TODAY)
    for kind, amount, note in (
        (DeskEntry.OPENING, "100.00", ""),
        (DeskEntry.TOP_UP, "50.05", ""),
        (DeskEntry.REFUND, "20.00", ""),
        (DeskEntry.CORRECTION, "-0.05", "typed wrong"),
    ):
        enter_at_desk(clerk, card.pk, kind, Decimal(amount), note)
    account = account_of(card)
    assert account is not None
    assert balance_of(account) == Decimal("130.00")
    assert expected_cash(TODAY) == cash + Decimal("30.05")
    with refused("14.2", Refused.NOT_THE_FIRST):
        enter_at_desk(clerk, card.pk, DeskEntry.OPENING, Decimal(1))
    with refused("14.2", Refused.AMOUNT_WRONG):
        enter_at_desk(clerk, card.pk, DeskEntry.REFUND, Decimal("130.01"))


@pytest.mark.parametrize(("keep", "kept", "back"), [(True, 50, 0), (False, 0, 50)])
def test_14_temporary_lost_itself_ends_and_the_office_decides_about_its_deposit(
    estate: OfficeEstate, clerk: Actor, keep: bool, kept: int, back: int
) -> None:
    case = open_case(estate, clerk)
    lent = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))
    called = suspend_by_telephone(clerk, lent.pk)
    with refused("14.temporary", Refused.NOT_REPLACED):
        confirm_suspension(clerk, called.pk, estate.applicant, Report(LossKind.LOST))
    if not keep:
        with refused("13.5", Refused.RECEIPT_MISSING):
            end_lost_temporary_card(clerk, lent.pk, PaymentMethod.CASH, "", keep=False)
    ended = end_lost_temporary_card(clerk, lent.pk, PaymentMethod.CASH, "" if keep else "D2", keep=keep)
    called.refresh_from_db()
    assert (ended.state, ended.deposit_kept, called.state) == ("withdrawn", Decimal(kept), "closed")
    assert sum(one.amount for one in lent.payments.filter(kind="refund")) == back
    assert deposit_held(ended) == 0
    entry = AuditEntry.objects.get(action="temporary card lost")
    assert entry.facts == {"kept": str(ended.deposit_kept)}
    with refused("14.temporary", Refused.WRONG_STATE):
        end_lost_temporary_card(clerk, lent.pk, PaymentMethod.CASH, "D3", keep=False)
    second = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate, receipt="D4"))
    assert list(on_loan()) == [second]
    assert take_back_temporary_card(clerk, lent.pk, PaymentMethod.CASH, "").state == IssueState.COLLECTED


def test_14_temporary_is_reported_in_no_case_of_its_own(estate: OfficeEstate, clerk: Actor) -> None:
    case = open_case(estate, clerk)
    lent = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))
    with refused("14.temporary", Refused.NOT_REPLACED):
        report_loss(clerk, lent.pk, estate.applicant, Report(LossKind.LOST))


def test_14_temporary_not_back_after_its_last_day_is_given_up_for_lost(
    estate: OfficeEstate, clerk: Actor
) -> None:
    case = open_case(estate, clerk)
    lent = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))
    later = replace(clerk, at=NOW + timedelta(days=9))
    end_expired_cards(later.at)
    assert list(on_loan()) == [lent]
    end_lost_temporary_card(later, lent.pk, PaymentMethod.CASH, "", keep=True)
    assert not on_loan().exists()


def test_14_temporary_suspended_by_telephone_comes_back_and_its_case_is_closed(
    estate: OfficeEstate, clerk: Actor
) -> None:
    case = open_case(estate, clerk)
    lent = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))
    called = suspend_by_telephone(clerk, lent.pk)
    take_back_temporary_card(clerk, lent.pk, PaymentMethod.CASH, "D2")
    called.refresh_from_db()
    assert called.state == CaseState.CLOSED


def test_14_2_no_account_is_opened_on_a_card_that_is_stopped(estate: OfficeEstate, clerk: Actor) -> None:
    card = open_case(estate, clerk).issue
    with refused("14.2", Refused.CARD_STOPPED):
        enter_at_desk(clerk, card.pk, DeskEntry.OPENING, Decimal("12.34"))
    assert account_of(card) is None


def test_14_2_an_account_is_frozen_by_an_open_case(estate: OfficeEstate, clerk: Actor) -> None:
    card = estate.issue_card(clerk)
    enter_at_desk(clerk, card.pk, DeskEntry.OPENING, Decimal(10))
    estate.report_lost(clerk, card)
    with refused("14.2", Refused.ACCOUNT_FROZEN):
        enter_at_desk(clerk, card.pk, DeskEntry.TOP_UP, Decimal(10))


def test_14_2_no_account_is_opened_beside_an_open_case_nor_for_a_card_that_is_lent(
    estate: OfficeEstate, clerk: Actor
) -> None:
    case = open_case(estate, clerk)
    lent = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))
    for card_id, reason in ((case.issue_id, Refused.CARD_STOPPED), (lent.pk, Refused.NO_STORED_VALUE)):
        with refused("14.2", reason):
            enter_at_desk(clerk, card_id, DeskEntry.TOP_UP, Decimal(10))
    assert not Account.objects.filter(holder__isnull=False).exists()


def test_14_2_from_the_account_of_a_card_that_has_ended_money_only_goes_back(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    enter_at_desk(clerk, card.pk, DeskEntry.TOP_UP, Decimal(10))
    withdraw_card(clerk, card.pk, Reason.HANDED_BACK)
    with refused("14.2", Refused.WRONG_STATE):
        enter_at_desk(clerk, card.pk, DeskEntry.TOP_UP, Decimal(10))
    enter_at_desk(clerk, card.pk, DeskEntry.REFUND, Decimal(10))
    account = account_of(card)
    assert account is not None
    assert balance_of(account) == NIL


def test_13_5_a_closed_till_takes_and_voids_nothing(estate: OfficeEstate, clerk: Actor) -> None:
    card = estate.issue_card(clerk)
    payment = Payment.objects.get(issue=card)
    closing = close_day(clerk, TODAY, Decimal("19.00"), "one yuan short")
    assert (closing.expected_cash, closing.counted_cash) == (Decimal(20), Decimal(19))
    with refused("13.5", Refused.DAY_CLOSED):
        void(clerk, payment.pk, "mistake")
    with refused("13.5", Refused.DAY_CLOSED):
        enter_at_desk(clerk, card.pk, DeskEntry.TOP_UP, Decimal(1))
    (other,) = estate.apply(clerk, "spouse")
    with refused("13.5", Refused.DAY_CLOSED):
        estate.pay(clerk, other)


def test_13_5_the_till_of_a_day_to_come_is_not_counted(estate: OfficeEstate, clerk: Actor) -> None:
    with refused("13.5", Refused.DAY_TO_COME):
        close_day(clerk, days(1), Decimal(0))
    assert not CashClosing.objects.exists()


def test_13_5_days_whose_till_nobody_has_counted_are_told(estate: OfficeEstate, clerk: Actor) -> None:
    card = estate.issue_card(clerk)
    assert open_days(TODAY) == [], "today is not over"
    enter_at_desk(replace(clerk, at=NOW + timedelta(days=1)), card.pk, DeskEntry.TOP_UP, Decimal(5))
    assert open_days(days(2)) == [TODAY, days(1)], "stored value is in the till, too"
    close_day(replace(clerk, at=NOW + timedelta(days=2)), TODAY, Decimal(20))
    assert open_days(days(2)) == [days(1)]


def test_13_5_a_voided_fee_is_due_again_before_the_card_is_handed_out(
    estate: OfficeEstate, clerk: Actor
) -> None:
    (card,) = estate.apply(clerk, "self")
    estate.pay(clerk, card)
    void(clerk, Payment.objects.get(issue=card).pk, "wrong receipt")
    with pytest.raises(RuleError, match=r"13\.5"):
        estate.sign(clerk, card)
    estate.pay(clerk, card)
    assert estate.sign(clerk, card).state == IssueState.ACTIVE


def test_13_5_a_fee_is_not_voided_after_it_was_given_back(estate: OfficeEstate, clerk: Actor) -> None:
    (card,) = estate.apply(clerk, "self")
    estate.pay(clerk, card)
    fee = Payment.objects.get(issue=card)
    card = cancel_application(clerk, card.pk, PaymentMethod.CASH, "B1")
    with refused("13.5", Refused.GIVEN_BACK):
        void(clerk, fee.pk, "a mistake")
    assert (expected_cash(TODAY), balance_paid(card)) == (NIL, NIL)
    void(clerk, Payment.objects.get(receipt="B1").pk, "nothing was given back")
    void(clerk, fee.pk, "nothing was paid")
    assert (expected_cash(TODAY), balance_paid(card), to_give_back(card)) == (NIL, NIL, NIL)


def test_13_5_a_refund_that_was_voided_is_given_once_more(estate: OfficeEstate, clerk: Actor) -> None:
    (card,) = estate.apply(clerk, "self")
    estate.pay(clerk, card)
    card = cancel_application(clerk, card.pk, PaymentMethod.CASH, "B1")
    void(clerk, Payment.objects.get(receipt="B1").pk, "it was by WeChat")
    assert to_give_back(card) == FEE
    with refused("13.5", Refused.RECEIPT_MISSING):
        give_back_rest(clerk, card.pk, PaymentMethod.WECHAT, "")
    give_back_rest(clerk, card.pk, PaymentMethod.WECHAT, "B2")
    assert (expected_cash(TODAY), balance_paid(card)) == (FEE, NIL)
    with refused("13.5", Refused.NOTHING_HELD):
        give_back_rest(clerk, card.pk, PaymentMethod.WECHAT, "B3")


def test_14_temporary_a_deposit_that_was_returned_is_not_voided_and_its_refund_is_given_once_more(
    estate: OfficeEstate, clerk: Actor
) -> None:
    case = open_case(estate, clerk)
    card = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))
    assert to_give_back(card) == 0, "the card is out"
    card = take_back_temporary_card(clerk, card.pk, PaymentMethod.CASH, "B1")
    with refused("13.5", Refused.GIVEN_BACK):
        void(clerk, Payment.objects.get(receipt="D1").pk, "a mistake")
    void(clerk, Payment.objects.get(receipt="B1").pk, "it was by WeChat")
    assert to_give_back(card) == deposit_held(card) == DEPOSIT
    give_back_rest(clerk, card.pk, PaymentMethod.WECHAT, "B2")
    assert to_give_back(card) == deposit_held(card) == 0


def test_13_5_the_fee_of_a_card_that_was_handed_out_is_not_given_back(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = withdraw_card(clerk, estate.issue_card(clerk).pk, Reason.HANDED_BACK)
    assert to_give_back(card) == 0
    with refused("13.5", Refused.NOTHING_HELD):
        give_back_rest(clerk, card.pk, PaymentMethod.CASH, "B1")


def test_13_5_a_cancelled_card_is_not_paid_for(estate: OfficeEstate, clerk: Actor) -> None:
    (card,) = estate.apply(clerk, "self")
    cancel_application(clerk, card.pk, PaymentMethod.CASH, "")
    with refused("13.5", Refused.NOTHING_DUE):
        pay_fee(clerk, card.pk, FEE, PaymentMethod.CASH, "R1")
    assert expected_cash(TODAY) == 0


def test_13_5_a_receipt_voided_after_the_signature_is_written_again_once(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    card = estate.issue_card(clerk)
    with refused("13.5", Refused.NOTHING_DUE):
        pay_fee(clerk, card.pk, FEE, PaymentMethod.CASH, "R1")
    void(clerk, Payment.objects.get(issue=card).pk, "it was by WeChat")
    change_policy(manager, {"card_fee": Decimal(25)})
    assert to_pay(card) == FEE, "what was taken then"
    pay_fee(clerk, card.pk, FEE, PaymentMethod.WECHAT, "R2")
    assert (to_pay(card), balance_paid(card), expected_cash(TODAY)) == (NIL, FEE, NIL)
    lent = lend_temporary_card(clerk, estate.report_lost(clerk, card).pk, estate.applicant, lending(estate))
    void(clerk, Payment.objects.get(receipt="D1").pk, "it was by WeChat")
    pay_fee(clerk, lent.pk, DEPOSIT, PaymentMethod.WECHAT, "D2")
    assert (deposit_held(lent), expected_cash(TODAY)) == (DEPOSIT, NIL)
    assert Issue.objects.get(pk=lent.pk).state == IssueState.ACTIVE


def test_13_5_a_card_that_costs_nothing_is_handed_out_and_stays_free(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    (before,) = estate.apply(clerk, "spouse")
    change_policy(manager, {"card_fee": Decimal(0)})
    (card,) = estate.apply(clerk, "self")
    assert card.state == IssueState.PAID
    with refused("13.5", Refused.NOTHING_DUE):
        pay_fee(clerk, before.pk, Decimal(0), PaymentMethod.CASH, "R1")
    assert estate.sign(clerk, before).state == IssueState.ACTIVE
    change_policy(manager, {"card_fee": FEE})
    assert estate.sign(clerk, card).state == IssueState.ACTIVE
    assert not Payment.objects.exists()


def test_13_5_a_fee_that_is_raised_after_the_payment_is_not_asked_for(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    card, unpaid = estate.apply(clerk, "self", "spouse")
    estate.pay(clerk, card)
    change_policy(manager, {"card_fee": Decimal(25)})
    assert (to_pay(card), to_pay(unpaid)) == (NIL, Decimal(25))
    assert estate.sign(clerk, card).state == IssueState.ACTIVE


def test_13_5_a_receipt_number_is_used_once(estate: OfficeEstate, clerk: Actor) -> None:
    first, second = estate.apply(clerk, "self", "spouse")
    pay_fee(clerk, first.pk, FEE, PaymentMethod.CASH, "A1")
    with pytest.raises(RuleError) as told:
        pay_fee(clerk, second.pk, FEE, PaymentMethod.CASH, "A1")
    assert (told.value.refused, told.value.facts) == (Refused.RECEIPT_USED, {"receipt": "A1"})


@pytest.mark.parametrize(("keep", "held"), [(True, NIL), (False, DEPOSIT)])
def test_14_temporary_the_deposit_of_a_lost_card_is_given_back_once_more_unless_it_was_kept(
    estate: OfficeEstate, clerk: Actor, keep: bool, held: Decimal
) -> None:
    case = open_case(estate, clerk)
    card = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))
    card = end_lost_temporary_card(clerk, card.pk, PaymentMethod.CASH, "B1", keep=keep)
    for refund in Payment.objects.filter(receipt="B1"):
        void(clerk, refund.pk, "it was by WeChat")
    assert to_give_back(card) == held
