"""The alarm inbox, live; and the alarms that are over."""

from __future__ import annotations

from django import forms
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.alarms import acknowledge, clear
from office.casework.rounds import OVERDUE, watcher_seen
from office.desk.event_lines import Names, names
from office.desk.requests import now, step, whatever_the_clock
from office.desk.views.issues import valid
from office.procedures.alarms import OPENED
from office.procedures.slips import slip_id_of
from office.registry.models import Alarm

MOST = 200
"""Open alarms on the page; more of them need no list but help."""
A_PAGE = 50


class AlarmForm(forms.Form):
    """What somebody says who takes notice."""

    told_to = forms.CharField(label=_("told to"), max_length=60, required=False)
    note = forms.CharField(label=_("note"), max_length=400, required=False)


class AlarmLine(Struct, frozen=True):
    """One alarm with the names of what it is about."""

    alarm: Alarm
    gate: str
    door: str
    opened: bool
    """A gate opened for a stopped card."""
    slip: int | None
    """The release slip that the alarm is about, where that is no card."""


@require_safe
def alarms(request: HttpRequest) -> HttpResponse:
    """What is open."""
    return render(request, "desk/alarms.html", _open())


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The open ones alone; the page asks for them every two seconds."""
    return render(request, "desk/parts/alarms.html", _open())


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """What is over, newest first."""
    over = Alarm.objects.filter(cleared_at__isnull=False).select_related("acknowledged_by")
    page = Paginator(over.order_by("-raised_at", "-pk"), A_PAGE).get_page(request.GET.get("page"))
    known = names()
    shown = {"page": page, "rows": [_line(one, known) for one in page]}
    return render(request, "desk/alarm_history.html", shown)


@step
@whatever_the_clock
def take_notice(request: HttpRequest, actor: Actor, pk: int) -> str:
    """Somebody takes notice of an alarm."""
    form = valid(AlarmForm(request.POST))
    acknowledge(actor, pk, form["told_to"], form["note"])
    return reverse("alarms")


@step
@whatever_the_clock
def done(request: HttpRequest, actor: Actor, pk: int) -> str:
    """An alarm is dealt with."""
    clear(actor, pk, valid(AlarmForm(request.POST))["note"])
    return reverse("alarms")


def _open() -> dict[str, object]:
    found = Alarm.objects.filter(cleared_at__isnull=True).select_related("acknowledged_by")
    known = names()
    rows = found.order_by(F("acknowledged_at").asc(nulls_first=True), "-last_at", "-pk")[:MOST]
    fresh = [one for one in rows if one.acknowledged_at is None]
    seen = watcher_seen()
    return {
        "rows": [_line(one, known) for one in rows],
        # Rises with every new or repeated alarm that nobody has taken: the page sounds then.
        "newest": max((int(one.last_at.timestamp()) for one in fresh), default=0),
        "fresh": len(fresh),
        "watched": seen is not None and now() - seen < OVERDUE,
        "watcher_seen": seen,
    }


def _line(alarm: Alarm, known: Names) -> AlarmLine:
    gate = "" if alarm.gate_id is None else known.gates.get(alarm.gate_id, str(alarm.gate_id))
    door = "" if alarm.door_id is None else known.doors.get(alarm.door_id, str(alarm.door_id))
    slip = None if alarm.issue_id is None else slip_id_of(alarm.issue_id)
    return AlarmLine(alarm, gate, door, alarm.text == OPENED, slip)
