"""The door that tests and the demonstration share, alone and on a whole gate's lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.virtual_door import WALK_S, Hold, VirtualDoor

MAGNET = Hold.BY_CURRENT


@pytest.mark.parametrize(
    ("hold", "is_fed", "gives_way"),
    [
        (Hold.BY_CURRENT, True, False),
        (Hold.BY_CURRENT, False, True),
        (Hold.WITHOUT_CURRENT, True, True),
        (Hold.WITHOUT_CURRENT, False, False),
    ],
)
def test_lock_follows_its_current(hold: Hold, is_fed: bool, gives_way: bool) -> None:
    door = VirtualDoor(hold, is_fed)
    assert door.gives_way is gives_way
    assert door.push() is gives_way


@given(st.booleans(), st.booleans(), st.booleans())
def test_whatever_the_relay_does_one_break_in_the_supply_frees_a_magnet(
    is_fed: bool, by_fire: bool, has_power: bool
) -> None:
    door = VirtualDoor(
        MAGNET, is_fed, has_power, fire_contact_is_open=by_fire, emergency_exit_is_pressed=not by_fire
    )
    assert door.push()


def test_leaf_falls_shut_behind_who_walks_through() -> None:
    door = VirtualDoor(MAGNET, is_fed=False)
    assert door.walk_through(10.0)
    assert door.next_deadline() == 10.0 + WALK_S
    door.is_fed = True
    stood = []
    for now in (10.0 + WALK_S / 2, 10.0 + WALK_S):
        door.on_time(now)
        stood.append(door.is_open)
    assert stood == [True, False], "a lock does not shut a leaf"
    assert door.next_deadline() is None


def test_forced_leaf_stays_open_until_somebody_closes_it() -> None:
    door = VirtualDoor(MAGNET, is_fed=True)
    assert not door.walk_through(10.0)
    door.force()
    door.on_time(100.0)
    assert door.is_open
    door.close()
    assert not door.is_open
