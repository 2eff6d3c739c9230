"""The tree of places by hand: for what an import has brought in wrong, or not at all."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import MinValueValidator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.casework.actor import Actor
from office.casework.tree import PlaceWord, change_place, register_place
from office.desk.form_page import Page, form_page, form_view
from office.procedures.places import INSIDE
from office.registry.models import Place, PlaceKind, StaffRole, UnitUse


class PlaceForm(forms.Form):
    """A place; what it cannot have is left out."""

    kind = forms.TypedChoiceField(label=gettext_lazy("kind"), coerce=PlaceKind)
    name = forms.CharField(label=gettext_lazy("name"), max_length=60)
    floor_area_m2 = forms.DecimalField(
        label=gettext_lazy("floor area (m²)"),
        max_digits=8,
        decimal_places=2,
        required=False,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=gettext_lazy("Of a unit: its quota follows from it (13.4)."),
    )
    use = forms.TypedChoiceField(
        label=gettext_lazy("use"),
        choices=[("", "-"), *UnitUse.choices],
        coerce=UnitUse,
        empty_value=None,
        required=False,
    )

    def __init__(self, *args: object, kinds: tuple[str, ...], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if kinds:
            words = [(one, PlaceKind(one).label) for one in kinds]
            self.fields["kind"].choices = words  # type: ignore[attr-defined]
        else:
            del self.fields["kind"]


def _word(data: dict[str, Any]) -> PlaceWord:
    return PlaceWord(data["name"], data["floor_area_m2"], data["use"])


@form_view(StaffRole.MANAGER)
def new_place(request: HttpRequest, pk: int) -> HttpResponse:
    """A building, an entrance, a unit … inside this place."""
    parent = get_object_or_404(Place, pk=pk)
    kinds = INSIDE.get(parent.kind, ())
    if not kinds:
        raise Http404

    def take(actor: Actor, data: dict[str, Any]) -> str:
        made = register_place(actor, pk, data["kind"], _word(data))
        messages.success(request, _("Added."))
        return reverse("place", args=[made.pk])

    page = Page(_("New place in %(place)s") % {"place": parent}, _("Add"), reverse("place", args=[pk]))
    return form_page(request, partial(PlaceForm, kinds=kinds), page, take)  # type: ignore[arg-type]


@form_view(StaffRole.MANAGER)
def edit_place(request: HttpRequest, pk: int) -> HttpResponse:
    """A corrected name, floor area or use."""
    place = get_object_or_404(Place, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        change_place(actor, pk, _word(data))
        messages.success(request, _("Saved."))
        return reverse("place", args=[pk])

    page = Page(
        _("Change %(place)s") % {"place": place},
        _("Save"),
        reverse("place", args=[pk]),
        _("Cards that exist are not touched; the quota follows the floor area at once."),
    )
    initial = {"name": place.name, "floor_area_m2": place.floor_area_m2, "use": place.use}
    return form_page(request, partial(PlaceForm, kinds=()), page, take, initial=initial)  # type: ignore[arg-type]
