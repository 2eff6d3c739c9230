"""What becomes of a gate that has lost its lists, seen from both ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from office.hub.facts import MoveState
from office.hub.one_use import decide, order_move
from office.hub.planner import Why
from sync.records import Access, Grant, GrantKind, RevocationReason, Tombstone
from sync.update import ListVersion
from terminal.stores.list_format import Side
from tests.support.estate import NOW, card, resident
from tests.support.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A gate at revision 4: a snapshot and three revocations."""
    made = World(tmp_path, gates=1)
    made.office.want(1, *(resident(number) for number in range(1, 21)))
    made.office.backup()
    made.connect(1)
    made.pass_time(1.0)
    for number in (1, 2, 3):
        revoke(made, number)
        made.settle()
    made.hang_up(1)
    made.pass_time(1.0)
    assert version(made) == ListVersion(1, 4)
    yield made
    made.close()


def revoke(world: World, number: int) -> None:
    end = Tombstone(1000 + number, 2000 + number, card(number), RevocationReason.LOST, NOW)
    world.office.want(1, end, urgent=True)


def version(world: World) -> ListVersion | None:
    state = world.gates[1].lists.state
    return None if state is None else state.version


def meet(world: World) -> None:
    world.connect(1)
    world.pass_time(1.0)


def test_it_names_the_list_it_lost_and_gets_one_above_it_at_once(world: World) -> None:
    gate = world.gates[1]
    gate.lose_lists()
    assert version(world) is None
    named = gate.lists.highest
    assert named is not None
    assert named.version == ListVersion(1, 4)
    meet(world)
    assert not gate.refusals, "nothing was offered that it had to refuse"
    assert version(world) == ListVersion(1, 5)
    assert gate.lists.highest is None
    world.assert_in_step()
    assert not gate.would_open(3)
    assert gate.would_open(4)


def test_after_a_restored_backup_a_clerk_looks_and_no_root_is_needed(world: World) -> None:
    """The backup knows none of the three revocations, and the gate nothing but a number."""
    gate = world.gates[1]
    gate.lose_lists()
    world.restart_office(from_backup=True)
    meet(world)
    assert world.office.advance(1).why is Why.NEEDS_CLERK
    assert not gate.would_open(3)
    assert not gate.would_open(4)
    assert not gate.refusals
    for number in (1, 2, 3):
        revoke(world, number)
    world.office.store.diary.resume(1, world.office.now_s)
    meet(world)
    assert not gate.refusals
    assert version(world) == ListVersion(1, 5)
    world.assert_in_step()
    assert gate.would_open(4)


def test_an_older_list_that_stands_in_is_followed_up_without_a_refusal(world: World) -> None:
    """The newest database alone is lost; what stands in opens nothing that the newest would not."""
    world.office.want(1, *(resident(number) for number in range(100, 900)))  # a whole list, into the other
    meet(world)
    assert version(world) == ListVersion(1, 5)
    gate = world.gates[1]
    gate.lose_lists(Side.B)
    assert version(world) == ListVersion(1, 4)
    assert not gate.would_open(3)
    meet(world)
    assert not gate.refusals
    world.assert_in_step()
    assert gate.would_open(500)


def test_with_list_and_log_lost_at_once_no_slip_opens_again_before_a_clerk_has_looked(world: World) -> None:
    """What comes first over the new session is a whole list: it must not bring the used slip back."""
    world.office.want(1, one_use(900))
    meet(world)
    gate = world.gates[1]
    world.cut(1)
    world.settle()
    assert gate.tap(900).granted
    world.lose(1, log=True, lists=True)
    world.connect(1)
    while world.turn():
        assert not gate.would_open(900)
    assert gate.tap(5).granted
    (waiting,) = world.office.store.moves.open()
    assert waiting.state is MoveState.CLERK
    decide(world.office.store, waiting.grant_id, 1, world.office.now_s)
    world.settle()
    assert gate.tap(900).granted, "a clerk may let it open once more"
    assert not gate.tap(900).granted


@pytest.mark.parametrize(
    "again",
    [(900, 901), (901, 900), (901,), ()],
    ids=["in another order", "in the same order", "one alone", "not at all"],
)
def test_after_a_restored_backup_a_slip_that_had_moved_opens_no_more_often(
    tmp_path: Path, again: tuple[int, ...]
) -> None:
    """The backup knows neither that it moved nor under which id it was used at the other gate."""
    world = World(tmp_path)
    for gate in (1, 2):
        world.office.want(gate, *(resident(number) for number in range(1, 6)))
    for number in (900, 901):
        world.office.want(1, one_use(number))
    world.connect_all()
    world.pass_time(1.0)
    world.office.backup()
    for number in (901, 900):
        move(world, number)
        world.settle()
    assert world.gates[2].tap(901).granted
    world.settle()
    world.restart_office(from_backup=True)
    for number in again:
        move(world, number)
    world.pass_time(1.0)
    for _ in range(3):  # clerks let it go on wherever they are asked to
        world.connect_all()
        for gate in (1, 2):
            world.office.settle_by_hand(gate)
        world.pass_time(30.0)
    for gate in (1, 2):
        world.gates[gate].tap(901)
    assert sum(gate.opened[901] for gate in world.gates.values()) == 1
    waiting = {one.grant_id for one in world.office.store.moves.open() if one.state is MoveState.CLERK}
    assert waiting == {5900, 5901}, "somebody must say what is left of them"
    world.close()


def one_use(number: int) -> Grant:
    access = (Access(1),)
    return Grant(5000 + number, 7000 + number, card(number), GrantKind.RELEASE_SLIP, access, uses=1)


def move(world: World, number: int) -> None:
    order_move(world.office.store, one_use(number), 2, (Access(1),), world.office.now_s)
