"""A magnet wired as the pages say, at a whole gate: nobody is locked in, whatever the relay does."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.virtual_door import WALK_S, Hold, VirtualDoor
from sync.events import EventKind
from sync.records import Reason
from tests.support.gate_estate import CONTACT, MAIN_LOCK, RESIDENT, UNKNOWN
from tests.support.gate_rig import GateRig
from tests.support.wired import WiredDoor
from tests.terminal.conftest import MakeRig


def magnet(document: dict[str, Any]) -> None:
    main = document["doors"]["main"]
    main |= {"kind": "magnet", "fire_contact_breaks_supply": True, "emergency_exit_breaks_supply": True}
    main["inputs"]["contact"] = {"line": CONTACT}


@pytest.fixture
def rig(make_rig: MakeRig) -> GateRig:
    return make_rig(change=magnet).start()


def hung(rig: GateRig) -> WiredDoor:
    """The leaf on the gate's lines; the gate knows that it is shut."""
    door = WiredDoor(
        rig.gpio,
        lambda: rig.clock.monotonic,
        hold=Hold.BY_CURRENT,
        relay=MAIN_LOCK,
        contact=CONTACT,
        normally_closed=True,
    )
    rig.advance(2)  # the grace after locking is over
    rig.fresh()
    return door


def press_emergency_exit(door: VirtualDoor) -> None:
    door.emergency_exit_is_pressed = True


def open_fire_contact(door: VirtualDoor) -> None:
    door.fire_contact_is_open = True


@pytest.mark.parametrize("deed", [press_emergency_exit, open_fire_contact])
def test_break_in_the_supply_lets_out_while_the_relay_holds_the_lock(rig: GateRig, deed: Any) -> None:
    door = hung(rig)
    before = rig.moved(MAIN_LOCK)
    assert not door.act(VirtualDoor.push)
    door.act(deed)
    assert door.act(VirtualDoor.push)
    rig.advance(0.1)
    assert rig.fresh() == [EventKind.DOOR_OPENED, EventKind.DOOR_FORCED], "reported, and nothing else"
    assert rig.moved(MAIN_LOCK) == before
    assert rig.level(MAIN_LOCK) is False


def test_card_lets_one_person_walk_through_and_no_other_card_does(rig: GateRig) -> None:
    door = hung(rig)
    assert rig.tap("in", UNKNOWN) is Reason.UNKNOWN_CREDENTIAL
    assert not door.act(VirtualDoor.push)
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    rig.fresh()
    assert door.act(lambda leaf: leaf.walk_through(rig.clock.monotonic))
    rig.advance(WALK_S)
    door.look()
    rig.advance(0.1)
    assert rig.fresh() == [EventKind.DOOR_OPENED, EventKind.DOOR_CLOSED]
    assert not door.act(VirtualDoor.push), "it locked behind him"


def test_gate_that_has_ended_holds_the_door_and_its_supply_still_lets_out(rig: GateRig) -> None:
    door = hung(rig)
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    rig.gate.hardware.close()
    assert rig.level(MAIN_LOCK) is None
    assert not door.act(VirtualDoor.push)
    door.act(press_emergency_exit)
    assert door.act(VirtualDoor.push)
