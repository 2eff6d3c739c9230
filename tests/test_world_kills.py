"""Either side is killed at every point at which it writes; begun anew, both come to the same end."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.encoding import decode_record
from sync.records import Reason, RevocationReason, Tombstone
from terminal.stores.files import Checkpoint, pass_by
from tests.support.estate import NOW, card, resident
from tests.support.processes import kill_at
from tests.support.world import World

MOST_POINTS = 40
Act = Callable[[World], None]


def lost(number: int) -> Tombstone:
    """The tombstone of ``resident(number)``."""
    return Tombstone(1000 + number, 2000 + number, card(number), RevocationReason.LOST, NOW)


def first_list(world: World) -> None:
    """Forty residents for a gate that has no list yet."""
    world.office.want(2, *(resident(number) for number in range(1, 41)))


def many_more(world: World) -> None:
    """So much that only a whole list will do."""
    world.office.want(1, *(resident(number) for number in range(100, 400)))


def revocation(world: World) -> None:
    """One card ends."""
    world.office.want(1, lost(3), urgent=True)


def taps(world: World) -> None:
    """Events to carry up."""
    for number in range(1, 8):
        world.gates[1].tap(number)


ACTS: dict[str, Act] = {
    "snapshot": first_list,
    "snapshot on a list": many_more,
    "delta and receipt": revocation,
    "log upload": taps,
}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office and two gates: one in step, one that never had a list."""
    directory = tmp_path_factory.mktemp("begun")
    world = World(directory)
    world.office.want(1, *(resident(number) for number in range(1, 21)))
    world.gates[1].tap(1)
    world.connect_all()
    world.pass_time(1.0)
    world.close()
    return directory


def live(directory: Path, act: Act, office: Checkpoint, gate: Checkpoint) -> None:
    """Dial, do the act, and let it have its way."""
    world = World(directory, office_checkpoint=office, gate_checkpoint=gate)
    world.connect_all()
    world.settle()
    act(world)
    world.pass_time(1.0)
    world.close()


@pytest.mark.parametrize("side", ["office", "gate"])
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_kill_at_any_write_costs_nothing_for_good(begun: Path, tmp_path: Path, act: Act, side: str) -> None:
    for number in range(MOST_POINTS):
        directory = tmp_path / str(number)
        shutil.copytree(begun, directory)

        def work(checkpoint: Checkpoint, there: Path = directory) -> None:
            office, gate = (checkpoint, pass_by) if side == "office" else (pass_by, checkpoint)
            live(there, act, office, gate)

        killed = kill_at(number, work)
        come_to_rest(directory)
        shutil.rmtree(directory)
        if not killed:
            assert number > 2, "there was hardly a point to be killed at"
            return
    pytest.fail("there are more write points than are tried")


def come_to_rest(directory: Path) -> None:
    """Begin both sides anew on what is there: whatever of the act was kept is kept at both."""
    world = World(directory)
    try:
        if not world.office.store.wanted.content(2).settings():
            first_list(world)
        world.leave_alone()
        world.assert_in_step()
        gate = world.gates[1]
        rows = world.office.store.wanted.rows(key=card(3).key)
        ended = any(isinstance(decode_record(one.record), Tombstone) for one in rows if one.gate_id == 1)
        assert gate.tap(3) is (Reason.LOST if ended else Reason.GRANTED)
        assert world.office.store.store_is_sound()
    finally:
        world.close()
