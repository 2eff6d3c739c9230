"""Identification: the readers meant blink for a time, and taps go on showing their outcome."""

from __future__ import annotations

import pytest

from drivers.indicator import RHYTHMS, Signal
from terminal.control import CommandError
from tests.support.gate_estate import RESIDENT
from tests.support.gate_rig import GateRig
from tests.support.patterns import PATTERNS

ROUND_S = RHYTHMS[Signal.HERE].length_s


def pulses(rig: GateRig, line: str) -> int:
    return sum(1 for level in rig.moved(line) if level)


def test_the_reader_that_is_meant_blinks_for_as_long_as_asked(rig: GateRig) -> None:
    before = pulses(rig, "green1")
    assert rig.order("blink", reader="in", seconds=10) == {"readers": ["in"]}
    rig.advance(10 + ROUND_S)
    blinked = pulses(rig, "green1") - before
    assert blinked >= 2 * RHYTHMS[Signal.HERE].pulses
    rig.advance(60)
    assert pulses(rig, "green1") - before == blinked, "it ends"
    assert pulses(rig, "green2") == 0, "another reader shows nothing"


def test_every_reader_of_a_door_that_is_meant_blinks(rig: GateRig) -> None:
    assert rig.order("blink", door="main", seconds=1) == {"readers": ["in", "out"]}
    assert PATTERNS[Signal.HERE] in rig.reader("out").shown


def test_a_tap_shows_its_outcome_meanwhile(rig: GateRig) -> None:
    rig.order("blink", reader="in", seconds=30)
    rig.tap("in", RESIDENT)
    assert rig.reader("in").shown[-1] == PATTERNS[Signal.GRANTED]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"reader": "in"}, "'seconds'"),
        ({"reader": "in", "seconds": 0}, "'seconds'"),
        ({"reader": "in", "seconds": True}, "'seconds'"),
        ({"reader": "garage", "seconds": 5}, "garage"),
        ({"seconds": 5}, "'door'"),
    ],
)
def test_what_cannot_blink_is_named(rig: GateRig, fields: dict[str, object], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        rig.order("blink", **fields)
