"""The root's lowering of a gate's floor: taken in once, sent until the gate has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from office.errors import OfficeError
from office.hub.facts import Lowering
from office.hub.floor_post import send_lowerings, take_lowering
from sync.statements.floor_lowering import FloorLowering, sign_floor_lowering
from tests.support.estate import DAY, ESTATE_ID, NOW, ONLINE, ROOT, key, resident
from tests.support.hub import registered
from tests.support.session_pair import PACE
from tests.support.world import World
from tests.support.world_wire import Faults

ROOTS = (ROOT.public,)
FLOOR = NOW - 60


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A gate whose office's clock was 50 days ahead; now it is right, and the gate's floor is not."""
    made = World(tmp_path, gates=1)
    made.office.want(1, *(resident(number) for number in range(1, 5)))
    made.office.utc_ms += 50 * DAY * 1000
    made.connect(1)
    made.pass_time(1.0)
    made.office.utc_ms -= 50 * DAY * 1000
    assert floor(made) > NOW + 49 * DAY
    yield made
    made.close()


def floor(world: World) -> int:
    return world.gates[1].time.judged().now.floor


def signed(serial: int = 1, gate_id: int = 1, estate_id: bytes = ESTATE_ID) -> bytes:
    return sign_floor_lowering(FloorLowering(estate_id, gate_id, serial, FLOOR, NOW), ROOT)


def take(world: World, data: bytes) -> FloorLowering:
    return take_lowering(world.office.store, ROOTS, data, world.office.now_s)


def sent(world: World) -> int:
    """Lowerings that the hub has put on its way, and the gate has judged."""
    return world.gates[1].refusals["replayed"] + (world.gates[1].time.lowering > 0)


def test_it_goes_out_with_the_next_contact_and_not_again(world: World) -> None:
    world.hang_up(1)
    world.pass_time(1.0)
    take(world, signed())
    assert floor(world) > NOW + 49 * DAY
    for _ in range(3):
        world.connect(1)
        world.pass_time(1.0)
    assert floor(world) < NOW + DAY
    assert sent(world) == 1
    assert world.office.store.lowerings.open() == []
    kept = world.office.store.lowerings.get(1)
    assert kept is not None
    assert kept.told == 1
    world.office.restart()
    assert world.office.store.lowerings.open() == []


def test_a_gate_that_is_connected_gets_it_at_once(world: World) -> None:
    take(world, signed())
    for _ in range(3):  # each time the hub looks around
        send_lowerings(world.office.store, world.office.links)
        world.settle()
    assert floor(world) < NOW + DAY
    assert sent(world) == 1


@pytest.mark.parametrize("cut_after", range(200, 3_000, 200))
def test_it_comes_whatever_happens_to_the_link(world: World, cut_after: int) -> None:
    take(world, signed())
    world.connect(1, Faults(cut_after=cut_after))
    world.pass_time(1.0)
    world.restart_gate(1)
    world.connect(1)
    world.pass_time(1.0)
    assert floor(world) < NOW + DAY
    assert world.office.store.lowerings.open() == []
    assert world.gates[1].refusals["replayed"] == 0, "its hello told that it has it"


def test_a_gate_that_has_taken_a_later_one_ends_it(world: World) -> None:
    """Carried there by a technician."""
    world.gates[1].time.lower(world.gates[1].lists.lower_floor(signed(7)))
    take(world, signed(3))
    world.connect(1)
    world.pass_time(1.0)
    assert sent(world) == 1
    assert world.office.store.lowerings.open() == []
    with pytest.raises(OfficeError, match="number 8 or higher"):
        take(world, signed(7))
    take(world, signed(8))
    world.connect(1)
    world.pass_time(1.0)
    assert world.gates[1].time.lowering == 8


def test_one_that_the_gate_refuses_is_told_and_tried_once_a_session(world: World) -> None:
    wrong = Lowering(1, 4, FLOOR, signed(4, gate_id=2), NOW)
    world.office.store.lowerings.put(wrong)
    before = floor(world)
    for _ in range(2):
        world.connect(1)
        world.pass_time(PACE.pulse_s * 3)
    assert world.gates[1].refusals["wrong_gate"] == 2
    assert floor(world) >= before
    assert {one.name: one.count for one in world.office.store.diary.alarms()}["gate_refused_wrong_gate"] == 2


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"nothing", "malformed"),
        (signed()[:-1], "malformed"),
        (sign_floor_lowering(FloorLowering(ESTATE_ID, 1, 1, FLOOR, NOW), ONLINE), "unknown_key"),
        (sign_floor_lowering(FloorLowering(ESTATE_ID, 1, 1, FLOOR, NOW), key("x")), "unknown_key"),
        (signed(estate_id=b"estate 2"), "wrong_estate"),
        (signed(gate_id=9), "no gate 9"),
        (signed(gate_id=2), "gate 2 was struck off"),
        (signed(serial=0), "replayed"),
    ],
)
def test_what_no_gate_would_take_is_not_taken_in(world: World, data: bytes, named: str) -> None:
    world.office.store.gates.add(registered(2))
    world.office.store.gates.strike(2, NOW)
    with pytest.raises(OfficeError, match=named):
        take(world, data)
    assert world.office.store.lowerings.open() == []


def test_the_same_file_again_changes_nothing_and_an_older_one_is_refused(world: World) -> None:
    take(world, signed(2))
    kept = world.office.store.lowerings.get(1)
    world.office.utc_ms += 5_000
    take(world, signed(2))
    assert world.office.store.lowerings.get(1) == kept
    with pytest.raises(OfficeError, match="number 3 or higher"):
        take(world, signed(1))
    with pytest.raises(OfficeError, match="number 3 or higher"):
        take(world, sign_floor_lowering(FloorLowering(ESTATE_ID, 1, 2, FLOOR - 1, NOW), ROOT))
