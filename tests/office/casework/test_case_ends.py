"""A lost or damaged card that nobody replaces ends, and everything that hung on it with it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.case_ends import end_without_replacement
from office.casework.departures import here, note_departures
from office.casework.issuing import assign_chip, sign_for_card, unit_quota
from office.casework.ledger import account_of, enter, enter_at_desk, open_account
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
from office.casework.merchants import (
    apply_for_merchant_card,
    check_off,
    merchant_leaves,
    register_merchant,
)
from office.casework.move_ends import end_moves
from office.casework.payments import pay_fee, void
from office.casework.replacement import (
    approve,
    authorise_replacement,
    collect_old_card,
    sign_for_replacement,
    tell_holder,
)
from office.casework.temporary import Lending, lend_temporary_card, take_back_temporary_card
from office.casework.withdrawal import cancel_application, withdraw_card
from office.procedures.errors import Refused
from office.procedures.shops import Leaving
from office.procedures.stored_value import DeskEntry
from office.procedures.withdrawal import ENDS_A_CASE, Reason
from office.registry.models import (
    ArchivedForm,
    CaseState,
    EntryKind,
    Issue,
    IssueState,
    LossCase,
    LossKind,
    MemberRole,
    Merchant,
    Payment,
    PaymentMethod,
    Person,
    SignatureKind,
    StaffRole,
    UnitUse,
)
from sync.records import RevocationReason, Tombstone
from tests.office.casework.moving import TODAY, announce, at_gates, days
from tests.support.office_checks import refused
from tests.support.office_estate import NOW, OfficeEstate

LOST = Report(LossKind.LOST, "on the bus")


def frozen_account(clerk: Actor, card: Issue) -> None:
    enter(clerk, open_account(clerk, card), EntryKind.OPENING, Decimal("12.34"))


def paid_for(estate: OfficeEstate, clerk: Actor, case: LossCase) -> Issue:
    """The case's replacement, approved and paid for."""
    say_balance(clerk, case.pk, agreed=True)
    review(estate.staff(StaffRole.REVIEWER), case.pk)
    new = approve(estate.staff(StaffRole.MANAGER), case.pk).replacement
    assert new is not None
    pay_fee(clerk, new.pk, Decimal(20), PaymentMethod.CASH, "P1")
    return new


def lending(estate: OfficeEstate) -> Lending:
    """A week for a deposit in cash."""
    return Lending(estate.next_chip(), "", days(7), PaymentMethod.CASH, "D1", SignatureKind.PAPER)


def tombstones(card: Issue) -> set[RevocationReason]:
    return {one.reason for one in at_gates(card.pk).values() if isinstance(one, Tombstone)}


@pytest.mark.parametrize("kind", [LossKind.LOST, LossKind.DAMAGED])
def test_14_10_no_replacement_is_wanted(estate: OfficeEstate, clerk: Actor, kind: LossKind) -> None:
    card = estate.issue_card(clerk)
    frozen_account(clerk, card)
    case = report_loss(clerk, card.pk, estate.applicant, Report(kind))
    assert unit_quota(estate.unit).counted == 1
    ended = end_without_replacement(clerk, case.pk, Reason.NOT_REPLACED)
    card.refresh_from_db()
    assert (ended.state, ended.closed_at, card.state) == (CaseState.CLOSED, NOW, IssueState.WITHDRAWN)
    assert unit_quota(estate.unit).counted == 0
    assert tombstones(card) == {RevocationReason.WITHDRAWN}
    subject = f"losscase:{case.pk}"
    assert set(ArchivedForm.objects.filter(subject=subject).values_list("form", flat=True)) == {
        "KH-14-R01",
        "KH-14-R02",
    }
    enter_at_desk(clerk, card.pk, DeskEntry.REFUND, Decimal("12.34"))
    assert collect_old_card(clerk, card.pk).state == IssueState.COLLECTED
    with refused("14.10", Refused.WRONG_STATE):
        end_without_replacement(clerk, case.pk, Reason.NOT_REPLACED)


