"""Find anything from one box: a name, a unit, a card's number, a plate, a telephone number.

By the index that is written with each record (`office.registry.models.finding`). What most records
have in common it does not help to find: then they are walked in the order in which they are shown,
and the first ones are found soon.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Prefetch, Q, QuerySet
from msgspec import Struct

from office.procedures.issue_states import COUNTS
from office.registry.find_keys import PAST_ALL, end, key
from office.registry.models import FindKey, FindKind, Issue, Person, Place, PlaceKind, Vehicle

MOST: Final = 20
"""Of each kind; whoever sees as many types another letter."""
TYPED: Final = 60
"""Characters that are looked at."""
WORDS: Final = 6
"""Of a place that are looked up; others only sift."""
PART: Final = 4
"""Digits of a card's number, from its beginning or its end, that are worth showing cards for."""
FEW: Final = 2_000
"""Keys up to which looking up each record and sorting them is quicker than a walk."""


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


def find(query: str, *, few: int = FEW) -> Found:
    """Look everywhere; an exact card number first. By more keys than ``few`` records are not looked up."""
    query = query.strip()[:TYPED].strip()
    if not query or "\0" in query:
        return Found([], [], [], [])
    return Found(
        list(_people(query, few)[:MOST]),
        list(places_named(Place.objects.exclude(kind=PlaceKind.ESTATE), query, few=few)[:MOST]),
        _issues(query),
        list(_vehicles(query, few)[:MOST]),
    )


def places_named(places: QuerySet[Place], query: str, *, few: int = FEW) -> QuerySet[Place]:
    """Those of the places whose full name has every word of the query somewhere, in the tree's order."""
    words = list(dict.fromkeys(query.split()))
    for word in words:
        places = places.filter(full_name__icontains=word)
    places = places.order_by("path")
    found = [_records(few, _keys(FindKind.PLACE, one)) for one in words[:WORDS]]
    narrow = [one for one in found if one is not None]
    return places.filter(pk__in=set.intersection(*narrow)) if narrow else places


def _people(query: str, few: int) -> QuerySet[Person]:
    people = Person.objects.filter(erased_at__isnull=True).filter(
        Q(name__icontains=query) | Q(phone__startswith=query)
    )
    running = Issue.objects.filter(state__in=[one.value for one in COUNTS]).order_by("pk")
    narrow = _records(few, _keys(FindKind.PERSON, query), _keys(FindKind.PHONE, query))
    found = people.order_by("name", "pk")
    if narrow is not None:
        found = found.filter(pk__in=narrow)
    return found.prefetch_related(Prefetch("issues", running, to_attr="running_cards"))


def _vehicles(query: str, few: int) -> QuerySet[Vehicle]:
    vehicles = Vehicle.objects.select_related("unit").filter(plate__icontains=query).order_by("plate")
    narrow = _records(few, _keys(FindKind.PLATE, query))
    return vehicles if narrow is None else vehicles.filter(pk__in=narrow)


def _issues(query: str) -> list[Issue]:
    """Cards of this very number; if there are none, those whose number begins or ends so."""
    number = query.replace(":", "").replace(" ", "")
    asked = {query, number}
    exact = FindKey.objects.filter(kind=FindKind.CARD, key__in=[key(one) for one in asked])
    issues = Issue.objects.select_related("holder", "unit", "vehicle", "chip").order_by("pk")
    found = list(issues.filter(chip__in=set(exact.values_list("record", flat=True)[:MOST]))[:MOST])
    if found or len(number) < PART:
        return found
    chips: set[int] = set()
    for one in asked:
        for keys in (_keys(FindKind.CARD, one), _from(FindKind.CARD_END, end(one))):
            chips.update(keys.values_list("record", flat=True)[:MOST])
    return list(issues.filter(chip__in=chips)[:MOST])


def _keys(kind: FindKind, text: str) -> QuerySet[FindKey]:
    return _from(kind, key(text))


def _from(kind: FindKind, first: bytes) -> QuerySet[FindKey]:
    return FindKey.objects.filter(kind=kind, key__gte=first, key__lt=first + PAST_ALL)


def _records(few: int, *either: QuerySet[FindKey]) -> set[int] | None:
    """Records under any of these keys; ``None``: too many to look each of them up.

    Read before they are looked up: in one question, a planner may begin at the wrong end.
    """
    found: set[int] = set()
    for keys in either:
        some = keys.values_list("record", flat=True)[: max(0, few + 1)]
        found.update(some)
        if len(some) > few or len(found) > few:
            return None
    return found
