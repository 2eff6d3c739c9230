"""Holidays of the estate: schedules that observe them keep other hours on these days, at every gate."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from office.casework.actor import Actor
from office.casework.trail import record
from office.lists.wanted import publish_settings
from office.procedures.errors import Refused, RuleError
from office.registry.models import GateSite, Holiday, StaffRole

RULE = "0.holidays"


@transaction.atomic
def set_holiday(actor: Actor, day: date, kind: int) -> Holiday:
    """A holiday, or another type of one (1 to 9), for every gate; raises ``RuleError``."""
    actor.must_be(StaffRole.MANAGER, RULE)
    if day < actor.today:
        raise RuleError(RULE, Refused.DAY_IS_OVER, day=day.isoformat())
    made, _ = Holiday.objects.update_or_create(day=day, defaults={"type": kind})
    publish_settings(GateSite.objects.all(), actor.at)
    record(actor.at, actor.user, RULE, "holiday set", f"holiday:{day.isoformat()}", type=kind)
    return made


@transaction.atomic
def drop_holiday(actor: Actor, day: date) -> None:
    """It is an ordinary day; raises ``RuleError`` if somebody was faster."""
    actor.must_be(StaffRole.MANAGER, RULE)
    if not Holiday.objects.filter(day=day).delete()[0]:
        raise RuleError(RULE, Refused.STALE)
    publish_settings(GateSite.objects.all(), actor.at)
    record(actor.at, actor.user, RULE, "holiday dropped", f"holiday:{day.isoformat()}")
