"""A held card is one tap."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.ports import CardRead, DigitsEntered, ReadFailed, Technology
from sync.events import EventKind
from sync.records import Reason
from terminal.repeats import MAX_CARDS, Repeats
from tests.support.gate_estate import OTHER, RESIDENT
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig

EVERY_S = 0.065
"""From one frame of a held card to the next, as quick modules send them."""


def read(number: int, at: float, technology: Technology = Technology.EM4100) -> CardRead:
    return CardRead(technology, number.to_bytes(5, "big"), 40, at)


def taps(repeats: Repeats, *reads: CardRead) -> list[int]:
    return [int.from_bytes(one.number, "big") for one in reads if not repeats.is_repeat(one)]


@pytest.mark.parametrize(
    ("reads", "counted"),
    [
        ([read(1, 0.0)], [1]),
        ([read(1, i * EVERY_S) for i in range(1000)], [1]),
        ([read(1, 0.0), read(1, 0.49), read(1, 0.98), read(1, 1.48)], [1, 1]),
        ([read(1, 0.0), read(1, 0.5)], [1, 1]),
        ([read(1, 0.0), read(2, 0.1)], [1, 2]),
        ([read(1 + i % 2, i * EVERY_S) for i in range(1000)], [1, 2]),
        ([read(1, 0.0), read(1, 0.1, Technology.WIEGAND)], [1, 1]),
    ],
    ids=[
        "one read",
        "held for a minute",
        "taken away for half a second at last",
        "two taps",
        "another card at once",
        "two cards in the field, read in turn",
        "the same number of another kind of chip",
    ],
)
def test_reads_and_the_taps_they_are(reads: list[CardRead], counted: list[int]) -> None:
    assert taps(Repeats(0.5), *reads) == counted


def test_without_a_time_every_read_is_a_tap() -> None:
    assert taps(Repeats(0), read(1, 0.0), read(1, 0.0), read(1, 0.1)) == [1, 1, 1]


def test_what_is_no_card_is_never_a_repeat() -> None:
    repeats = Repeats(0.5)
    for event in (DigitsEntered("1", 0.0), ReadFailed("mute", 0.0)):
        assert not repeats.is_repeat(event)
        assert not repeats.is_repeat(event)


def test_a_flood_of_cards_is_forgotten_from_its_oldest() -> None:
    repeats = Repeats(60)
    for number in range(1000):
        assert not repeats.is_repeat(read(number, 0.0))
    assert len(repeats._last) <= MAX_CARDS
    assert repeats.is_repeat(read(999, 1.0))
    assert not repeats.is_repeat(read(1, 1.0))


def held_for_half_a_second(document: dict[str, Any]) -> None:
    document["readers"]["in"]["repeat_s"] = 0.5


@pytest.fixture
def rig(make_rig: MakeRig) -> GateRig:
    return make_rig(change=held_for_half_a_second).start()


def test_at_a_gate_a_held_card_is_decided_once(rig: GateRig) -> None:
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    for _ in range(20):
        rig.present("in", RESIDENT)
        rig.advance(EVERY_S)
    assert rig.tap("in", OTHER) is Reason.GRANTED
    rig.advance(0.5)
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert len(rig.events(EventKind.TAP)) == 3


def test_each_reader_has_a_time_of_its_own(rig: GateRig) -> None:
    for reader in ("in", "out", "out"):
        assert rig.tap(reader, RESIDENT) is Reason.GRANTED
    rig.present("in", RESIDENT)
    assert len(rig.events(EventKind.TAP)) == 3
