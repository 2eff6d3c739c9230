"""What the page of events can be asked."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _
from msgspec.structs import replace

from office.casework.event_search import EventFilter, PageEnd, by_number, cards_of_person, cards_of_unit
from office.desk.choosing import MomentField
from office.desk.long_lists import LongSelect
from office.registry.models import Door, GateSite, Outcome, Person, Place


class EventForm(forms.Form):
    """The filters; whose movements are meant comes by a link from their page."""

    gate = forms.TypedChoiceField(
        label=_("gate"), required=False, coerce=int, empty_value=None, widget=LongSelect
    )
    door = forms.TypedChoiceField(
        label=_("door"), required=False, coerce=int, empty_value=None, widget=LongSelect
    )
    outcome = forms.TypedChoiceField(label=_("result"), required=False, coerce=int, empty_value=None)
    since = MomentField(label=_("from"), required=False)
    until = MomentField(label=_("until"), required=False)
    number = forms.RegexField(r"^[0-9A-Fa-f: ]{1,190}$", label=_("chip number"), required=False)
    person = forms.ModelChoiceField(Person.objects.all(), required=False, widget=forms.HiddenInput)
    unit = forms.ModelChoiceField(Place.objects.all(), required=False, widget=forms.HiddenInput)
    card = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    after = forms.RegexField(r"^-?\d{1,18}-\d{1,18}$", required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        anything = [("", _("all"))]
        self.fields["gate"].choices = anything + list(  # type: ignore[attr-defined]
            GateSite.objects.order_by("name").values_list("gate_id", "name")
        )
        self.fields["door"].choices = anything + list(  # type: ignore[attr-defined]
            Door.objects.order_by("name").values_list("door_id", "name")
        )
        self.fields["outcome"].choices = anything + list(Outcome.choices)  # type: ignore[attr-defined]

    def wanted(self) -> tuple[EventFilter, str]:
        """The filter, and whose movements it shows (as the trail names them; empty: nobody's)."""
        given = self.cleaned_data
        found, subject = EventFilter(), ""
        if given["number"]:
            found = by_number(given["number"].replace(":", "").replace(" ", "").upper())
            subject = f"issue:{found.issues[-1]}" if found.issues else "chip:unknown"
        if given["unit"] is not None:
            found, subject = EventFilter(issues=cards_of_unit(given["unit"])), f"place:{given['unit'].pk}"
        if given["person"] is not None:
            found = EventFilter(issues=cards_of_person(given["person"]))
            subject = f"person:{given['person'].pk}"
        if given["card"]:
            found, subject = EventFilter(issues=(given["card"],)), f"issue:{given['card']}"
        end = None
        if given["after"]:
            at_ms, _, pk = given["after"].rpartition("-")
            end = PageEnd(int(at_ms), int(pk))
        found = replace(
            found,
            gate=given["gate"],
            door=given["door"],
            outcome=given["outcome"],
            since_ms=_ms(given["since"]),
            until_ms=_ms(given["until"]),
            after=end,
        )
        return found, subject


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
