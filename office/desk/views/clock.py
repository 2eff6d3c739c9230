"""The office computer's clock: what it says, what was believed, and a word that it is right."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.office_clock import confirm_clock, latest
from office.desk.form_page import for_roles
from office.desk.requests import now, step, whatever_the_clock
from office.procedures.clock import ClockWord, judge_clock
from office.registry.models import StaffRole


@require_safe
@for_roles(StaffRole.ADMINISTRATOR, StaffRole.MANAGER)
def clock(request: HttpRequest) -> HttpResponse:
    """To be compared with another clock."""
    at, seen = now(), latest()
    shown = {"at": at, "seen": seen, "doubted": judge_clock(seen, at) is not ClockWord.FINE}
    return render(request, "desk/clock.html", shown)


@step
@whatever_the_clock
def confirm(request: HttpRequest, actor: Actor) -> str:
    """Somebody confirms that the clock is right as it stands."""
    confirm_clock(actor)
    messages.success(request, _("Confirmed. Work goes on by this clock."))
    return reverse("clock")
