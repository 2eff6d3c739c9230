"""The estate's holidays, which change every year, and the schedules that observe them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.holidays import drop_holiday, set_holiday
from office.desk.choosing import DateField
from office.desk.form_page import Page, for_roles, form_page, form_view
from office.desk.requests import acting, step
from office.registry.models import Holiday, Schedule, StaffRole


class HolidayForm(forms.Form):
    """One day."""

    day = DateField(label=gettext_lazy("day"))
    type = forms.IntegerField(
        label=gettext_lazy("type (1 to 9)"),
        min_value=1,
        max_value=9,
        initial=1,
        help_text=gettext_lazy("Schedules name the hours of each type."),
    )


@require_safe
@for_roles(StaffRole.MANAGER)
def holidays(request: HttpRequest) -> HttpResponse:
    """Days that are to come."""
    to_come = Holiday.objects.filter(day__gte=acting(request).today).order_by("day")
    schedules = Schedule.objects.order_by("name")
    return render(request, "desk/holidays.html", {"days": to_come, "schedules": schedules})


@form_view(StaffRole.MANAGER)
def new_holiday(request: HttpRequest) -> HttpResponse:
    """One more; every gate has it at once."""

    def take(actor: Actor, data: dict[str, Any]) -> str:
        set_holiday(actor, data["day"], data["type"])
        messages.success(request, _("Added."))
        return reverse("holidays")

    page = Page(_("New holiday"), _("Add"), reverse("holidays"))
    return form_page(request, HolidayForm, page, take)


@step
def no_holiday(request: HttpRequest, actor: Actor, day: str) -> str:
    """This day is a holiday no more."""
    try:
        drop_holiday(actor, date.fromisoformat(day))
    except ValueError:
        raise Http404 from None
    messages.success(request, _("Removed."))
    return reverse("holidays")
