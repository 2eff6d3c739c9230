"""Who has left: persons of whom nothing runs any more. Retention counts from the day on which that began."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Max, Q, QuerySet

from office.casework.ledger import balance_of
from office.procedures.issue_states import COUNTS
from office.registry.models import (
    Account,
    Activity,
    ActivityState,
    Issue,
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
    gone = known.exclude(pk__in=here(today)).annotate(last=Max("memberships__until")).order_by("pk")
    left = 0
    for person_id, last in gone.values_list("pk", "last").iterator():
        if left >= at_most:
            break
        if not has_money(person_id):
            # Who never belonged to a unit (a shopkeeper, a guest) counts from the day on which nothing ran.
            Person.objects.filter(pk=person_id).update(departed_on=last or today)
            left += 1
    return returned + left


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


def _day(now: datetime) -> datetime:
    """Who was written down today may get card or unit within the hour."""
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
