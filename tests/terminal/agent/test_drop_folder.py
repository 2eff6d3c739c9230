"""A stick brings updates and takes the signed log home; the office stores nothing twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from office.errors import OfficeError
from office.hub.file_intake import take_file
from sync.records import RevocationReason, Tombstone
from terminal.agent.drop_folder import DropFolder
from tests.support.estate import NOW, card, resident
from tests.support.world import World
from tests.support.world_gate import GateSide


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two gates, never connected; the office has signed a first list and a revocation for the first."""
    made = World(tmp_path)
    made.office.want(1, *(resident(number) for number in range(1, 21)))
    yield made
    made.close()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    directory = tmp_path / "stick"
    directory.mkdir()
    return directory


@pytest.fixture
def updates(world: World, tmp_path: Path) -> list[bytes]:
    """A snapshot and the delta that follows, as the office signed them."""
    world.connect(1)
    world.pass_time(1.0)
    world.office.want(1, Tombstone(1003, 2003, card(3), RevocationReason.LOST, NOW), urgent=True)
    world.settle()
    envelopes = world.gates[1].lists._store.envelopes()
    world.hang_up(1)
    world.settle()
    gate = world.gates[1]
    gate.close()
    shutil.rmtree(gate.sync_dir)  # a new disk: the list is gone, the log is there
    gate.sync_dir.mkdir()
    gate._begin()
    return envelopes


def drop(gate: GateSide, stick: Path) -> DropFolder:
    return DropFolder(stick, gate.gate_id, gate.lists, gate.log_source)


def answer(stick: Path, name: str) -> str:
    return (stick / f"{name}.answer.txt").read_text(encoding="utf-8")


def test_updates_are_taken_in_the_order_of_their_versions(
    world: World, stick: Path, updates: list[bytes]
) -> None:
    gate = world.gates[1]
    (stick / "a.list").write_bytes(updates[1])  # the delta's name comes first
    (stick / "b.list").write_bytes(updates[0])
    folder = drop(gate, stick)
    taken = folder.apply()
    assert taken is not None
    assert taken.version.revision == 2
    assert f"list {taken.version} is in force" in answer(stick, "a.list")
    gate.permissions.refresh()
    assert gate.would_open(1)
    assert not gate.would_open(3)
    assert folder.apply() is None, "a file is tried once"


def test_a_refused_file_is_answered_and_changes_nothing(
    world: World, stick: Path, updates: list[bytes]
) -> None:
    folder = drop(world.gates[1], stick)
    (stick / "wrong.list").write_bytes(updates[0][:-1] + bytes([updates[0][-1] ^ 1]))
    (stick / "noise.list").write_bytes(b"not a list at all")
    (stick / "delta.list").write_bytes(updates[1])
    assert folder.apply() is None
    assert "refused, malformed" in answer(stick, "wrong.list")
    assert "refused, malformed" in answer(stick, "noise.list")
    assert "refused, " in answer(stick, "delta.list")  # it names no delegation, or no list to build on
    assert world.gates[1].lists.state is None
    (stick / "good.list").write_bytes(updates[0])
    assert folder.apply() is not None


def test_another_gates_stick_is_told_so(world: World, stick: Path, updates: list[bytes]) -> None:
    (stick / "one.list").write_bytes(updates[0])
    assert drop(world.gates[2], stick).apply() is None
    assert "refused, wrong_gate" in answer(stick, "one.list")


def test_a_pulled_stick_and_a_protected_one_stop_nothing(
    world: World, stick: Path, updates: list[bytes]
) -> None:
    gate = world.gates[1]
    folder = drop(gate, stick)
    (stick / "one.list").write_bytes(updates[0])
    (stick / "one.list.answer.txt").mkdir()  # nothing can be written under that name
    (stick / "gate-1.events.new").mkdir()
    assert folder.apply() is not None
    folder.export(None)
    assert "no log was written" in answer(stick, "gate-1.events")
    shutil.rmtree(stick)
    assert folder.apply() is None
    folder.export(None)
    stick.mkdir()
    assert folder.apply() is None
    folder.export(None)
    assert (stick / "gate-1.events").exists(), "an arrival of the folder, once more"


def test_the_log_comes_home_by_stick_and_by_wire_and_is_there_once(
    world: World, stick: Path, updates: list[bytes]
) -> None:
    gate, store = world.gates[1], world.office.store
    (stick / "one.list").write_bytes(updates[0])
    for number in range(1, 9):
        gate.tap(number)
    folder = drop(gate, stick)
    folder.export(folder.apply())
    brought = take_file(store, stick / "gate-1.events", NOW)
    assert (brought.gate_id, brought.last_event, brought.receipts) == (1, gate.log.head.last.number, 1)
    world.assert_log_stored(1)
    assert take_file(store, stick / "gate-1.events", NOW) == brought, "the same file twice"
    gate.tap(1)
    world.connect(1)
    world.pass_time(25.0)
    world.assert_log_stored(1)


def test_a_file_that_was_changed_is_not_taken_in(world: World, stick: Path, updates: list[bytes]) -> None:
    gate, path = world.gates[1], stick / "gate-1.events"
    for number in range(1, 9):
        gate.tap(number)
    folder = drop(gate, stick)
    folder.export(folder.apply())
    good = path.read_bytes()
    for bad in (
        good[:-60] + bytes([good[-60] ^ 1]) + good[-59:],
        good[:-3],
        b"gatehouse file 2\n" + good[17:],
    ):
        path.write_bytes(bad)
        with pytest.raises(OfficeError, match=r"gate-1\.events"):
            take_file(world.office.store, path, NOW)
    path.write_bytes(b"gatehouse file 1\n")
    with pytest.raises(OfficeError, match="empty"):
        take_file(world.office.store, path, NOW)
