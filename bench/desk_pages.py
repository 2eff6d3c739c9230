"""What `bench.desk` asks of the desk: every kind of page, and what people type into the box."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import QuerySet

Address = Callable[[], str]


def addresses(draw: Random) -> dict[str, Address]:
    """A page's address by its name, drawn anew at each call."""
    from office.registry.models import GateSite, Issue, Person, Place, PlaceKind, Vehicle  # noqa: PLC0415

    def any_of(rows: QuerySet[Any], *patterns: str) -> list[Address]:
        ids = list(rows.values_list("pk", flat=True)[:5_000])
        return [_drawn(draw, ids, one) for one in patterns]

    unit, apply, move_in, move_out, slip, car = any_of(
        Place.objects.filter(kind=PlaceKind.UNIT),
        "/places/{}/",
        "/places/{}/apply/",
        "/places/{}/move-in/",
        "/places/{}/move-out/",
        "/places/{}/slips/new/",
        "/places/{}/vehicles/new/",
    )
    card, doors, would_open, events = any_of(
        Issue.objects.order_by("pk"),
        "/cards/{}/",
        "/cards/{}/exceptions/new/",
        "/cards/{}/would-open/",
        "/events/?card={}",
    )
    person, of_person = any_of(Person.objects.order_by("pk"), "/people/{}/", "/events/?person={}")
    gate, of_gate = any_of(GateSite.objects.order_by("pk"), "/gates/{}/", "/events/?gate={}")
    (building,) = any_of(Place.objects.filter(kind=PlaceKind.BUILDING), "/places/{}/")
    (estate,) = any_of(Place.objects.filter(kind=PlaceKind.ESTATE), "/places/{}/")
    (vehicle,) = any_of(Vehicle.objects.order_by("pk"), "/vehicles/{}/")
    drawn = {
        "estate": estate,
        "building": building,
        "unit": unit,
        "apply": apply,
        "move in": move_in,
        "move out": move_out,
        "slip": slip,
        "new vehicle": car,
        "person": person,
        "card": card,
        "door exception": doors,
        "would it open": would_open,
        "vehicle": vehicle,
        "gate": gate,
        "events of a card": events,
        "events of a person": of_person,
        "events of a gate": of_gate,
    }
    return drawn | {name: _always(address) for name, address in PAGES.items()}


PAGES = {
    "today": "/",
    "till": "/till/",
    "archive": "/archive/",
    "alarms": "/alarms/",
    "gates": "/gates/",
    "events": "/events/",
    "events refused": "/events/?outcome=2",
    "moves": "/moves/",
    "outages": "/outages/",
    "new outage": "/outages/new/",
    "shops": "/shops/",
    "trail": "/trail/",
    "mass changes": "/mass-changes/",
    "staff": "/staff/",
}


def typed(draw: Random) -> dict[str, Address]:
    """What people type, by what it is."""
    from office.registry.models import Chip, Person, Place, PlaceKind, Vehicle  # noqa: PLC0415 - after setup

    people = list(Person.objects.values_list("name", "phone")[:2_000])
    chips = list(Chip.objects.values_list("number", "printed")[:2_000])
    units = list(Place.objects.filter(kind=PlaceKind.UNIT).values_list("full_name", flat=True)[:2_000])
    plates = list(Vehicle.objects.values_list("plate", flat=True)[:2_000])
    return {
        "name": lambda: draw.choice(people)[0],
        "surname": lambda: draw.choice(people)[0][0],
        "character": lambda: draw.choice(people)[0][-1],
        "telephone": lambda: draw.choice(people)[1][:8],
        "first digit of all telephones": lambda: "1",
        "card": lambda: draw.choice(chips)[0],
        "first digits of a card": lambda: draw.choice(chips)[0][:5],
        "last digits of a printed number": lambda: draw.choice(chips)[1][-4:],
        "unit": lambda: draw.choice(units),
        "number of a unit": lambda: draw.choice(units).split()[-1],
        "entrance": lambda: "1单元",
        "plate": lambda: draw.choice(plates)[-4:],
        "nothing": lambda: "nobody is called so",
    }


def _drawn(draw: Random, ids: list[int], pattern: str) -> Address:
    return lambda: pattern.format(draw.choice(ids))


def _always(address: str) -> Address:
    return lambda: address
