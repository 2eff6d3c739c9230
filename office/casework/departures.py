"""Who has left: persons of whom nothing runs any more. Retention counts from the day on which that began."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Max, Q, QuerySet

from office.casework.ledger import balance_of
from office.procedures.issue_states import COUNTS, TAKEN_OVER
from office.registry.models import (
    Account,
    Activity,
    ActivityState,
    Issue,
    IssueStep,
    LedgerEntry,
    Membership,
    Merchant,
    MoveOut,
    MoveState,
    Person,
    ReleaseSlip,
    SlipState,
    Vehicle,
)

A_ROUND: Final = 500


def note_departures(now: datetime, *, at_most: int = A_ROUND) -> int:
    """Note who has left, and who has come back; how many."""
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    back = Person.objects.filter(departed_on__isnull=False, erased_at__isnull=True, pk__in=here(today))
    returned = back.update(departed_on=None)
    known = Person.objects.filter(departed_on__isnull=True, erased_at__isnull=True, recorded_at__lt=_day(now))
    gone = known.exclude(pk__in=here(today)).order_by("pk")
    left = 0
    for person_id in gone.values_list("pk", flat=True).iterator():
        if left >= at_most:
            break
        if not has_money(person_id):
            # Of whom nothing ever ran (a guest) counts from the day on which that is seen.
            last = min(last_day_of(person_id) or today, today)
            Person.objects.filter(pk=person_id).update(departed_on=last)
            left += 1
    return returned + left


def last_day_of(person_id: int) -> date | None:
    """The day on which the last thing that ran of a person ended; ``None`` if nothing ever did."""
    zone = ZoneInfo(settings.TIME_ZONE)
    steps = IssueStep.objects.filter(Q(issue__holder=person_id) | Q(issue__vehicle__keeper=person_id))
    found = (
        _last(Membership.objects.filter(person=person_id), "until"),
        _last(steps.exclude(rule=TAKEN_OVER), "at"),
        _last(LedgerEntry.objects.filter(Q(debit__holder=person_id) | Q(credit__holder=person_id)), "at"),
        _last(Merchant.objects.filter(keeper=person_id), "left_on"),
        _last(Activity.objects.filter(applicant=person_id), "end"),
        _last(ReleaseSlip.objects.filter(requester=person_id), "until"),
    )
    days = [one.astimezone(zone).date() if isinstance(one, datetime) else one for one in found if one]
    return max(days, default=None)


def has_money(person_id: int) -> bool:
    """Whether an account holds something that is to be given back first."""
    return any(balance_of(one) != 0 for one in Account.objects.filter(holder=person_id))


def here(today: date) -> QuerySet[Person, int]:
    """Persons of whom something runs today or is to begin: each a reason to know who they are."""
    running = [one.value for one in COUNTS]
    holds = Q(until__isnull=True) | Q(until__gt=today)
    moving = MoveOut.objects.filter(state=MoveState.NOTICED)
    active = Activity.objects.filter(state__in=[ActivityState.APPLIED, ActivityState.APPROVED])
    return Person.objects.filter(
        Q(pk__in=Membership.objects.filter(holds).values("person"))
        | Q(pk__in=Issue.objects.filter(state__in=running, holder__isnull=False).values("holder"))
        | Q(pk__in=Vehicle.objects.filter(issues__state__in=running).values("keeper"))
        | Q(pk__in=Merchant.objects.filter(left_on__isnull=True).values("keeper"))
        | Q(pk__in=active.values("applicant"))
        | Q(pk__in=moving.values("persons"))
        | Q(pk__in=ReleaseSlip.objects.filter(state=SlipState.OPEN).values("requester"))
    ).values_list("pk", flat=True)


def _last(rows: QuerySet[Any], name: str) -> date | datetime | None:
    last: date | datetime | None = rows.aggregate(last=Max(name))["last"]
    return last


def _day(now: datetime) -> datetime:
    """Who was written down today may get card or unit within the hour."""
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
