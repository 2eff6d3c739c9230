"""A person's page: units and cards; a legal hold."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.legal_hold import hold_person, release_person
from office.desk.form_page import Page, form_page, form_view
from office.desk.requests import step
from office.registry.models import Person, StaffRole


class HoldForm(forms.Form):
    """Why nothing of a person's may be purged."""

    reason = forms.CharField(
        label=gettext_lazy("reason, such as the number of a court's case"), max_length=200
    )


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the person belongs, and which cards they hold."""
    found = get_object_or_404(Person, pk=pk)
    shown = {
        "person": found,
        "memberships": found.memberships.select_related("unit").order_by("-since"),
        "issues": found.issues.select_related("holder", "vehicle", "unit").order_by("-pk"),
    }
    return render(request, "desk/person.html", shown)


@form_view(StaffRole.MANAGER)
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """A court or the police may ask: nothing of this person's goes until the hold is over."""
    person = get_object_or_404(Person, pk=pk, erased_at__isnull=True)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        hold_person(actor, pk, data["reason"])
        messages.success(request, _("Held: nothing of this person's is purged or erased."))
        return reverse("person", args=[pk])

    page = Page(
        _("Legal hold on %(person)s") % {"person": person},
        _("Hold"),
        reverse("person", args=[pk]),
        _("Events, words and particulars of this person stay beyond their days, until the hold is ended."),
    )
    return form_page(request, HoldForm, page, take)


@step
def release(request: HttpRequest, actor: Actor, pk: int) -> str:
    """The hold is over."""
    release_person(actor, pk)
    messages.success(request, _("The hold is over. What was due meanwhile is purged within the hour."))
    return reverse("person", args=[pk])
