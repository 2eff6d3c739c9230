"""Plays the stories under scenarios/ and checks what doors and barriers have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.records import DoorMode
from terminal.core import passage
from terminal.core.passage import (
    BARRIER_TIMING,
    DOOR_TIMING,
    Contact,
    Granted,
    Inputs,
    Loop,
    LoopChanged,
    PassageKind,
    TimePassed,
)
from tests.terminal.core import scenario

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_story(path: Path) -> None:
    scenario.play(scenario.read(path))


def test_a_wrong_story_fails(tmp_path: Path) -> None:
    story = tmp_path / "wrong.txt"
    story.write_text("door: contact closed\n0  start  lock\n1  granted  unlock\n20  time  lock\n")
    with pytest.raises(AssertionError, match="at 6: lock"):
        scenario.play(scenario.read(story))


@pytest.mark.parametrize(
    ("kind", "timing"), [(PassageKind.DOOR, DOOR_TIMING), (PassageKind.BARRIER, BARRIER_TIMING)]
)
def test_a_granted_passage_is_busy_until_it_is_shut_again(kind: PassageKind, timing: passage.Timing) -> None:
    inputs = Inputs(Contact.CLOSED, loop=Loop.CLEAR)
    state, _ = passage.initial(kind, inputs, DoorMode.NORMAL, 0.0, timing)
    assert not passage.is_busy(state)
    state, _ = passage.step(state, Granted(), 10.0, timing)
    assert passage.is_busy(state)
    state, _ = passage.step(state, TimePassed(), 1000.0, timing)
    assert not passage.is_busy(state)
    assert passage.next_deadline(state) is None


def test_a_door_ignores_the_loop() -> None:
    inputs = Inputs(Contact.CLOSED)
    state, _ = passage.initial(PassageKind.DOOR, inputs, DoorMode.NORMAL, 0.0, DOOR_TIMING)
    assert passage.step(state, LoopChanged(Loop.OCCUPIED), 1.0, DOOR_TIMING) == (state, ())