def test_14_10_with_the_case_its_replacement_is_cancelled_and_the_fee_given_back(
    estate: OfficeEstate, clerk: Actor
) -> None:
    case = report_loss(clerk, estate.issue_card(clerk).pk, estate.applicant, LOST)
    new = paid_for(estate, clerk, case)
    with refused("13.5", Refused.RECEIPT_MISSING):
        end_without_replacement(clerk, case.pk, Reason.HOLDER_DIED)
    ended = end_without_replacement(clerk, case.pk, Reason.HOLDER_DIED, PaymentMethod.BANK, "B1")
    new.refresh_from_db()
    assert (new.state, ended.replacement) == (IssueState.WITHDRAWN, None)
    back = Payment.objects.get(receipt="B1")
    assert (back.issue, back.kind, back.method, back.amount) == (new, "refund", "bank", Decimal(20))


def test_14_10_a_case_ends_for_a_reason_of_its_list_that_fits_the_card(
    estate: OfficeEstate, clerk: Actor
) -> None:
    case = report_loss(clerk, estate.issue_card(clerk).pk, estate.applicant, LOST)
    unfit = (set(Reason) - ENDS_A_CASE) | {Reason.PARKING_ENDED, Reason.MERCHANT_LEFT}
    for reason in unfit:
        with refused("13.3", Refused.REASON_UNFIT):
            end_without_replacement(clerk, case.pk, reason)


def test_14_10_a_suspended_card_whose_holder_died_ends_and_no_report_is_archived(
    estate: OfficeEstate, clerk: Actor
) -> None:
    case = suspend_by_telephone(clerk, estate.issue_card(clerk).pk)
    end_without_replacement(clerk, case.pk, Reason.HOLDER_DIED)
    subject = f"losscase:{case.pk}"
    assert [one.form for one in ArchivedForm.objects.filter(subject=subject)] == ["KH-14-R02"]


def child_with_card(estate: OfficeEstate, clerk: Actor) -> tuple[Person, Issue]:
    """Somebody of the household who owns no unit, and belongs to none once they move away."""
    card = estate.issue_card(clerk, "child")
    assert card.holder is not None
    card.holder.memberships.update(role=MemberRole.RESIDENT)
    return card.holder, card


def test_15_3_the_case_of_who_moved_away_ends_with_the_move(estate: OfficeEstate, clerk: Actor) -> None:
    child, card = child_with_card(estate, clerk)
    case = report_loss(clerk, card.pk, child, LOST)
    announce(estate, clerk, days(5), [child])
    later = NOW + timedelta(days=6)
    end_moves(later)
    card.refresh_from_db()
    case.refresh_from_db()
    assert (card.state, case.state) == (IssueState.WITHDRAWN, CaseState.CLOSED)
    assert tombstones(card) == {RevocationReason.MOVED_OUT}
    note_departures(later + timedelta(days=1))
    child.refresh_from_db()
    assert child.departed_on == days(6)


def test_15_3_with_a_fee_to_give_back_the_case_waits_for_a_clerk(estate: OfficeEstate, clerk: Actor) -> None:
    child, card = child_with_card(estate, clerk)
    case = report_loss(clerk, card.pk, child, LOST)
    paid_for(estate, clerk, case)
    announce(estate, clerk, days(5), [child])
    later = replace(clerk, at=NOW + timedelta(days=6))
    end_moves(later.at)
    card.refresh_from_db()
    assert card.state == IssueState.LOST
    assert child.pk in here(later.today)
    end_without_replacement(later, case.pk, Reason.MOVED_AWAY, PaymentMethod.CASH, "B1")
    assert child.pk not in here(later.today)
    assert tombstones(card) == {RevocationReason.MOVED_OUT}


def merchant_card(estate: OfficeEstate, clerk: Actor) -> tuple[Merchant, Issue]:
    """Of a merchant whose leaving checklist is done."""
    shop = estate.add_unit("S1", "40", UnitUse.COMMERCIAL)
    keeper = Person.objects.create(name="cook", recorded_at=NOW)
    merchant = register_merchant(clerk, "Noodles", keeper, shop, TODAY)
    card = apply_for_merchant_card(clerk, merchant.pk, keeper)
    check_off(clerk, merchant.pk, frozenset(Leaving))
    return merchant, card


def handed_out(estate: OfficeEstate, clerk: Actor, card: Issue) -> None:
    assert card.holder is not None
    estate.pay(clerk, card)
    card.refresh_from_db()
    assign_chip(card, estate.next_chip())
    sign_for_card(clerk, card.pk, card.holder, SignatureKind.PAPER, None)


