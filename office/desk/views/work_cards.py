"""A card for somebody who works here, from the page of the place where they work."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.casework.actor import Actor
from office.casework.people import Particulars
from office.casework.work_cards import WorkCardOrder, apply_for_work_card
from office.desk.choosing import DateField
from office.desk.form_page import Page, form_page, form_view
from office.desk.moving_forms import PersonsField
from office.registry.models import CardKind, Person, Place, StaffRole


class WorkerField(PersonsField):
    """One person: on record, or new."""

    def clean(self, value: object) -> Any:  # noqa: ANN401 - Django's
        """Who it is, or what is to be written down of them."""
        found = super().clean(value)
        if len(found) != 1:
            raise ValidationError(_("Name one person."))
        ((person, name, phone),) = found
        return person or Particulars(name, phone)


class WorkCardForm(forms.Form):
    """What is asked besides the place."""

    holder = WorkerField(
        label=gettext_lazy("Holder"),
        max_length=300,
        widget=forms.TextInput,
        help_text=gettext_lazy("Name, phone; or #12 for a known person."),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("kind"),
        choices=[(one.value, one.label) for one in (CardKind.GUARD, CardKind.STAFF)],
        help_text=gettext_lazy("A guard's card confirms release slips, too (15.2)."),
    )
    last_day = DateField(
        label=gettext_lazy("last day"),
        required=False,
        help_text=gettext_lazy("Empty: until the work ends and the card is withdrawn."),
    )


@form_view(StaffRole.CLERK)
def new_work_card(request: HttpRequest, pk: int) -> HttpResponse:
    """It leads to the card's page: fee, chip, signature."""
    place = get_object_or_404(Place, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        holder: Person | Particulars = data["holder"]
        is_guard = data["kind"] == CardKind.GUARD
        card = apply_for_work_card(actor, WorkCardOrder(place, holder, is_guard, data["last_day"]))
        return reverse("issue", args=[card.pk])

    page = Page(
        _("Card for a guard or for staff: %(place)s") % {"place": place},
        _("Apply for the card"),
        reverse("place", args=[pk]),
        _("It opens every door of this place and on the way to it, and belongs to no household."),
    )
    return form_page(request, WorkCardForm, page, take)
