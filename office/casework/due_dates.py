"""What falls due by the clock: cards and exceptions that end. Each duty is idempotent, in bounded steps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from office.casework.issue_steps import advance, locked_issue
from office.casework.trail import record
from office.lists.wanted import publish_issues
from office.procedures.issue_states import Step
from office.registry.models import CardKind, DoorException, Issue, IssueState

A_ROUND: Final = 50


def end_expired_cards(now: datetime, *, at_most: int = A_ROUND) -> int:
    """Withdraw cards whose end has come; gates refuse them since by the end that was sent ahead."""
    ended = Issue.objects.filter(state=IssueState.ACTIVE, valid_until__lte=now)
    return _withdraw(now, ended.order_by("valid_until")[:at_most])


def end_parking_rights(now: datetime, *, at_most: int = A_ROUND) -> int:
    """Withdraw vehicle cards whose parking right has ended: they end with it."""
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    ended = Issue.objects.filter(
        state=IssueState.ACTIVE, kind=CardKind.VEHICLE, vehicle__parking_until__lte=today
    )
    return _withdraw(now, ended.order_by("pk")[:at_most])


def end_exceptions(now: datetime, *, at_most: int = A_ROUND) -> int:
    """Tell gates that exceptions have ended: a door opens, or does not, as it follows from the unit."""
    due = DoorException.objects.filter(ended=False, until__lte=now).order_by("until")
    issues = list(dict.fromkeys(due.values_list("issue_id", flat=True)[:at_most]))
    for issue_id in issues:
        _end_exceptions(now, issue_id)
    return len(issues)


def _withdraw(now: datetime, found: Iterable[Issue]) -> int:
    done = 0
    for one in found:
        with transaction.atomic():
            issue = locked_issue(one.pk)
            # A clerk may have been faster: extended it, or taken another step.
            if issue.version == one.version:
                advance(now, None, issue, Step.WITHDRAW, {"due": True}, _rule_of(issue))
                done += 1
    return done


def _rule_of(issue: Issue) -> str:
    """By which rule a card ends in its time."""
    if issue.moves_out:
        return "15.3"
    return {CardKind.VEHICLE: "13.vehicle", CardKind.TENANT: "15.1"}.get(CardKind(issue.kind), "13.3")


@transaction.atomic
def _end_exceptions(now: datetime, issue_id: int) -> None:
    issue = locked_issue(issue_id)
    ended = issue.exceptions.filter(ended=False, until__lte=now)
    doors = sorted(ended.values_list("door_id", flat=True))
    ended.update(ended=True)
    if issue.state == IssueState.ACTIVE:
        publish_issues([issue], now)
    record(now, None, "exception", "door exceptions ended", f"issue:{issue.pk}", doors=doors)