def test_17_3_with_the_merchant_the_case_of_a_lost_card_ends(estate: OfficeEstate, clerk: Actor) -> None:
    merchant, card = merchant_card(estate, clerk)
    handed_out(estate, clerk, card)
    frozen_account(clerk, card)
    case = report_loss(clerk, card.pk, merchant.keeper, LOST)
    new = paid_for(estate, clerk, case)
    with refused("17.3", Refused.FEE_TO_GIVE_BACK):
        merchant_leaves(clerk, merchant.pk)
    card.refresh_from_db()
    assert card.state == IssueState.LOST
    void(clerk, Payment.objects.get(receipt="P1").pk, "a mistake")
    merchant_leaves(clerk, merchant.pk)
    for one in (card, new, case):
        one.refresh_from_db()
    assert (card.state, new.state, case.state) == ("withdrawn", "withdrawn", "closed")
    account = account_of(card)
    assert account is not None
    assert not account.frozen
    assert merchant.keeper_id not in here(TODAY)


def test_17_3_a_card_that_was_not_handed_out_is_cancelled_with_its_fee_given_back(
    estate: OfficeEstate, clerk: Actor
) -> None:
    merchant, card = merchant_card(estate, clerk)
    estate.pay(clerk, card)
    with refused("13.3", Refused.REASON_UNFIT):
        withdraw_card(clerk, card.pk, Reason.MERCHANT_LEFT)
    with refused("17.3", Refused.FEE_TO_GIVE_BACK):
        merchant_leaves(clerk, merchant.pk)
    cancel_application(clerk, card.pk, PaymentMethod.CASH, "B1")
    assert merchant_leaves(clerk, merchant.pk).left_on == TODAY


def test_14_found_a_found_card_that_is_withdrawn_frees_its_account(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    frozen_account(clerk, card)
    case = report_loss(clerk, card.pk, estate.applicant, LOST)
    card_found(clerk, case.pk, estate.applicant)
    withdraw_card(clerk, card.pk, Reason.HANDED_BACK)
    account = account_of(card)
    assert account is not None
    assert not account.frozen


@pytest.mark.parametrize("end", ["signed", "restored", "lifted", "withdrawn", "not replaced"])
def test_14_temporary_opens_nothing_once_the_holder_has_a_card_again_or_needs_none(
    estate: OfficeEstate, clerk: Actor, reviewer: Actor, end: str
) -> None:
    card = estate.issue_card(clerk)
    case = (
        suspend_by_telephone(clerk, card.pk)
        if end == "lifted"
        else report_loss(clerk, card.pk, estate.applicant, LOST)
    )
    lent = lend_temporary_card(clerk, case.pk, estate.applicant, lending(estate))
    match end:
        case "signed":
            paid_for(estate, clerk, case)
            authorise_replacement(clerk, case.pk, estate.next_chip())
            tell_holder(clerk, case.pk, "telephone", "comes")
            sign_for_replacement(clerk, case.pk, estate.applicant, SignatureKind.PAPER, None)
        case "restored" | "withdrawn":
            card_found(clerk, case.pk, estate.applicant)
            lent.refresh_from_db()
            assert lent.state == IssueState.ACTIVE
            if end == "restored":
                restore_found_card(reviewer, case.pk)
            else:
                withdraw_card(clerk, card.pk, Reason.HANDED_BACK)
        case "lifted":
            lift_suspension(clerk, case.pk, estate.applicant)
        case _:
            end_without_replacement(clerk, case.pk, Reason.NOT_REPLACED)
    lent.refresh_from_db()
    assert lent.state == IssueState.WITHDRAWN
    assert tombstones(lent) == {RevocationReason.WITHDRAWN}
    take_back_temporary_card(clerk, lent.pk, PaymentMethod.CASH, "D2")
    assert Payment.objects.get(receipt="D2").issue == lent


def test_14_temporary_goes_on_standing_in_for_another_lost_card_of_the_holder(
    estate: OfficeEstate, clerk: Actor
) -> None:
    first, second = (report_loss(clerk, estate.issue_card(clerk).pk, estate.applicant, LOST) for _ in "ab")
    lent = lend_temporary_card(clerk, first.pk, estate.applicant, lending(estate))
    end_without_replacement(clerk, first.pk, Reason.NOT_REPLACED)
    lent.refresh_from_db()
    assert lent.state == IssueState.ACTIVE
    end_without_replacement(clerk, second.pk, Reason.NOT_REPLACED)
    lent.refresh_from_db()
    assert lent.state == IssueState.WITHDRAWN
