"""Archive numbers: the next of its form and year, given once, never changed."""

from __future__ import annotations

from django.db.models import Max

from office.casework.actor import Actor
from office.casework.trail import record
from office.registry.models import ArchivedForm, Form


def archive(actor: Actor, form: Form, subject: str, rule: str = "14.10") -> ArchivedForm:
    """Give a form of a subject its number inside the caller's transaction; the one it has, if it has one."""
    known = ArchivedForm.objects.filter(form=form, subject=subject).first()
    if known is not None:
        return known
    year = actor.today.year
    last = ArchivedForm.objects.filter(form=form, year=year).aggregate(last=Max("number"))["last"] or 0
    made = ArchivedForm.objects.create(
        form=form, year=year, number=last + 1, subject=subject, archived_at=actor.at
    )
    record(actor.at, actor.user, rule, "archived", subject, form=str(made))
    return made
