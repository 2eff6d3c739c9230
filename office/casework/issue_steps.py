"""One step of an issue: the state machine's word, the row, its history, and what the gates are to have."""

from __future__ import annotations

from office.casework.actor import Actor
from office.casework.trail import record
from office.lists.wanted import publish_issues
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS, OPENS, State, Step, after
from office.registry.models import Issue, IssueState, IssueStep


def locked_issue(issue_id: int, version: int | None = None) -> Issue:
    """The issue for a change in this transaction.

    Raises:
        RuleError: the page it was read from is stale.
    """
    issue = Issue.objects.select_for_update().select_related("chip", "unit", "vehicle").get(pk=issue_id)
    if version is not None and issue.version != version:
        raise RuleError("0", Refused.STALE)
    return issue


def take(actor: Actor, issue: Issue, step: Step, **facts: object) -> None:
    """Take one step; gates are told in the same transaction when it opens or stops the card.

    Raises:
        RuleError: the step does not follow here.
    """
    before = State(issue.state)
    now = after(before, step)
    issue.state = IssueState(now.value)
    issue.state_since = actor.at
    issue.version += 1
    issue.save()
    IssueStep.objects.create(issue=issue, state=issue.state, at=actor.at, clerk=actor.user, rule=step.value)
    record(actor.at, actor.user, step.value, f"issue {step.name.lower()}", f"issue:{issue.pk}", **facts)
    if (now in OPENS) != (before in OPENS) or (
        now not in OPENS and before not in {State.APPLIED, State.PAID}
    ):
        publish_issues([issue], actor.at)


def running(issue: Issue) -> bool:
    """Whether the issue counts as the holder's card."""
    return State(issue.state) in COUNTS
