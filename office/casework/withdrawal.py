"""Rule 13.3: a permanent card ends only by a decision, for a reason of a closed list."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from office.casework.actor import Actor
from office.casework.case_ends import let_go
from office.casework.cases import open_case
from office.casework.issue_steps import locked_issue, take
from office.casework.payments import balance_paid, refund
from office.casework.trail import record
from office.lists.wanted import publish_issues
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import State, Step
from office.procedures.withdrawal import Reason, check_exception, check_withdrawal
from office.registry.models import (
    Door,
    DoorException,
    Issue,
    IssueState,
    PaymentKind,
    PaymentMethod,
    StaffRole,
)


@transaction.atomic
def withdraw_card(actor: Actor, issue_id: int, reason: Reason, *, version: int | None = None) -> Issue:
    """Every gate refuses the card from this moment.

    Raises:
        RuleError: the reason does not fit, a case is open, or the page was stale.
    """
    actor.must_be(StaffRole.CLERK, "13.3")
    issue = locked_issue(issue_id, version)
    handed_out = State(issue.state) not in {State.APPLIED, State.PAID}
    check_withdrawal(reason, kind=issue.kind, handed_out=handed_out, open_case=has_open_case(issue))
    let_go(actor.at, actor.user, issue, reason)
    return issue


@transaction.atomic
def cancel_application(
    actor: Actor, issue_id: int, method: PaymentMethod, receipt: str, *, version: int | None = None
) -> Issue:
    """The card is not wanted any more before it was signed for; what was paid is given back."""
    actor.must_be(StaffRole.CLERK, "13.3")
    issue = locked_issue(issue_id, version)
    handed_out = State(issue.state) not in {State.APPLIED, State.PAID}
    reason = Reason.APPLICATION_CANCELLED
    # The replacement of an open case is cancelled with the case: the card is found, or none is wanted.
    in_case = issue.replaces is not None and has_open_case(issue.replaces)
    check_withdrawal(reason, kind=issue.kind, handed_out=handed_out, open_case=in_case)
    if balance_paid(issue) > 0 and not receipt:
        raise RuleError("13.5", Refused.RECEIPT_MISSING)
    refund(actor, issue, method, receipt)
    take(actor, issue, Step.WITHDRAW, reason=reason.value)
    return issue


def fees_held() -> QuerySet[Issue]:
    """Cards that ended before they were handed out, without a clerk: what was paid is to be given back."""
    ended = Issue.objects.filter(
        state__in=[IssueState.WITHDRAWN, IssueState.COLLECTED], signature__isnull=True
    )
    valid = Q(payments__voided_at__isnull=True)
    paid, back = (
        Coalesce(Sum("payments__amount", filter=valid & Q(payments__kind=one)), Value(Decimal(0)))
        for one in (PaymentKind.FEE, PaymentKind.REFUND)
    )
    return ended.alias(paid=paid, back=back).filter(paid__gt=F("back")).order_by("state_since")


@transaction.atomic
def set_exception(
    actor: Actor, issue_id: int, door: Door, *, allows: bool, reason: str, until: datetime
) -> DoorException:
    """A door beyond those of the unit, or one of them less; the last word about a door counts."""
    actor.must_be(StaffRole.CLERK, "13.doors")
    issue = locked_issue(issue_id)
    check_exception(until, actor.at)
    told, _ = DoorException.objects.update_or_create(
        issue=issue,
        door=door,
        ended=False,
        defaults={"allows": allows, "reason": reason, "until": until, "clerk": actor.user},
    )
    facts = {"door": door.pk, "allows": allows, "until": until.isoformat()}
    record(actor.at, actor.user, "13.doors", "exception set", f"issue:{issue.pk}", **facts)
    _republish(actor.at, issue)
    return told


@transaction.atomic
def end_exception(actor: Actor, exception_id: int) -> Issue:
    """Before its time; the card's doors follow from its unit again."""
    actor.must_be(StaffRole.CLERK, "13.doors")
    told = DoorException.objects.select_for_update().get(pk=exception_id)
    issue = locked_issue(told.issue_id)
    told.ended, told.until = True, actor.at
    told.save(update_fields=["ended", "until"])
    record(actor.at, actor.user, "13.doors", "exception ended", f"issue:{issue.pk}", door=told.door_id)
    _republish(actor.at, issue)
    return issue


def has_open_case(issue: Issue) -> bool:
    """Whether a loss of this card is being dealt with."""
    return open_case(issue) is not None


def _republish(at: datetime, issue: Issue) -> None:
    if State(issue.state) is State.ACTIVE:
        publish_issues([issue], at)
