"""KH-14 from the report to the archived forms, and what the gates are to have at every step."""

from __future__ import annotations

from decimal import Decimal

import pytest

from office.casework.actor import Actor
from office.casework.ledger import account_of, balance_of, enter, open_account
from office.casework.loss import Report, card_found, report_loss, restore_found_card, review, say_balance
from office.casework.replacement import approve, authorise_replacement, sign_for_replacement, tell_holder
from office.hub.clerk_steps import card_report
from office.lists.store import hub_store
from office.procedures.errors import Refused, RuleError
from office.registry.models import (
    ArchivedForm,
    EntryKind,
    Issue,
    IssueState,
    LossCase,
    LossKind,
    PaymentKind,
    PaymentMethod,
    SignatureKind,
    StaffRole,
)
from sync.records import RevocationReason
from tests.support.office_checks import refused
from tests.support.office_estate import OfficeEstate

LOST = Report(LossKind.LOST, "left on the bus")


def ends(issue: Issue) -> set[RevocationReason | None]:
    """How the wanted lists of all gates end this issue."""
    return {one.ended for one in card_report(hub_store(), issue_id=issue.pk)}


def approved_case(estate: OfficeEstate, clerk: Actor, reviewer: Actor, manager: Actor) -> LossCase:
    issue = estate.issue_card(clerk)
    case = report_loss(clerk, issue.pk, estate.applicant, LOST)
    review(reviewer, case.pk)
    return approve(manager, case.pk)


def test_14_4_the_stop_is_wanted_at_every_gate_with_the_report_and_urgent(
    estate: OfficeEstate, clerk: Actor
) -> None:
    issue = estate.issue_card(clerk)
    before = hub_store().wanted.changes_after(0)[-1].number
    report_loss(clerk, issue.pk, estate.applicant, LOST)
    assert ends(issue) == {RevocationReason.LOST}
    assert all(one.urgent for one in hub_store().wanted.changes_after(before))
    assert len(hub_store().wanted.changes_after(before)) == 2


def test_14_3_the_clerk_of_the_case_does_not_review_it(estate: OfficeEstate) -> None:
    both = estate.staff(StaffRole.CLERK, StaffRole.REVIEWER)
    case = report_loss(both, estate.issue_card(both).pk, estate.applicant, LOST)
    with pytest.raises(RuleError) as refused:
        review(both, case.pk)
    assert refused.value.refused is Refused.REVIEWER_IS_CLERK


def test_14_9_the_new_card_opens_and_the_account_moves_with_the_signature(
    estate: OfficeEstate, clerk: Actor, reviewer: Actor, manager: Actor
) -> None:
    issue = estate.issue_card(clerk)
    enter(clerk, open_account(clerk, issue), EntryKind.OPENING, Decimal("12.34"))
    case = report_loss(clerk, issue.pk, estate.applicant, LOST)
    with pytest.raises(RuleError) as refused:
        review(reviewer, case.pk)
    assert refused.value.refused is Refused.BALANCE_NOT_ASKED
    say_balance(clerk, case.pk, agreed=True)
    review(reviewer, case.pk)
    new = approve(manager, case.pk).replacement
    assert new is not None
    estate.pay(clerk, new)
    authorise_replacement(clerk, case.pk, estate.next_chip())
    assert ends(new) == set()
    tell_holder(clerk, case.pk, "telephone", "reached")
    closed = sign_for_replacement(clerk, case.pk, estate.applicant, SignatureKind.PAPER, None)
    new.refresh_from_db()
    issue.refresh_from_db()
    assert (issue.state, new.state) == (IssueState.REPLACED, IssueState.ACTIVE)
    assert ends(issue) == {RevocationReason.SUPERSEDED}
    assert ends(new) == {None}
    account = account_of(new)
    assert account is not None
    assert (balance_of(account), account.frozen) == (Decimal("12.34"), False)
    assert [str(one) for one in ArchivedForm.objects.order_by("pk")] == [
        "KH-03-R04-2026-00001",
        "KH-14-R01-2026-00001",
        "KH-14-R02-2026-00001",
    ]
    assert closed.closed_at is not None


def test_a_found_card_opens_again_only_after_the_reviewer_and_the_replacement_is_cancelled(
    estate: OfficeEstate, clerk: Actor, reviewer: Actor, manager: Actor
) -> None:
    case = approved_case(estate, clerk, reviewer, manager)
    new = case.replacement
    assert new is not None
    estate.pay(clerk, new)
    with refused("13.5", Refused.RECEIPT_MISSING):
        card_found(clerk, case.pk, estate.applicant)
    card_found(clerk, case.pk, estate.applicant, PaymentMethod.WECHAT, "W1")
    back = new.payments.get(kind=PaymentKind.REFUND)
    assert (back.method, back.receipt, back.amount) == (PaymentMethod.WECHAT, "W1", Decimal(20))
    new.refresh_from_db()
    assert new.state == IssueState.WITHDRAWN
    assert ends(case.issue) == {RevocationReason.LOST}
    restore_found_card(reviewer, case.pk)
    assert ends(case.issue) == {None}


def test_14_6_a_card_that_was_found_is_replaced_when_it_is_lost_again(
    estate: OfficeEstate, clerk: Actor, reviewer: Actor, manager: Actor
) -> None:
    card = estate.issue_card(clerk)
    for receipt in ("B1", "B2"):
        case = estate.report_lost(clerk, card)
        review(reviewer, case.pk)
        new = approve(manager, case.pk).replacement
        assert new is not None
        estate.pay(clerk, new)
        card_found(clerk, case.pk, estate.applicant, receipt=receipt)
        restore_found_card(reviewer, case.pk)
    assert list(Issue.objects.filter(replaces=card)) == [new]
