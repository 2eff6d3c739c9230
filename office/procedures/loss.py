"""KH-14: from the report of a lost or damaged card to the archived forms.

The stop waits for nothing: gates are told in the transaction of the report (14.4). Everything
after it has its order: balance, review by another person, manager, replacement, signature.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, unique

from msgspec import Struct

from office.procedures.errors import Refused, RuleError


@unique
class CaseState(Enum):
    """How far a case is."""

    REPORTED = "reported"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    NOTIFIED = "notified"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class CaseFacts(Struct, frozen=True):
    """What the rules ask of a case."""

    state: CaseState
    kind: str
    """``lost``, ``damaged`` or ``suspended`` (by telephone, not confirmed yet)."""
    by_holder: bool
    clerks: frozenset[int]
    """Everybody who took a clerk's step in it; nobody of them reviews anything of the case."""
    reviewers: frozenset[int]
    has_account: bool
    balance_agreed: bool | None
    """``False``: the holder objected, which is recorded and does not hold the case up."""
    holders: frozenset[int] = frozenset()
    """Who may report and find it in person: the holder, or the keeper of the vehicle."""


OPEN = frozenset({CaseState.REPORTED, CaseState.REVIEWED, CaseState.APPROVED, CaseState.NOTIFIED})


def check_reporter(reporter: int | None, holders: frozenset[int]) -> None:
    """Rule 14.1: the original holder reports in person."""
    if reporter not in holders:
        raise RuleError("14.1", Refused.NOT_THE_HOLDER)


def check_replaceable(kind: str) -> None:
    """A temporary card stands in for a lost one; lost itself, it ends, and no case replaces it."""
    if kind == "temporary":
        raise RuleError("14.temporary", Refused.NOT_REPLACED)


def check_clerk(case: CaseFacts, clerk: int) -> None:
    """Rule 14.3: who reviewed a case takes no clerk's step in it any more."""
    if clerk in case.reviewers:
        raise RuleError("14.3", Refused.CLERK_IS_REVIEWER)


def check_open(state: str) -> None:
    """Only an open case ends without a replacement."""
    if CaseState(state) not in OPEN:
        raise RuleError("14.10", Refused.WRONG_STATE, state=state)


def check_confirmation(case: CaseFacts, reporter: int | None) -> None:
    """A suspension by telephone becomes a report, or is lifted, by its holder in person."""
    if case.kind != "suspended" or case.state is not CaseState.REPORTED:
        raise RuleError("14.1", Refused.WRONG_STATE, state=case.state.value)
    check_reporter(reporter, case.holders)


def check_review(case: CaseFacts, reviewer: int) -> None:
    """Rules 14.2 and 14.3: somebody who was no clerk of the case reviews, once the balance was spoken of."""
    if case.state is not CaseState.REPORTED or case.kind == "suspended":
        raise RuleError("14.3", Refused.WRONG_STATE, state=case.state.value)
    if reviewer in case.clerks:
        raise RuleError("14.3", Refused.REVIEWER_IS_CLERK)
    if case.has_account and case.balance_agreed is None:
        raise RuleError("14.2", Refused.BALANCE_NOT_ASKED)


def check_approval(case: CaseFacts, manager: int) -> None:
    """Rule 14.6: the manager decides after the review, and had no other part in the case."""
    if case.state is not CaseState.REVIEWED:
        raise RuleError("14.6", Refused.NOT_REVIEWED, state=case.state.value)
    if manager in case.clerks | case.reviewers:
        raise RuleError("14.6", Refused.MANAGER_IN_CASE)


def replacement_fee(case: CaseFacts, fee: Decimal) -> Decimal:
    """Rule 14.5: lost, or damaged by a person: the fee; damage that the holder did not cause: none."""
    return Decimal(0) if case.kind == "damaged" and not case.by_holder else fee


def check_told(case: CaseFacts, *, paid: bool) -> None:
    """Rule 14.8: the holder is told to collect the new card, whose fee is paid."""
    if case.state is not CaseState.APPROVED:
        raise RuleError("14.8", Refused.NOT_APPROVED, state=case.state.value)
    if not paid:
        raise RuleError("14.8", Refused.FEE_NOT_PAID)


def check_replacement_signature(case: CaseFacts, signer: int | None, holders: frozenset[int]) -> None:
    """Rule 14.9: the holder signs for the new card, after the manager agreed and the holder was told."""
    if case.state in {CaseState.REPORTED, CaseState.REVIEWED}:
        raise RuleError("14.6", Refused.NOT_APPROVED, state=case.state.value)
    if case.state is not CaseState.NOTIFIED:
        raise RuleError("14.8", Refused.NOT_TOLD, state=case.state.value)
    if signer not in holders:
        raise RuleError("14.9", Refused.NOT_THE_HOLDER)


def check_found(case: CaseFacts, finder: int | None) -> None:
    """A card found before its replacement is signed: un-reported by its holder in person (解挂)."""
    if case.kind == "damaged":
        raise RuleError("14.found", Refused.WRONG_STATE, state="damaged")
    if case.state is CaseState.CLOSED:
        raise RuleError("14.5", Refused.REPLACED_ALREADY)
    if case.state not in OPEN:
        raise RuleError("14.found", Refused.WRONG_STATE, state=case.state.value)
    check_reporter(finder, case.holders)


def check_restoration(case: CaseFacts, reviewer: int) -> None:
    """A found card opens again only after the desk reviewer, who was no clerk of the case."""
    if reviewer in case.clerks:
        raise RuleError("14.found", Refused.REVIEWER_IS_CLERK)
