"""People and vehicles at a whole gate: behaviour on the one side of the lines, the real gate on the other."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from drivers.ports import Technology
from drivers.virtual_barrier import LOW, Order, VirtualBarrier
from drivers.virtual_door import WALK_S, Hold
from sync.events import EventKind
from sync.records import Reason
from tests.support import estate
from tests.support.gate_estate import CONTACT, MAIN_LOCK, RESIDENT
from tests.support.gate_rig import GateRig
from tests.support.virtual_person import VirtualPerson
from tests.support.wired import WiredBarrier, WiredDoor
from tests.terminal.conftest import MakeRig

LINES = {order: f"boom_{order.value}" for order in Order}
LOOP, DOWN_CONTACT = "loop", "down"
STEP_S = 0.05
SETTLED_S = 30.0
"""After power-up the boom is believed open, and closes."""


def surroundings(document: dict[str, Any]) -> None:
    document["doors"]["main"]["inputs"]["contact"] = {"line": CONTACT}
    document["doors"]["side"] = {
        "id": 2,
        "kind": "barrier",
        "outputs": {order.value: {"line": line} for order, line in LINES.items()},
        "inputs": {"loop": {"line": LOOP, "active_low": True}, "contact": {"line": DOWN_CONTACT}},
    }
    document["readers"]["in"]["repeat_s"] = 0.5


class Street:
    """The gate, its door and its barrier; time passes for all of them alike."""

    def __init__(self, rig: GateRig) -> None:
        self.rig = rig
        self.person = VirtualPerson()
        clock = lambda: rig.clock.monotonic  # noqa: E731 - one clock for all
        self.door = WiredDoor(
            rig.gpio,
            clock,
            hold=Hold.WITHOUT_CURRENT,
            relay=MAIN_LOCK,
            contact=CONTACT,
            normally_closed=False,
        )
        self.boom = WiredBarrier(rig.gpio, clock, outputs=LINES, loop=LOOP, contact=DOWN_CONTACT)

    @property
    def now(self) -> float:
        return self.rig.clock.monotonic

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.rig.advance(min(STEP_S, end - self.now))
            self.person.on_time(self.now)
            self.door.look()
            self.boom.look()
            self.rig.turn()

    def arrives(self) -> None:
        """A vehicle comes to the loop; nobody drives into a boom that is nearly down."""
        if self.boom.barrier.is_down or self.boom.barrier.position > 2 * LOW:
            self.boom.act(VirtualBarrier.arrive)

    def drives(self) -> None:
        self.boom.act(lambda barrier: barrier.drive_through(self.now))

    def turns_back(self) -> None:
        self.boom.act(VirtualBarrier.drive_off)


@pytest.fixture
def street(make_rig: MakeRig) -> Street:
    made = Street(make_rig(change=surroundings, low=[CONTACT, DOWN_CONTACT]).start())
    made.advance(SETTLED_S)
    made.rig.fresh()
    return made


def test_a_card_held_for_long_at_a_reader_that_repeats_lets_one_person_walk_through(street: Street) -> None:
    rig = street.rig
    card = estate.card(RESIDENT).number
    street.person.hold_card(rig.reader("in"), Technology.ISO14443A, card, street.now, for_s=2.0, again_s=0.1)
    street.person.at(street.now + 1.0, lambda at: street.door.act(lambda leaf: leaf.walk_through(at)))
    street.advance(1.0 + WALK_S + 1.0)
    assert [one.reason for one in rig.events(EventKind.TAP)] == [Reason.GRANTED]
    assert rig.fresh() == [EventKind.TAP, EventKind.DOOR_OPENED, EventKind.DOOR_CLOSED]
    assert not street.door.act(lambda leaf: leaf.push()), "it locked behind him"


def test_a_vehicle_is_let_through_and_the_boom_comes_down_behind_it(street: Street) -> None:
    street.arrives()
    street.advance(1)
    street.rig.tap("side", RESIDENT)
    street.advance(4.5)
    assert street.boom.barrier.lets_through
    street.drives()
    street.advance(60)
    assert street.boom.barrier.is_down
    assert street.boom.barrier.hits == 0


def test_a_boom_that_comes_down_turns_round_for_a_second_vehicle(street: Street) -> None:
    street.rig.tap("side", RESIDENT)
    street.advance(5)
    assert street.boom.barrier.lets_through
    for _ in range(round(60 / STEP_S)):
        if street.rig.level(LINES[Order.CLOSE]):
            break
        street.advance(STEP_S)
    street.advance(1)
    assert 0.5 < street.boom.barrier.position < 1
    street.arrives()
    street.advance(5)
    assert street.boom.barrier.lets_through
    assert street.boom.barrier.hits == 0


def test_a_boom_that_jams_on_its_way_down_is_told(street: Street) -> None:
    street.rig.tap("side", RESIDENT)
    street.advance(5)
    street.boom.act(lambda barrier: setattr(barrier, "is_jammed", True))
    street.advance(120)
    assert EventKind.BARRIER_BLOCKED in street.rig.fresh()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_vehicles_do_the_gate_never_brings_the_boom_down_on_one(street: Street, seed: int) -> None:
    chance = random.Random(seed)
    deeds: list[Callable[[], object]] = [
        street.arrives,
        street.drives,
        street.turns_back,
        lambda: street.rig.tap("side", RESIDENT),
    ]
    for _ in range(50):
        chance.choice(deeds)()
        street.advance(chance.choice([0.1, 0.4, 2, 6, 20, 30]))
    assert street.boom.barrier.hits == 0
    assert street.rig.moved(LINES[Order.CLOSE]).count(True) > 1, "it did come down between them"
