from __future__ import annotations

from datetime import date

from hypothesis import given, settings

from sync.records import (
    DoorMode,
    DoorPolicy,
    GrantKind,
    Holiday,
    ListSettings,
    MappingRule,
    ModeWindow,
    PassbackArea,
    PassbackMode,
)
from terminal.core.rules import compile_rules
from tests.support import strategies
from tests.terminal.core.scenes import FRONT, LOOSE, MISSING, NIGHT, RULES, SHANGHAI, YARD, rules


def test_what_a_door_refers_to_is_looked_up() -> None:
    area = PassbackArea(7, PassbackMode.SOFT)
    door = DoorPolicy(FRONT, area_in=7, modes=(ModeWindow(NIGHT, DoorMode.FREE),), companion_within_s=30)
    compiled = rules(doors=(door,), areas=(area,)).doors[FRONT]
    assert (compiled.area, compiled.companion_within_s, compiled.dangling) == (area, 30, ())
    assert compiled.modes[0].plan is not None


def test_dangling_references_are_named() -> None:
    loose = DoorPolicy(LOOSE, area_in=MISSING, modes=(ModeWindow(MISSING, DoorMode.FREE),))
    compiled = rules(doors=(DoorPolicy(FRONT), loose), interlocks=((LOOSE, MISSING),))
    assert compiled.doors[LOOSE].dangling == ("interlock with door 99", "mode schedule 99", "area 99")
    assert compiled.doors[FRONT].dangling == ()
    assert compiled.doors[LOOSE].modes == ()


def test_interlock_groups_that_share_a_door_add_up() -> None:
    compiled = rules(interlocks=((FRONT, YARD), (YARD, LOOSE)))
    partners = {door: rule.interlocked_with for door, rule in compiled.doors.items()}
    assert partners == {FRONT: {YARD}, YARD: {FRONT, LOOSE}, LOOSE: {YARD}}


def test_a_day_may_be_of_several_types() -> None:
    day = date(2025, 10, 1)
    assert rules(holidays=(Holiday(day, 1), Holiday(day, 3))).holidays == {day: (1, 3)}


def test_policies_and_mappings_are_found_by_their_key() -> None:
    mapping = MappingRule(low_bits=24)
    compiled = rules(mappings=((4, mapping),))
    assert compiled.mappings == {4: mapping}
    assert set(RULES.policies) == set(GrantKind)


@settings(max_examples=60, deadline=None)
@given(strategies.settings())
def test_any_settings_compile(settings: ListSettings) -> None:
    assert set(compile_rules(settings, SHANGHAI).doors) == {one.door_id for one in settings.doors}
