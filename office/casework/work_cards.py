"""Cards of guards and staff: no household and no quota; paid and signed for like any card."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.people import Particulars, register_person
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.registry.models import CardKind, Issue, IssueState, IssueStep, Person, Place, StaffRole

RULE: Final = "13.work"


class WorkCardOrder(Struct, frozen=True):
    """Who works where."""

    place: Place
    """Every door in it and on the way to it opens."""
    holder: Person | Particulars
    """On record, or new."""
    guard: bool
    """A guard's card confirms release slips (15.2); a staff card does not."""
    last_day: date | None = None


@transaction.atomic
def apply_for_work_card(actor: Actor, order: WorkCardOrder) -> Issue:
    """Fee (13.5), signature (13.6) and withdrawal (13.3, the work has ended) are those of any card.

    Raises:
        RuleError: 13.work, the last day is over.
    """
    actor.must_be(StaffRole.CLERK, RULE)
    if order.last_day is not None and order.last_day < actor.today:
        raise RuleError(RULE, Refused.ENDED_ALREADY)
    holder = order.holder
    if isinstance(holder, Particulars):
        holder = register_person(actor, holder)
    card = Issue.objects.create(
        kind=CardKind.GUARD if order.guard else CardKind.STAFF,
        state=IssueState.APPLIED,
        state_since=actor.at,
        holder=holder,
        unit=order.place,
        valid_until=_day_is_over(order.last_day),
    )
    IssueStep.objects.create(issue=card, state=card.state, at=actor.at, clerk=actor.user, rule=RULE)
    record(actor.at, actor.user, RULE, "work card", f"issue:{card.pk}", place=order.place.pk, kind=card.kind)
    return card


def _day_is_over(last_day: date | None) -> datetime | None:
    if last_day is None:
        return None
    return datetime.combine(last_day + timedelta(days=1), time(), ZoneInfo(settings.TIME_ZONE))
