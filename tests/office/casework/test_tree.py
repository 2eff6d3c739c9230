"""The tree of places by hand: what was brought in wrong is corrected, and everything inside follows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from office.casework.actor import Actor
from office.casework.issuing import unit_quota
from office.casework.merchants import register_merchant
from office.casework.tree import PlaceWord, change_place, register_place
from office.desk.search import find
from office.procedures.errors import Refused, RuleError
from office.registry.models import AuditEntry, Issue, Place, PlaceKind, UnitUse
from tests.office.casework.moving import TODAY
from tests.support.office_estate import OfficeEstate

HOME = UnitUse.RESIDENTIAL


def test_0_places_a_building_and_its_units_are_added(estate: OfficeEstate, manager: Actor) -> None:
    building = register_place(manager, estate.estate.pk, PlaceKind.BUILDING, PlaceWord("2栋"))
    unit = register_place(manager, building.pk, PlaceKind.UNIT, PlaceWord("101", Decimal("130.00"), HOME))
    assert (unit.full_name, unit.path) == ("2栋 101", f"{building.path}{unit.pk}.")
    assert unit_quota(unit).counted == 0
    told = AuditEntry.objects.get(subject=f"place:{unit.pk}")
    assert (told.rule, told.facts["area"]) == ("0.places", "130.00")
    with pytest.raises(RuleError) as refused:
        register_place(manager, building.pk, PlaceKind.UNIT, PlaceWord("101", Decimal(50), HOME))
    assert refused.value.refused is Refused.PLACE_TAKEN


def test_0_places_a_corrected_floor_area_moves_the_quota_and_no_card(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    estate.apply(clerk, "self", "friend", "other", "sibling")
    assert unit_quota(estate.unit).limit == 4
    before = list(Issue.objects.values_list("pk", "state", "version"))
    unit = change_place(manager, estate.unit.pk, PlaceWord("101", Decimal("130.00"), HOME))
    assert unit_quota(unit).limit == 5
    estate.apply(clerk, "friend", unit=unit)
    change_place(manager, unit.pk, PlaceWord("101", Decimal("129.99"), HOME))
    with pytest.raises(RuleError) as refused:
        estate.apply(clerk, "friend", unit=Place.objects.get(pk=unit.pk))
    assert refused.value.rule == "13.4.2.1"
    assert list(Issue.objects.order_by("pk").values_list("pk", "state", "version"))[:4] == before
    told = AuditEntry.objects.filter(action="place changed").latest("number")
    assert told.facts == {"area": ["130.00", "129.99"]}


def test_0_places_a_new_name_is_everywhere(estate: OfficeEstate, manager: Actor) -> None:
    change_place(manager, estate.building.pk, PlaceWord("A座"))
    estate.unit.refresh_from_db()
    assert estate.unit.full_name == "A座 1单元 101"
    assert [one.pk for one in find("A座 1单元 101").places] == [estate.unit.pk]
    assert estate.unit.pk not in [one.pk for one in find("1栋 1单元 101").places]
    change_place(manager, estate.estate.pk, PlaceWord("Park"))
    estate.unit.refresh_from_db()
    assert estate.unit.full_name == "A座 1单元 101", "the estate's own name is in no other"


def test_17_5_a_unit_with_a_merchant_stays_meant_for_business(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    shop = estate.add_unit("S1", "40", UnitUse.COMMERCIAL)
    register_merchant(clerk, "Noodles", estate.applicant, shop, TODAY)
    with pytest.raises(RuleError) as refused:
        change_place(manager, shop.pk, PlaceWord("S1", Decimal(40), HOME))
    assert (refused.value.rule, refused.value.refused) == ("17.5", Refused.BUSINESS_THERE)


def test_0_places_are_the_managers_and_nothing_is_saved_by_a_refusal(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    before = list(Place.objects.values())
    with pytest.raises(RuleError) as refused:
        change_place(clerk, estate.unit.pk, PlaceWord("102", Decimal(1), HOME))
    assert refused.value.refused is Refused.ROLE_MISSING
    with pytest.raises(RuleError):
        register_place(manager, estate.unit.pk, PlaceKind.UNIT, PlaceWord("1", Decimal(1), HOME))
    assert list(Place.objects.values()) == before
    change_place(manager, estate.unit.pk, PlaceWord("101", Decimal("129.99"), HOME))
    assert not AuditEntry.objects.filter(action="place changed").exists(), "nothing changed, nothing said"
