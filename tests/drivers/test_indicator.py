"""Patterns can be told apart without colour, and none holds up the next."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.indicator import PATTERNS, Frame, Output, Player, Signal, frame

SIGNALS = st.sampled_from(Signal)
PASSING = [signal for signal in Signal if not PATTERNS[signal].repeats]
LONGEST_S = 2.0


class Lamp:
    """An output line that remembers."""

    def __init__(self) -> None:
        self.is_on = False
        self.changes = 0

    def set(self, active: bool) -> None:
        self.is_on = active
        self.changes += 1


def lamps() -> dict[Output, Lamp]:
    return {output: Lamp() for output in Output}


def lit(shown: dict[Output, Lamp]) -> set[Output]:
    return {output for output, lamp in shown.items() if lamp.is_on}


def rhythm(signal: Signal) -> tuple[int, float]:
    """Pulses and the length of one: what is left without colour."""
    on = [step.for_s for step in PATTERNS[signal].steps if step.on]
    return (0 if PATTERNS[signal].repeats else len(on)), on[0]


def test_every_signal_has_a_pattern_heard_and_seen() -> None:
    assert set(PATTERNS) == set(Signal)
    for pattern in PATTERNS.values():
        assert Output.BUZZER in pattern.outputs
        assert pattern.outputs & {Output.GREEN, Output.RED}


@pytest.mark.parametrize(("one", "other"), list(combinations(Signal, 2)))
def test_rhythms_differ_in_count(one: Signal, other: Signal) -> None:
    assert rhythm(one)[0] != rhythm(other)[0], "a count is told apart even by who cannot judge a length"


@pytest.mark.parametrize("signal", PASSING)
def test_passing_signal_ends_in_time_for_the_next_person(signal: Signal) -> None:
    assert sum(step.for_s for step in PATTERNS[signal].steps) <= LONGEST_S
    assert frame(PATTERNS[signal], 0.0, LONGEST_S) == Frame(frozenset(), None)


@given(SIGNALS, st.floats(0, 1e6), st.floats(0, 1e4))
def test_frame_always_knows_a_later_deadline_or_is_dark(signal: Signal, start: float, elapsed: float) -> None:
    now = start + elapsed
    shown = frame(PATTERNS[signal], start, now)
    assert shown.on in (frozenset(), PATTERNS[signal].outputs)
    if shown.until is None:
        assert shown.on == frozenset()
        assert not PATTERNS[signal].repeats
    else:
        assert shown.until > now


@pytest.mark.parametrize("signal", PASSING)
def test_played_by_its_deadlines_it_shows_its_rhythm_and_ends_dark(signal: Signal) -> None:
    shown = lamps()
    player = Player(shown)
    player.play(signal, 100.0)
    seen = [(100.0, frozenset(lit(shown)))]
    while (deadline := player.next_deadline()) is not None:
        player.on_time(deadline)
        seen.append((deadline, frozenset(lit(shown))))
    pulses = [until - since for (since, on), (until, _) in pairwise(seen) if on]
    assert len(pulses) == rhythm(signal)[0]
    assert pulses == pytest.approx([rhythm(signal)[1]] * len(pulses))
    assert lit(shown) == set()


@given(st.lists(st.tuples(SIGNALS, st.floats(0, 3)), min_size=1, max_size=10))
def test_new_signal_replaces_the_running_one_at_once(plays: list[tuple[Signal, float]]) -> None:
    shown, now = lamps(), 50.0
    player = Player(shown)
    for signal, pause in plays:
        player.play(signal, now)
        assert lit(shown) == PATTERNS[signal].outputs
        now += pause
        player.on_time(now)


def test_standing_signal_comes_back_after_a_passing_one_until_cleared() -> None:
    shown = lamps()
    player = Player(shown)
    player.play(Signal.PRE_ALARM, 0.0)
    player.play(Signal.GRANTED, 0.2)
    assert lit(shown) == PATTERNS[Signal.GRANTED].outputs
    player.on_time(2.05)  # the third second's tick of the pre-alarm
    assert lit(shown) == PATTERNS[Signal.PRE_ALARM].outputs
    player.clear(2.06)
    assert lit(shown) == set()
    assert player.next_deadline() is None


def test_outputs_that_are_not_fitted_are_left_out_and_levels_are_set_only_on_change() -> None:
    buzzer = Lamp()
    player = Player({Output.BUZZER: buzzer})
    player.play(Signal.GRANTED, 0.0)
    player.on_time(0.1)
    player.on_time(0.2)
    assert (buzzer.is_on, buzzer.changes) == (True, 1)
