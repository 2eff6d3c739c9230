"""Archive numbers: the next of its form and year, given once, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Max

from office.casework.actor import Actor
from office.casework.trail import record
from office.registry.models import ArchivedForm, Form

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def archive(actor: Actor, form: Form, subject: str, rule: str = "14.10") -> ArchivedForm:
    """Give a form of a subject its number inside the caller's transaction; the one it has, if it has one."""
    return archive_at(actor.at, actor.user, form, subject, rule)


def archive_at(at: datetime, user: User | None, form: Form, subject: str, rule: str) -> ArchivedForm:
    """As ``archive``; ``user`` is ``None`` where the clock closes what the form is of."""
    known = ArchivedForm.objects.filter(form=form, subject=subject).first()
    if known is not None:
        return known
    year = at.astimezone(ZoneInfo(settings.TIME_ZONE)).year
    last = ArchivedForm.objects.filter(form=form, year=year).aggregate(last=Max("number"))["last"] or 0
    made = ArchivedForm.objects.create(form=form, year=year, number=last + 1, subject=subject, archived_at=at)
    record(at, user, rule, "archived", subject, form=str(made))
    return made
