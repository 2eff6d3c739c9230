"""KH-14's order, as a table of who may do what when."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from office.procedures.errors import Refused, RuleError
from office.procedures.loss import (
    CaseFacts,
    CaseState,
    check_approval,
    check_clerk,
    check_found,
    check_replacement_signature,
    check_reporter,
    check_restoration,
    check_review,
    check_told,
    replacement_fee,
)

CLERK, REVIEWER, MANAGER, ASKED, HOLDER = 1, 2, 3, 4, 70
REPORTED = CaseFacts(
    CaseState.REPORTED,
    "lost",
    by_holder=True,
    clerks=frozenset({CLERK, ASKED}),
    reviewers=frozenset(),
    has_account=False,
    balance_agreed=None,
    holders=frozenset({HOLDER}),
)
REVIEWED = replace(REPORTED, state=CaseState.REVIEWED, reviewers=frozenset({REVIEWER}))
APPROVED = replace(REVIEWED, state=CaseState.APPROVED)
NOTIFIED = replace(REVIEWED, state=CaseState.NOTIFIED)
CLOSED = replace(REVIEWED, state=CaseState.CLOSED)


def refusal(check: object, *given: object, **named: object) -> tuple[str, Refused]:
    """Rule and code of a check that refuses."""
    assert callable(check)
    with pytest.raises(RuleError) as caught:
        check(*given, **named)
    return caught.value.rule, caught.value.refused


def test_14_1_only_the_holder_reports() -> None:
    check_reporter(HOLDER, frozenset({HOLDER}))
    assert refusal(check_reporter, 71, frozenset({HOLDER})) == ("14.1", Refused.NOT_THE_HOLDER)
    assert refusal(check_reporter, None, frozenset({HOLDER})) == ("14.1", Refused.NOT_THE_HOLDER)


def test_14_2_the_balance_is_spoken_of_before_the_review_and_an_objection_does_not_hold_it_up() -> None:
    asked = replace(REPORTED, has_account=True)
    assert refusal(check_review, asked, REVIEWER) == ("14.2", Refused.BALANCE_NOT_ASKED)
    for agreed in (True, False):
        check_review(replace(asked, balance_agreed=agreed), REVIEWER)


def test_14_3_the_reviewer_is_not_the_clerk() -> None:
    check_review(REPORTED, REVIEWER)
    for somebody in (CLERK, ASKED):
        assert refusal(check_review, REPORTED, somebody) == ("14.3", Refused.REVIEWER_IS_CLERK)
    check_clerk(REVIEWED, ASKED)
    assert refusal(check_clerk, REVIEWED, REVIEWER) == ("14.3", Refused.CLERK_IS_REVIEWER)
    assert refusal(check_review, REVIEWED, REVIEWER) == ("14.3", Refused.WRONG_STATE)


def test_a_telephone_call_is_not_reviewed_before_its_holder_came() -> None:
    assert refusal(check_review, replace(REPORTED, kind="suspended"), REVIEWER)[1] is Refused.WRONG_STATE


def test_14_6_the_manager_approves_after_the_review_and_has_no_other_part() -> None:
    check_approval(REVIEWED, MANAGER)
    assert refusal(check_approval, REPORTED, MANAGER) == ("14.6", Refused.NOT_REVIEWED)
    for somebody in (CLERK, ASKED, REVIEWER):
        assert refusal(check_approval, REVIEWED, somebody) == ("14.6", Refused.MANAGER_IN_CASE)


@pytest.mark.parametrize(
    ("kind", "by_holder", "fee"),
    [("lost", True, 20), ("lost", False, 20), ("damaged", True, 20), ("damaged", False, 0)],
)
def test_14_5_the_fee_is_due_unless_the_damage_was_not_the_holders(
    kind: str, by_holder: bool, fee: int
) -> None:
    case = replace(REPORTED, kind=kind, by_holder=by_holder)
    assert replacement_fee(case, Decimal(20)) == Decimal(fee)


def test_14_8_the_holder_is_told_after_the_approval_once_the_fee_is_paid() -> None:
    check_told(APPROVED, paid=True)
    assert refusal(check_told, APPROVED, paid=False) == ("14.8", Refused.FEE_NOT_PAID)
    assert refusal(check_told, REVIEWED, paid=True) == ("14.8", Refused.NOT_APPROVED)


def test_14_9_the_signature_comes_last() -> None:
    holders = frozenset({7})
    check_replacement_signature(NOTIFIED, 7, holders)
    assert refusal(check_replacement_signature, NOTIFIED, 8, holders) == ("14.9", Refused.NOT_THE_HOLDER)
    assert refusal(check_replacement_signature, NOTIFIED, None, holders) == ("14.9", Refused.NOT_THE_HOLDER)
    assert refusal(check_replacement_signature, REVIEWED, 7, holders) == ("14.6", Refused.NOT_APPROVED)
    assert refusal(check_replacement_signature, APPROVED, 7, holders) == ("14.8", Refused.NOT_TOLD)


def test_a_card_found_before_the_signature_is_un_reported_by_its_holder_and_restored_by_a_reviewer() -> None:
    for case in (REPORTED, REVIEWED, APPROVED, NOTIFIED):
        check_found(case, HOLDER)
        assert refusal(check_found, case, 71)[1] is Refused.NOT_THE_HOLDER
    assert refusal(check_found, CLOSED, HOLDER) == ("14.5", Refused.REPLACED_ALREADY)
    assert refusal(check_found, replace(REPORTED, kind="damaged"), HOLDER)[1] is Refused.WRONG_STATE
    check_restoration(REPORTED, REVIEWER)
    for somebody in (CLERK, ASKED):
        assert refusal(check_restoration, REPORTED, somebody)[1] is Refused.REVIEWER_IS_CLERK
