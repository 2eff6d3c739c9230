"""What `bench.desk` asks of the desk: every kind of page, and what people type into the box."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from django.db.models import QuerySet

Address = Callable[[], str]


OF_A_UNIT: Final[Mapping[str, str]] = {
    "unit": "/places/{}/",
    "apply": "/places/{}/apply/",
    "move in": "/places/{}/move-in/",
    "move out": "/places/{}/move-out/",
    "slip": "/places/{}/slips/new/",
    "new vehicle": "/places/{}/vehicles/new/",
}
OF_A_CARD: Final[Mapping[str, str]] = {
    "card": "/cards/{}/",
    "door exception": "/cards/{}/exceptions/new/",
    "would it open": "/cards/{}/would-open/",
    "events of a card": "/events/?card={}",
}


def addresses(draw: Random) -> dict[str, Address]:
    """A page's address by its name, drawn anew at each call."""
    from office.registry.models import GateSite, Issue, Person, Place, PlaceKind, Vehicle  # noqa: PLC0415

    groups: list[tuple[QuerySet[Any], Mapping[str, str]]] = [
        (Place.objects.filter(kind=PlaceKind.ESTATE), {"estate": "/places/{}/"}),
        (Place.objects.filter(kind=PlaceKind.BUILDING), {"building": "/places/{}/"}),
        (Place.objects.filter(kind=PlaceKind.UNIT), OF_A_UNIT),
        (
            Person.objects.order_by("pk"),
            {"person": "/people/{}/", "events of a person": "/events/?person={}"},
        ),
        (Issue.objects.order_by("pk"), OF_A_CARD),
        (Vehicle.objects.order_by("pk"), {"vehicle": "/vehicles/{}/"}),
        (GateSite.objects.order_by("pk"), {"gate": "/gates/{}/", "events of a gate": "/events/?gate={}"}),
    ]
    drawn: dict[str, Address] = {}
    for rows, patterns in groups:
        ids = list(rows.values_list("pk", flat=True)[:5_000])
        drawn |= {name: _drawn(draw, ids, pattern) for name, pattern in patterns.items()}
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
