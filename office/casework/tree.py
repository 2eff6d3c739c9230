"""The tree of places by hand: a place is added, or what is wrong with one is corrected."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.places import add_place
from office.casework.trail import record
from office.procedures.places import RULE, PlaceFacts, check_place
from office.registry.models import Merchant, Place, PlaceKind, StaffRole, UnitUse


class PlaceWord(Struct, frozen=True):
    """A place as the manager types it."""

    name: str
    floor_area_m2: Decimal | None = None
    use: UnitUse | None = None


@transaction.atomic
def register_place(actor: Actor, parent_id: int, kind: PlaceKind, told: PlaceWord) -> Place:
    """A new place inside another; raises ``RuleError`` or, for a tree too deep, ``OfficeError``."""
    actor.must_be(StaffRole.MANAGER, RULE)
    parent = Place.objects.select_for_update().get(pk=parent_id)
    check_place(_facts(kind, parent, told, parent.children.filter(name=told.name).exists()))
    made = add_place(parent, kind, told.name, floor_area_m2=told.floor_area_m2, use=told.use)
    facts = {"kind": kind.value, "inside": parent.pk, "area": _text(told.floor_area_m2)}
    record(actor.at, actor.user, RULE, "place added", f"place:{made.pk}", **facts)
    return made


@transaction.atomic
def change_place(actor: Actor, place_id: int, told: PlaceWord) -> Place:
    """A corrected name, floor area or use. Cards that exist are not touched; quotas follow at once (13.4)."""
    actor.must_be(StaffRole.MANAGER, RULE)
    place = Place.objects.select_for_update(of=("self",)).select_related("parent").get(pk=place_id)
    others = Place.objects.filter(parent=place.parent, name=told.name).exclude(pk=place.pk)
    taken = place.parent is not None and others.exists()
    check_place(_facts(PlaceKind(place.kind), place.parent, told, taken, place))
    facts: dict[str, object] = {}
    if place.name != told.name:
        facts["renamed"] = _rename(place, told.name)
    if place.floor_area_m2 != told.floor_area_m2:
        facts["area"] = [_text(place.floor_area_m2), _text(told.floor_area_m2)]
    if place.use != (told.use or ""):
        facts["use"] = [place.use, told.use or ""]
    place.floor_area_m2, place.use = told.floor_area_m2, told.use or ""
    place.save()
    if facts:
        record(actor.at, actor.user, RULE, "place changed", f"place:{place.pk}", **facts)
    return place


def _rename(place: Place, name: str) -> int:
    """The names of all that is inside follow; how many."""
    before, after = place.full_name, f"{place.full_name.removesuffix(place.name)}{name}"
    inside = list(Place.objects.under(place).exclude(pk=place.pk)) if place.parent_id is not None else []
    place.name, place.full_name = name, after
    for one in inside:
        one.full_name = f"{after}{one.full_name.removeprefix(before)}"
        one.save(update_fields=["full_name"])
    return 1 + len(inside)


def _facts(
    kind: PlaceKind, parent: Place | None, told: PlaceWord, taken: bool, place: Place | None = None
) -> PlaceFacts:
    business = Merchant.objects.filter(unit=place, left_on__isnull=True) if place else Merchant.objects.none()
    return PlaceFacts(
        kind.value,
        "" if parent is None else parent.kind,
        told.name,
        told.floor_area_m2,
        told.use or "",
        taken,
        business.exists(),
    )


def _text(area: Decimal | None) -> str:
    return "" if area is None else str(area)
