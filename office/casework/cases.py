"""What every step of a KH-14 case shares."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from office.casework.actor import Actor
from office.casework.archive import archive_at
from office.casework.issue_steps import locked_issue
from office.casework.ledger import account_of
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.loss import OPEN, CaseFacts, check_clerk
from office.procedures.loss import CaseState as CaseStep
from office.registry.models import CasePart, CaseState, Form, Issue, LossCase, LossKind, Part

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def locked_case(case_id: int) -> tuple[LossCase, Issue]:
    """The case and its card for a change in this transaction."""
    case = (
        LossCase.objects.select_for_update(of=("self",)).select_related("replacement__chip").get(pk=case_id)
    )
    return case, locked_issue(case.issue_id)


def check_no_open_case(issue: Issue) -> None:
    """Raises ``RuleError`` if the card has an open case."""
    if open_case(issue) is not None:
        raise RuleError("14.3", Refused.CASE_OPEN)


def holders(issue: Issue) -> frozenset[int]:
    """Who may report and find it: the holder, or the keeper of the vehicle."""
    keeper = None if issue.vehicle is None else issue.vehicle.keeper_id
    return frozenset(one for one in (issue.holder_id, keeper) if one is not None)


def thaw(issue: Issue) -> None:
    """Let the account of a card that opens again, or never will, move."""
    account = account_of(issue)
    if account is not None:
        account.frozen = False
        account.save(update_fields=["frozen"])


def facts_of(case: LossCase) -> CaseFacts:
    """What the rules ask of the case."""
    parts = dict(case.parts.values_list("user_id", "part"))
    return CaseFacts(
        CaseStep(case.state),
        case.kind,
        case.by_holder,
        frozenset({case.clerk_id, *(user for user, part in parts.items() if part == Part.CLERK)}),
        frozenset(user for user, part in parts.items() if part == Part.REVIEWER),
        account_of(case.issue) is not None,
        case.balance_agreed,
        holders(case.issue),
    )


def as_clerk(actor: Actor, case: LossCase) -> None:
    """The actor takes a clerk's step in the case; raises ``RuleError`` 14.3 if they reviewed it."""
    check_clerk(facts_of(case), actor.user.pk)
    CasePart.objects.get_or_create(case=case, user=actor.user, defaults={"part": Part.CLERK})


def as_reviewer(actor: Actor, case: LossCase) -> None:
    """The actor reviews something of the case, as its rules have allowed."""
    CasePart.objects.get_or_create(case=case, user=actor.user, defaults={"part": Part.REVIEWER})


def open_case(issue: Issue) -> LossCase | None:
    """The case in which a loss of this card is being dealt with."""
    return issue.cases.filter(state__in=[one.value for one in OPEN]).select_related("replacement").first()


def close_case(at: datetime, user: User | None, case: LossCase) -> None:
    """Nothing is left to do: R01 and R02 get their numbers (14.10). A telephone call alone wrote no R01."""
    case.state, case.closed_at = CaseState.CLOSED, at
    case.version += 1
    case.save()
    subject = f"losscase:{case.pk}"
    for form in (Form.LOSS_REPORT, Form.LOSS_RECORD):
        if form is not Form.LOSS_REPORT or case.kind != LossKind.SUSPENDED:
            archive_at(at, user, form, subject, "14.10")
    record(at, user, "14.10", "case closed", subject)


def saved(actor: Actor, case: LossCase, rule: str, action: str, **facts: object) -> LossCase:
    """Save the case with its entry in the trail."""
    case.version += 1
    case.save()
    record(actor.at, actor.user, rule, action, f"losscase:{case.pk}", **facts)
    return case
