"""What people typed about people: kept for its days, one setting a kind, or until the person is erased.

Numbers, ids, dates and sums stay: a form printed later has its number and no more words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from office.casework.trail import record
from office.procedures.issue_states import COUNTS
from office.registry.models import (
    Account,
    Activity,
    Alarm,
    DoorException,
    Issue,
    LedgerEntry,
    LiftUse,
    LossCase,
    Merchant,
    MoveOut,
    OutageComplaint,
    Payment,
    Person,
    Policy,
    ReleaseSlip,
    Settlement,
    ShopInspection,
    Signature,
    SlipPassing,
)

A_ROUND: Final = 500
RULE: Final = "retention"

CASE: Final = {"cause": "", "objection": "", "told_by": "", "told_result": ""}
SLIP: Final = {"goods": "", "carrier": "", "closed_reason": ""}
COMPLAINT: Final = {"said": "", "answer": ""}


def purge_words(now: datetime, *, at_most: int = A_ROUND) -> int:
    """Forget some of what has been kept for its days; how many records."""
    policy, done = Policy.current(), {}
    with transaction.atomic():
        done["alarms"] = _purge_alarms(now - timedelta(days=policy.alarm_days), at_most)
        done["cases"] = _purge_cases(now - timedelta(days=policy.case_days), at_most)
        done["slips"] = _purge_moving(now - timedelta(days=policy.slip_days), at_most)
        done["complaints"] = _blank(
            OutageComplaint.objects.filter(at__lt=now - timedelta(days=policy.complaint_days)).exclude(
                person__legal_hold=True
            ),
            COMPLAINT,
            at_most,
        )
        done["sign-ins"] = _purge_logins(now, now - timedelta(days=policy.login_days))
        if told := {name: count for name, count in done.items() if count}:
            record(now, None, RULE, "words purged", "words", **told)
    return sum(done.values())


def forget_words(person: Person) -> None:
    """Everything that was typed about a person who is being erased, inside the caller's transaction."""
    own = Q(holder=person) | Q(vehicle__keeper=person)
    cards = Issue.objects.filter(own)
    Signature.objects.filter(Q(signer=person) | Q(issue__in=cards)).update(image=None)
    LossCase.objects.filter(Q(reporter=person) | Q(issue__in=cards)).update(**CASE)
    DoorException.objects.filter(issue__in=cards).update(reason="")
    Payment.objects.filter(issue__in=cards).update(void_reason="")
    Alarm.objects.filter(issue_id__in=cards.values("pk")).update(note="", told_to="")
    accounts = Account.objects.filter(holder=person)
    LedgerEntry.objects.filter(Q(debit__in=accounts) | Q(credit__in=accounts)).update(note="")
    ReleaseSlip.objects.filter(requester=person).update(**SLIP)
    SlipPassing.objects.filter(slip__requester=person).update(note="")
    moves = MoveOut.objects.filter(persons=person)
    Settlement.objects.filter(move__in=moves).update(note="")
    moves.update(late_reason="")
    OutageComplaint.objects.filter(person=person).update(**COMPLAINT)
    ShopInspection.objects.filter(merchant__keeper=person).update(note="")
    Merchant.objects.filter(keeper=person).update(name="")
    Activity.objects.filter(applicant=person).update(name="")


def _purge_alarms(before: datetime, at_most: int) -> int:
    over = Alarm.objects.filter(cleared_at__lt=before).exclude(
        issue_id__in=_held_issues(), issue_id__isnull=False
    )
    keys = list(over.order_by("cleared_at").values_list("pk", flat=True)[:at_most])
    return Alarm.objects.filter(pk__in=keys).delete()[0]


def _purge_cases(before: datetime, at_most: int) -> int:
    over = LossCase.objects.filter(closed_at__lt=before).exclude(issue__in=_held_issues())
    done = _blank(over, CASE, at_most)
    ended = Issue.objects.filter(state_since__lt=before).exclude(state__in=[one.value for one in COUNTS])
    drawn = Signature.objects.filter(image__isnull=False, issue__in=ended).exclude(issue__in=_held_issues())
    keys = list(drawn.values_list("pk", flat=True)[:at_most])
    return done + Signature.objects.filter(pk__in=keys).update(image=None)


def _purge_moving(before: datetime, at_most: int) -> int:
    free = ~Q(requester__legal_hold=True)
    slips = ReleaseSlip.objects.filter(free, closed_at__lt=before)
    done = _blank(slips, SLIP, at_most)
    done += _blank(SlipPassing.objects.filter(slip__in=slips), {"note": ""}, at_most)
    moves = MoveOut.objects.filter(closed_at__lt=before).exclude(persons__legal_hold=True)
    done += _blank(moves, {"late_reason": ""}, at_most)
    done += _blank(Settlement.objects.filter(move__in=moves), {"note": ""}, at_most)
    return done + _blank(LiftUse.objects.filter(end__lt=before), {"busy_reason": ""}, at_most)


def _purge_logins(now: datetime, before: datetime) -> int:
    """Failed and successful sign-ins; sessions that have ended anyway."""
    gone = Session.objects.filter(expire_date__lt=now).delete()[0]
    for model in (AccessAttempt, AccessFailureLog, AccessLog):
        gone += model.objects.filter(attempt_time__lt=before).delete()[0]
    return gone


def _blank(rows: QuerySet[Model], fields: Mapping[str, str], at_most: int) -> int:
    """Empty these fields where one of them says something."""
    said = Q()
    for name in fields:
        said |= ~Q(**{name: ""})
    keys = list(rows.filter(said).order_by("pk").values_list("pk", flat=True)[:at_most])
    return rows.model._default_manager.filter(pk__in=keys).update(**fields)  # noqa: SLF001 - documented


def _held_issues() -> QuerySet[Issue, int]:
    held = Q(holder__legal_hold=True) | Q(vehicle__keeper__legal_hold=True)
    return Issue.objects.filter(held).values_list("pk", flat=True)
