"""Fields that a clerk fills with a few words: a unit, a person. One match is taken, several are named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from office.desk.search import places_named
from office.notation import FIRST_DAY, LAST_DAY
from office.registry.models import Person, Place, PlaceKind

Found = TypeVar("Found")

HOMES: Final = (PlaceKind.UNIT, PlaceKind.SHOP, PlaceKind.GARAGE)
"""Places that people and vehicles belong to."""
MAX_DIGITS: Final = 18
"""Of a record's number; SQLite holds 63 bits."""
NAMED: Final = 5
"""So many candidates are named; with more, another word is needed."""


def check_day(day: date) -> None:
    """Raise a validation error for a day that nobody means: with it no time can be counted."""
    if not FIRST_DAY <= date(day.year, day.month, day.day) <= LAST_DAY:
        bounds = {"first": FIRST_DAY.isoformat(), "last": LAST_DAY.isoformat()}
        raise ValidationError(_("Choose a day from %(first)s to %(last)s.") % bounds)


class DateField(forms.DateField):
    """A day, chosen or typed."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_validators = (check_day,)  # type: ignore[assignment]


class MomentField(forms.DateTimeField):
    """A day and time of the estate's time zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    input_formats: Any = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")
    default_validators = (check_day,)  # type: ignore[assignment]


class SeveralField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Several of a list; a number that no database holds is a wrong choice like any other."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: object) -> QuerySet[Any]:
        """Those that were ticked."""
        given = value if isinstance(value, list | tuple) else []
        if any(len(str(one)) > MAX_DIGITS for one in given):
            raise ValidationError(self.error_messages["invalid_choice"], params={"value": str(given[0])[:40]})
        ticked: QuerySet[Any] = super().clean(value)
        return ticked


class UnitField(forms.CharField):
    """A unit by words of its name, such as ``3 2单元 501``."""

    def clean(self, value: object) -> Place:
        """The one unit that fits."""
        text = str(super().clean(value) or "")
        found = places_named(Place.objects.filter(kind__in=HOMES), text)
        exact = found.filter(full_name=text).first()
        if exact is not None:
            return exact
        return _only(list(found[: NAMED + 1]), lambda one: one.full_name)


class PersonField(forms.CharField):
    """A person by name, telephone number, or number on record (``#12``)."""

    def clean(self, value: object) -> Person:
        """The one person that fits."""
        text = str(super().clean(value) or "").strip()
        known = Person.objects.filter(erased_at__isnull=True)
        if text.startswith("#") and text[1:].isdecimal():
            found = known.filter(pk=int(text[1:]))
        else:
            found = known.filter(Q(name=text) | (Q(phone=text) & ~Q(phone="")))
        return _only(list(found.order_by("pk")[: NAMED + 1]), lambda one: f"{one.name} #{one.pk}")


def _only(found: list[Found], named: Callable[[Found], str]) -> Found:
    if not found:
        raise ValidationError(_("Nothing on record fits. Register it first, or write it otherwise."))
    if len(found) > 1:
        told = ", ".join(named(one) for one in found[:NAMED])
        raise ValidationError(_("Several fit: %(names)s. Write more of it.") % {"names": told})
    return found[0]
