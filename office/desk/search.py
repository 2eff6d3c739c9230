"""Find anything from one box: a name, a unit, a card's number, a plate, a telephone number."""

from __future__ import annotations

from typing import Final

from django.db.models import Prefetch, Q, QuerySet
from msgspec import Struct

from office.procedures.issue_states import COUNTS
from office.registry.models import Chip, Issue, Person, Place, PlaceKind, Vehicle

MOST: Final = 20
"""Of each kind; whoever sees as many types another letter."""


class Found(Struct, frozen=True):
    """What a search found."""

    people: list[Person]
    places: list[Place]
    issues: list[Issue]
    vehicles: list[Vehicle]

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.people or self.places or self.issues or self.vehicles)


def find(query: str) -> Found:
    """Look everywhere; an exact card number first."""
    query = query.strip()[:60]
    if not query:
        return Found([], [], [], [])
    people = Person.objects.filter(erased_at__isnull=True).filter(
        Q(name__icontains=query) | Q(phone__startswith=query)
    )
    running = Issue.objects.filter(state__in=[one.value for one in COUNTS]).order_by("pk")
    people = people.prefetch_related(Prefetch("issues", running, to_attr="running_cards"))
    return Found(
        list(people.order_by("name")[:MOST]),
        list(_places(query)[:MOST]),
        list(_issues(query)[:MOST]),
        list(Vehicle.objects.select_related("unit").filter(plate__icontains=query)[:MOST]),
    )


def _places(query: str) -> QuerySet[Place]:
    found = Place.objects.exclude(kind=PlaceKind.ESTATE)
    for word in query.split():
        found = found.filter(full_name__icontains=word)
    return found.order_by("path")


def _issues(query: str) -> QuerySet[Issue]:
    number = query.replace(":", "").replace(" ", "").upper()
    chips = Chip.objects.filter(Q(number=number) | Q(printed=query))
    return Issue.objects.select_related("holder", "unit", "vehicle", "chip").filter(chip__in=chips)
