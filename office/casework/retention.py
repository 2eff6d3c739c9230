"""Keep no longer than needed (PIPL art. 19, 47): events after their days, persons after they left.

A legal hold suspends it for that person: their events stay, on the hub's shelf with the chain
that proves them; of other persons' events there only the hashes stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q, QuerySet

from office.casework.departures import has_money, here, last_day_of
from office.casework.trail import record
from office.casework.words_typed import forget_words
from office.lists.store import hub_store
from office.registry.models import (
    Issue,
    Person,
    Policy,
    UsageEvent,
    Vehicle,
)

A_ROUND: Final = 2_000


def purge_events(now: datetime, *, at_most: int = A_ROUND) -> int:
    """Remove some events whose days are over, here and on the hub's shelf; how many went here."""
    zone = ZoneInfo(settings.TIME_ZONE)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    before = int((midnight - timedelta(days=Policy.current().event_days)).timestamp())
    with transaction.atomic():
        held = UsageEvent.objects.filter(issue_id__in=_held_issues())
        first_held = held.filter(received_at__lt=before).aggregate(first=Min("received_at"))["first"]
        gone = _purge_rows(before, first_held, at_most)
        shelf = hub_store().events.purge(before if first_held is None else first_held)
        if gone or shelf:
            facts = {"before": before, "events": gone, "held": first_held is not None}
            record(now, None, "retention", "events purged", "events", **facts)
    return gone


def erase_departed(now: datetime, *, at_most: int = 20) -> int:
    """Erase some persons whose days after their departure are over; how many.

    What cannot be undone is judged once more: something may have run longer than was noted.
    """
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    left = today - timedelta(days=Policy.current().departed_days)
    due = (
        Person.objects.filter(departed_on__lte=left, legal_hold=False, erased_at__isnull=True)
        .exclude(pk__in=here(today))  # whoever has come back since
        .order_by("departed_on")
    )
    erased = 0
    for person_id in list(due.values_list("pk", flat=True)[:at_most]):
        last = last_day_of(person_id)
        if has_money(person_id):  # to be given back first
            Person.objects.filter(pk=person_id).update(departed_on=None)
        elif last is not None and last > left:
            Person.objects.filter(pk=person_id).update(departed_on=min(last, today))
        else:
            _erase(now, person_id)
            erased += 1
    return erased


def _held_issues() -> QuerySet[Issue, int]:
    held = Q(holder__legal_hold=True) | Q(vehicle__keeper__legal_hold=True)
    return Issue.objects.filter(held).values_list("pk", flat=True)


def _purge_rows(before: int, first_held: int | None, at_most: int) -> int:
    over = UsageEvent.objects.select_related("log").filter(received_at__lt=before)
    if first_held is not None:
        over = over.exclude(issue_id__in=_held_issues(), issue_id__isnull=False)
    rows = list(over.order_by("received_at")[:at_most])
    shelf = hub_store().events
    for one in rows:
        if first_held is not None and one.received_at >= first_held:
            epoch = bytes(one.log.epoch)
            if shelf.hashes(one.gate_id, epoch, one.number, 1):
                shelf.erase(one.gate_id, epoch, one.number)
    UsageEvent.objects.filter(pk__in=[one.pk for one in rows]).delete()
    return len(rows)


@transaction.atomic
def _erase(now: datetime, person_id: int) -> None:
    """Personal fields go; ids, archive numbers and the trail's chain stay."""
    person = Person.objects.select_for_update().get(pk=person_id)
    person.name = person.phone = person.identity = person.note = person.hold_reason = ""
    person.erased_at = now
    person.save()
    forget_words(person)
    for vehicle in Vehicle.objects.filter(keeper=person):
        vehicle.plate = f"#{vehicle.pk}"
        vehicle.save(update_fields=["plate"])
    record(now, None, "retention", "person erased", f"person:{person.pk}")
