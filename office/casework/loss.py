"""KH-14: lost and damaged cards. The stop goes out in the transaction of the report and waits for nothing."""

from __future__ import annotations

from django.db import transaction
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.case_ends import cancel_replacement
from office.casework.cases import (
    as_clerk,
    as_reviewer,
    check_no_open_case,
    facts_of,
    holders,
    locked_case,
    saved,
    thaw,
)
from office.casework.issue_steps import locked_issue, take
from office.casework.ledger import account_of, balance_of
from office.casework.temporary import end_stand_ins
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import Step
from office.procedures.loss import (
    check_confirmation,
    check_found,
    check_replaceable,
    check_reporter,
    check_restoration,
    check_review,
)
from office.registry.models import (
    CaseState,
    Issue,
    LossCase,
    LossKind,
    PaymentMethod,
    Person,
    StaffRole,
)

_REPORT = {
    LossKind.LOST: Step.REPORT_LOST,
    LossKind.DAMAGED: Step.REPORT_DAMAGED,
    LossKind.SUSPENDED: Step.SUSPEND,
}


class Report(Struct, frozen=True):
    """KH-14-R01 as the clerk types it."""

    kind: LossKind
    cause: str = ""
    by_holder: bool = True


@transaction.atomic
def report_loss(
    actor: Actor, issue_id: int, reporter: Person, report: Report, *, version: int | None = None
) -> LossCase:
    """Rules 14.1 to 14.4: the holder reports in person; gates refuse the card from this moment.

    Raises:
        RuleError: not the holder, or the card is not active.
    """
    actor.must_be(StaffRole.CLERK, "14.1")
    issue = locked_issue(issue_id, version)
    check_replaceable(issue.kind)
    check_reporter(reporter.pk, holders(issue))
    check_no_open_case(issue)
    take(actor, issue, _REPORT[report.kind])
    return _open(actor, issue, report, reporter, in_person=True)


@transaction.atomic
def suspend_by_telephone(actor: Actor, issue_id: int, cause: str = "") -> LossCase:
    """A verified call lets clerk or guard stop a card at once; the holder confirms or lifts it in person."""
    if not actor.roles & {StaffRole.CLERK, StaffRole.GUARD}:
        raise RuleError("14.suspend", Refused.ROLE_MISSING, role=StaffRole.CLERK.value)
    issue = locked_issue(issue_id)
    check_no_open_case(issue)
    take(actor, issue, Step.SUSPEND)
    return _open(actor, issue, Report(LossKind.SUSPENDED, cause), None, in_person=False)


@transaction.atomic
def confirm_suspension(actor: Actor, case_id: int, reporter: Person, report: Report) -> LossCase:
    """The holder comes and says that the card is lost or damaged."""
    actor.must_be(StaffRole.CLERK, "14.1")
    case, issue = locked_case(case_id)
    as_clerk(actor, case)
    check_replaceable(issue.kind)
    check_confirmation(facts_of(case), reporter.pk)
    take(actor, issue, _REPORT[report.kind])
    case.kind, case.cause, case.by_holder = report.kind, report.cause, report.by_holder
    case.reporter, case.in_person, case.clerk = reporter, True, actor.user
    return saved(actor, case, "14.1", "suspension confirmed")


@transaction.atomic
def lift_suspension(actor: Actor, case_id: int, reporter: Person) -> LossCase:
    """The holder comes and has the card; it opens again."""
    actor.must_be(StaffRole.CLERK, "14.lift")
    case, issue = locked_case(case_id)
    as_clerk(actor, case)
    check_confirmation(facts_of(case), reporter.pk)
    take(actor, issue, Step.LIFT)
    thaw(issue)
    end_stand_ins(actor.at, actor.user, issue)
    case.state, case.closed_at = CaseState.WITHDRAWN, actor.at
    return saved(actor, case, "14.lift", "suspension lifted")


@transaction.atomic
def say_balance(actor: Actor, case_id: int, *, agreed: bool, objection: str = "") -> LossCase:
    """Rule 14.2: the holder agrees to the balance, or objects; either is recorded before the review."""
    actor.must_be(StaffRole.CLERK, "14.2")
    case, _issue = locked_case(case_id)
    as_clerk(actor, case)
    if case.state != CaseState.REPORTED:
        raise RuleError("14.2", Refused.WRONG_STATE, state=case.state)
    case.balance_agreed, case.objection = agreed, objection
    return saved(actor, case, "14.2", "balance spoken of", agreed=agreed)


@transaction.atomic
def review(actor: Actor, case_id: int) -> LossCase:
    """Rule 14.3: the desk reviewer checks the record."""
    actor.must_be(StaffRole.REVIEWER, "14.3")
    case, _issue = locked_case(case_id)
    check_review(facts_of(case), actor.user.pk)
    as_reviewer(actor, case)
    case.state, case.reviewer, case.reviewed_at = CaseState.REVIEWED, actor.user, actor.at
    return saved(actor, case, "14.3", "case reviewed")


@transaction.atomic
def card_found(
    actor: Actor,
    case_id: int,
    finder: Person,
    method: PaymentMethod = PaymentMethod.CASH,
    receipt: str = "",
) -> LossCase:
    """解挂: found before the replacement is signed; the open replacement is cancelled, its fee given back.

    Raises:
        RuleError: not the holder, too late, or no receipt for what is given back.
    """
    actor.must_be(StaffRole.CLERK, "14.found")
    case, issue = locked_case(case_id)
    as_clerk(actor, case)
    check_found(facts_of(case), finder.pk)
    take(actor, issue, Step.FIND)
    cancel_replacement(actor, case, method, receipt)
    case.state, case.closed_at = CaseState.WITHDRAWN, actor.at
    return saved(actor, case, "14.found", "card found")


@transaction.atomic
def restore_found_card(actor: Actor, case_id: int) -> LossCase:
    """A found card opens again only after the desk reviewer."""
    actor.must_be(StaffRole.REVIEWER, "14.found")
    case, issue = locked_case(case_id)
    check_restoration(facts_of(case), actor.user.pk)
    as_reviewer(actor, case)
    take(actor, issue, Step.RESTORE)
    thaw(issue)
    end_stand_ins(actor.at, actor.user, issue)
    case.restorer, case.restored_at = actor.user, actor.at
    return saved(actor, case, "14.found", "found card restored")


def _open(
    actor: Actor, issue: Issue, report: Report, reporter: Person | None, *, in_person: bool
) -> LossCase:
    account = account_of(issue)
    balance = None
    if account is not None:
        account.frozen = True
        account.save(update_fields=["frozen"])
        balance = balance_of(account)
    case = LossCase.objects.create(
        issue=issue,
        kind=report.kind,
        cause=report.cause,
        by_holder=report.by_holder,
        state=CaseState.REPORTED,
        reporter=reporter,
        in_person=in_person,
        reported_at=actor.at,
        clerk=actor.user,
        balance=balance,
    )
    as_clerk(actor, case)
    record(
        actor.at, actor.user, "14.3", f"reported {report.kind.value}", f"losscase:{case.pk}", issue=issue.pk
    )
    return case
