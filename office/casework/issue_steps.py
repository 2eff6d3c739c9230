"""One step of an issue: the state machine's word, the row, its history, and what the gates are to have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from office.casework.actor import Actor
from office.casework.moved_cards import join_announced
from office.casework.trail import record
from office.lists.wanted import publish_issues
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import OPENS, State, Step, after
from office.registry.models import Issue, IssueState, IssueStep

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def locked_issue(issue_id: int, version: int | None = None) -> Issue:
    """The issue for a change in this transaction.

    Raises:
        RuleError: the page it was read from is stale.
    """
    issue = (
        Issue.objects.select_for_update(of=("self",))
        .select_related("chip", "unit", "vehicle")
        .get(pk=issue_id)
    )
    if version is not None and issue.version != version:
        raise RuleError("0", Refused.STALE)
    return issue


def take(actor: Actor, issue: Issue, step: Step, **facts: object) -> None:
    """Take one step; gates are told in the same transaction when it opens or stops the card.

    Raises:
        RuleError: the step does not follow here.
    """
    advance(actor.at, actor.user, issue, step, facts)


def advance(
    at: datetime,
    user: User | None,
    issue: Issue,
    step: Step,
    facts: Mapping[str, object],
    rule: str = "",
) -> None:
    """The step as ``take`` takes it; ``user`` is ``None`` where the clock takes it (by which ``rule``)."""
    before = State(issue.state)
    now, rule = after(before, step), rule or step.value
    issue.state = IssueState(now.value)
    issue.state_since = at
    if step is Step.ACTIVATE:
        join_announced(issue)
    issue.version += 1
    issue.save()
    IssueStep.objects.create(issue=issue, state=issue.state, at=at, clerk=user, rule=rule)
    record(at, user, rule, f"issue {step.name.lower()}", f"issue:{issue.pk}", **facts)
    if (now in OPENS) != (before in OPENS) or (
        now not in OPENS and before not in {State.APPLIED, State.PAID}
    ):
        publish_issues([issue], at)
