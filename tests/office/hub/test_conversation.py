"""The hub's side of a session: what cannot be done for a gate stops nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.estate import resident
from tests.support.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, gates=1)
    yield made
    made.close()


def alarms(world: World) -> dict[str, int]:
    """How often each alarm was raised."""
    return {one.name: one.count for one in world.office.store.diary.alarms()}


def test_a_gate_registered_before_it_has_a_list_is_served_all_the_same(world: World) -> None:
    world.gates[1].tap(5)
    contact = world.connect(1)
    world.pass_time(70.0)
    assert not contact.ended, "its session stays open"
    world.assert_log_stored(1)
    assert alarms(world) == {"cannot_sign": 2}  # at the greeting, and when it announced its log
    world.office.want(1, resident(5))
    world.settle()
    assert world.gates[1].would_open(5)
