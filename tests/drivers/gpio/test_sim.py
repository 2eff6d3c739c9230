"""What only the simulated bank has: wires, and a history to look back on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.gpio.sim import MAX_HISTORY, LevelChanged, Settings, SimGpio, open_gpio
from drivers.ports import LineChanged, Pull


class Clock:
    """Moved by hand."""

    def __init__(self) -> None:
        self.now = 10.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gpio(clock: Clock) -> Iterator[SimGpio]:
    bank = open_gpio(Settings(), clock)
    yield bank
    bank.close()


def test_lines_low_from_the_start_are_settled_before_anything_claims_them(clock: Clock) -> None:
    bank = open_gpio(Settings(low=("fire",)), clock)
    lines = {
        name: bank.claim_input(name, user=name, active_low=False, pull=Pull.UP, debounce_s=0.03)
        for name in ("fire", "contact")
    }
    assert {name: line.is_active() for name, line in lines.items()} == {"fire": False, "contact": True}
    assert bank.read_changes() == ()
    bank.close()


def test_input_wired_to_an_output_follows_it_and_falls_back_when_undriven(
    gpio: SimGpio, clock: Clock
) -> None:
    relay = gpio.claim_output("relay", user="door", active_low=False)
    gpio.wire("relay", "feedback")
    feedback = gpio.claim_input("feedback", user="meter", active_low=False, pull=Pull.UP, debounce_s=0.0)
    assert not feedback.is_active()
    relay.set(True)
    clock.now += 1
    relay.set(False)
    assert gpio.read_changes() == (
        LineChanged("feedback", active=True, at=10.0),
        LineChanged("feedback", active=False, at=11.0),
    )


def test_level_set_before_the_claim_is_settled_and_letting_go_gives_it_to_the_bias(gpio: SimGpio) -> None:
    gpio.set_level("contact", False)
    contact = gpio.claim_input("contact", user="door", active_low=False, pull=Pull.UP, debounce_s=0.0)
    assert not contact.is_active()
    gpio.set_level("contact", None)
    assert contact.is_active()


def test_history_tells_each_change_of_an_output_with_its_time(gpio: SimGpio, clock: Clock) -> None:
    relay = gpio.claim_output("relay", user="door", active_low=True)
    clock.now += 2
    relay.set(True)
    relay.set(True)
    clock.now += 3
    gpio.close()
    assert gpio.history() == (
        LevelChanged("relay", True, 10.0),
        LevelChanged("relay", False, 12.0),
        LevelChanged("relay", None, 15.0),
    )


def test_history_is_bounded(gpio: SimGpio) -> None:
    relay = gpio.claim_output("relay", user="door", active_low=False)
    for i in range(MAX_HISTORY + 100):
        relay.set(i % 2 == 0)
    assert len(gpio.history()) == MAX_HISTORY


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 0.2)), max_size=40))
def test_reported_edges_alternate_and_end_at_the_settled_level(moves: list[tuple[bool, float]]) -> None:
    clock = Clock()
    gpio = open_gpio(Settings(), clock)
    try:
        contact = gpio.claim_input("c", user="door", active_low=False, pull=Pull.DOWN, debounce_s=0.05)
        changes: list[LineChanged] = []
        for level, pause in moves:
            gpio.set_level("c", level)
            clock.now += pause
            changes += gpio.read_changes()
        clock.now += 1
        changes += gpio.read_changes()
        assert [change.active for change in changes] == [i % 2 == 0 for i in range(len(changes))]
        assert contact.is_active() is (moves[-1][0] if moves else False)
        assert contact.is_active() is (len(changes) % 2 == 1)
    finally:
        gpio.close()
