"""What the tree of places may hold."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from office.procedures.errors import Refused, RuleError
from office.procedures.places import INSIDE, PlaceFacts, check_place
from office.registry.models import PlaceKind, UnitUse

UNIT = PlaceFacts("unit", "entrance", "101", Decimal(80), UnitUse.RESIDENTIAL.value, name_is_taken=False)


def test_0_places_the_kinds_are_the_registrys() -> None:
    assert {*INSIDE, *(one for kinds in INSIDE.values() for one in kinds)} == set(PlaceKind.values)


@pytest.mark.parametrize("around", [*PlaceKind.values, "nothing"])
@pytest.mark.parametrize("kind", PlaceKind.values)
def test_0_places_each_lies_only_where_it_can(kind: str, around: str) -> None:
    wanted = replace(UNIT, kind=kind, around=around)
    if kind in INSIDE.get(around, ()):
        check_place(wanted)
    else:
        with pytest.raises(RuleError) as refused:
            check_place(wanted)
        assert refused.value.refused is Refused.NOT_INSIDE


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"name": " "}, Refused.PLACE_TAKEN),
        ({"name_is_taken": True}, Refused.PLACE_TAKEN),
        ({"floor_area_m2": None}, Refused.AREA_MISSING),
        ({"floor_area_m2": Decimal(0)}, Refused.AREA_MISSING),
        ({"use": ""}, Refused.USE_MISSING),
        ({"has_business": True}, Refused.BUSINESS_THERE),
    ],
)
def test_0_places_what_a_unit_must_have(change: dict[str, object], refused: Refused) -> None:
    with pytest.raises(RuleError) as told:
        check_place(replace(UNIT, **change))
    assert told.value.refused is refused
