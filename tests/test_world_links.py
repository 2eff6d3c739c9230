"""The link matrix: whatever the line does to bytes, every story ends well once a good line is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.records import Reason, RevocationReason, Tombstone
from sync.statements.order_kinds import Argument, OrderKind
from tests.support.estate import NOW, card, resident
from tests.support.session_pair import ragged, single_bytes
from tests.support.world import World
from tests.support.world_wire import PERFECT, Faults

CUTS = range(150, 8_000, 2_050)
WIRES: dict[str, Faults] = {
    "perfect": PERFECT,
    "one byte at a time": Faults(chunks=single_bytes),
    "ragged": Faults(chunks=ragged(7)),
    "delay": Faults(delay_s=1.5),
    **{f"byte {at} changed": Faults(flip_at=at) for at in CUTS},
    **{f"cut at byte {at}": Faults(cut_after=at) for at in CUTS},
    **{f"half-open from byte {at}": Faults(deaf_after=at) for at in (0, 700, 3_400)},
}
WHOLE = [name for name in WIRES if name in ("perfect", "one byte at a time", "ragged", "delay")]
DAY_S = 90.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A gate with a list of twenty, and no connection."""
    made = World(tmp_path, gates=1)
    made.office.want(1, *(resident(number) for number in range(1, 21)))
    made.connect(1)
    made.pass_time(1.0)
    made.hang_up(1)
    made.pass_time(1.0)
    yield made
    made.close()


def lost(number: int) -> Tombstone:
    return Tombstone(1000 + number, 2000 + number, card(number), RevocationReason.LOST, NOW)


def snapshot(world: World, dial: Callable[[], object]) -> None:
    """So many new cards that only a whole list will do."""
    world.office.want(1, *(resident(number) for number in range(100, 900)))
    dial()
    world.pass_time(DAY_S)


def delta(world: World, dial: Callable[[], object]) -> None:
    """One more resident."""
    dial()
    world.pass_time(5.0)
    world.office.want(1, resident(50))
    world.pass_time(DAY_S)


def revocation_during_snapshot(world: World, dial: Callable[[], object]) -> None:
    """A card is reported lost while a whole list is on its way."""
    world.office.want(1, *(resident(number) for number in range(100, 900)))
    dial()
    for _ in range(12):
        world.turn()
    world.office.want(1, lost(3), urgent=True)
    world.pass_time(DAY_S)


def log_upload(world: World, dial: Callable[[], object]) -> None:
    """Events from before, and some while they travel."""
    for number in range(1, 40):
        world.gates[1].tap(number)
    dial()
    for number in range(1, 10):
        world.turn()
        world.gates[1].tap(number)
    world.pass_time(DAY_S)


def resume_after_the_gate_restarted(world: World, dial: Callable[[], object]) -> None:
    """The sync process is killed in the middle of a whole list and of its log."""
    world.office.want(1, *(resident(number) for number in range(100, 900)))
    world.gates[1].tap(1)
    dial()
    for _ in range(8):
        world.turn()
    world.restart_sync(1)
    dial()
    world.pass_time(DAY_S)


def resume_after_the_office_restarted(world: World, dial: Callable[[], object]) -> None:
    """The hub is killed in the middle of a whole list and of a log."""
    world.office.want(1, *(resident(number) for number in range(100, 900)))
    world.gates[1].tap(1)
    dial()
    for _ in range(8):
        world.turn()
    world.restart_office()
    dial()
    world.pass_time(DAY_S)


STORIES = {
    one.__name__: one
    for one in (
        snapshot,
        delta,
        revocation_during_snapshot,
        log_upload,
        resume_after_the_gate_restarted,
        resume_after_the_office_restarted,
    )
}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("wire", WIRES)
def test_every_story_ends_well(world: World, wire: str, story: str) -> None:
    STORIES[story](world, lambda: world.connect(1, WIRES[wire]))
    if wire in WHOLE:
        world.assert_in_step()  # such a line costs time at most
    world.leave_alone()
    world.assert_in_step()
    if WIRES[wire].flip_at is None:  # what was changed is refused, whatever it looks like
        assert world.gates[1].refusals.keys() <= {"gap", "rollback"}, "nothing honest is taken for an attack"
    expected = Reason.LOST if story == "revocation_during_snapshot" else Reason.GRANTED
    assert world.gates[1].tap(3) is expected


@pytest.mark.parametrize("wire", WIRES)
def test_an_order_is_carried_out_once_or_not_at_all(world: World, wire: str) -> None:
    world.connect(1, WIRES[wire])
    world.pass_time(5.0)
    link = world.office.links.get(1)
    if link is None or link.session_nonce is None or not world.office.sessions[1].is_open:
        assert wire not in WHOLE
        return
    order: dict[str, Argument] = {"door": 1, "operator": "17", "reason": "parcel for unit 3"}
    answers = world.office.order(1, OrderKind.OPEN, order)
    world.pass_time(DAY_S)
    done = [one["command"] for one in world.gates[1].process.asked]
    assert done in ([], ["open"])
    assert len(answers) <= len(done)
    if wire in WHOLE:
        assert [one.ok for one in answers] == [True]
    world.leave_alone()
    assert [one["command"] for one in world.gates[1].process.asked] == done, (
        "not once more in the next session"
    )
