"""The gate's memory of its taps: what is taken, undone, and restored from the store."""

from __future__ import annotations

import pytest

from terminal.memory import FLOOR_LATCH, LOWERING_LATCH, Memory, first_card_latch
from terminal.stores.access_state import AccessState, SavedPosition, Spend, StateChange

BOOT, EARLIER_BOOT = bytes(16), bytes([1]) * 16
HERE = (1, 7)


def inside(order: int, boot: bytes = BOOT) -> SavedPosition:
    return SavedPosition(True, order, 1_800_000_000, boot, 400_000)


def floor(utc: int) -> StateChange:
    return StateChange(latches={FLOOR_LATCH: utc.to_bytes(8, "big")})


@pytest.fixture
def memory() -> Memory:
    made = Memory(BOOT)
    made.restore(AccessState({}, frozenset(), {}, {}))
    return made


def test_nothing_is_known_before_the_store_is_read() -> None:
    assert 123 in Memory(BOOT).void


def test_a_reserved_use_counts_at_once_and_is_given_back(memory: Memory) -> None:
    undo = memory.take(StateChange((Spend(7, 3),)))
    assert memory.spent.get(7) == 1
    undo()
    assert memory.spent.get(7) == 0


def test_giving_one_use_back_keeps_the_others(memory: Memory) -> None:
    undo = memory.take(StateChange((Spend(7, 3),)))
    memory.take(StateChange((Spend(7, 3),)))
    undo()
    assert memory.spent.get(7) == 1


def test_undoing_a_move_brings_the_position_before_back(memory: Memory) -> None:
    memory.take(StateChange(positions={HERE: SavedPosition(False, 1, None, BOOT, 0)}))
    undo = memory.take(StateChange(positions={HERE: inside(2)}))
    undo()
    assert not memory.positions[HERE].inside
    assert memory.positions[HERE].order == 1


def test_undoing_a_move_leaves_a_later_one_alone(memory: Memory) -> None:
    undo = memory.take(StateChange(positions={HERE: inside(1)}))
    memory.take(StateChange(positions={HERE: SavedPosition(False, 2, None, BOOT, 0)}))
    undo()
    assert memory.positions[HERE].order == 2


def test_undoing_a_first_card_leaves_a_later_one_alone(memory: Memory) -> None:
    latch = first_card_latch(1)
    undo = memory.take(StateChange(latches={latch: (10).to_bytes(8, "big")}))
    memory.take(StateChange(latches={latch: (20).to_bytes(8, "big")}))
    undo()
    assert memory.first_card(1) == 20


def test_a_position_of_an_earlier_boot_has_no_monotonic_time(memory: Memory) -> None:
    memory.restore(AccessState({}, frozenset(), {HERE: inside(5, EARLIER_BOOT)}, {}))
    assert memory.positions[HERE].monotonic is None
    memory.restore(AccessState({}, frozenset(), {HERE: inside(5)}, {}))
    assert memory.positions[HERE].monotonic == 400.0


def test_what_happened_before_the_store_could_be_read_counts_on_top_of_it() -> None:
    memory = Memory(BOOT)
    since = StateChange(positions={HERE: None, (1, 8): inside(1)}, latches={"lockdown:1": None})
    committed = AccessState({5: 2}, frozenset({6}), {HERE: inside(9)}, {"lockdown:1": b"1", "fire:1": b"1"})
    assert memory.restore(committed, since) == since
    assert set(memory.positions) == {(1, 8)}
    assert set(memory.latches) == {"fire:1"}
    assert memory.spent.get(5) == 2
    assert 6 in memory.void


@pytest.mark.parametrize(("committed", "since", "after"), [(100, 50, 100), (50, 100, 100), (100, 100, 100)])
def test_a_restored_floor_never_goes_back(committed: int, since: int, after: int) -> None:
    memory = Memory(BOOT)
    stored = AccessState({}, frozenset(), {}, {FLOOR_LATCH: committed.to_bytes(8, "big")})
    to_store = memory.restore(stored, floor(since))
    assert memory.floor() == after
    assert (FLOOR_LATCH in to_store.latches) is (since >= committed)


@pytest.mark.parametrize(
    ("committed", "since", "after"),
    [
        ((1, 100), (2, 50), (2, 50)),
        ((2, 50), (1, 100), (2, 50)),
        ((2, 50), (0, 60), (2, 60)),
        ((2, 50), (0, 40), (2, 50)),
        ((0, 100), (1, 50), (1, 50)),
    ],
)
def test_of_two_floors_the_later_lowering_counts(
    committed: tuple[int, int], since: tuple[int, int], after: tuple[int, int]
) -> None:
    memory = Memory(BOOT)
    to_store = memory.restore(
        AccessState({}, frozenset(), {}, lowered(*committed)), StateChange(latches=lowered(*since))
    )
    assert (memory.lowering(), memory.floor()) == after
    assert bool(to_store.latches) is (after != committed)


def lowered(serial: int, utc: int) -> dict[str, bytes]:
    latches = {FLOOR_LATCH: utc.to_bytes(8, "big")}
    return latches if not serial else {**latches, LOWERING_LATCH: serial.to_bytes(8, "big")}


def test_forgiving_takes_every_position_or_those_of_one_area(memory: Memory) -> None:
    memory.take(StateChange(positions={HERE: inside(1), (2, 7): inside(2)}))
    assert memory.forgive(2).positions == {(2, 7): None}
    memory.take(memory.forgive(None))
    assert not memory.positions
