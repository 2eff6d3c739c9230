"""Patterns can be told apart without colour, and none holds up the next."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.indicator import (
    REPEATS,
    RHYTHMS,
    Output,
    Player,
    Rhythm,
    Signal,
    frame,
    outputs_of,
    rhythm_errors,
)

SIGNALS = st.sampled_from(Signal)
RHYTHM = st.builds(Rhythm, st.integers(1, 10), st.floats(0.03, 3), st.floats(0.03, 3), st.booleans())
PASSING = [signal for signal in Signal if signal not in REPEATS]
COLOURS = (Output.LAMP, Output.GREEN, Output.RED, Output.BLUE)
FITTINGS = [
    {Output.LAMP},
    {Output.GREEN, Output.RED},
    {Output.GREEN, Output.RED, Output.BLUE},
    {Output.BUZZER},
    set(Output),
]


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


def shown_by(signal: Signal) -> frozenset[Output]:
    return outputs_of(signal, RHYTHMS[signal], set(Output))


@pytest.mark.parametrize("fitted", FITTINGS)
def test_every_signal_is_shown_by_whatever_is_fitted(fitted: set[Output]) -> None:
    for signal in Signal:
        assert outputs_of(signal, RHYTHMS[signal], fitted), signal
        assert sum(one in COLOURS[1:] for one in outputs_of(signal, RHYTHMS[signal], fitted)) <= 1


def test_third_colour_takes_for_now_from_red() -> None:
    two, three = {Output.GREEN, Output.RED}, {Output.GREEN, Output.RED, Output.BLUE}
    rhythm = RHYTHMS[Signal.NOT_NOW]
    assert outputs_of(Signal.NOT_NOW, rhythm, two) == {Output.RED}
    assert outputs_of(Signal.NOT_NOW, rhythm, three) == {Output.BLUE}
    assert outputs_of(Signal.REFUSED, rhythm, three) == {Output.RED}


def test_silent_pattern_is_seen_and_not_heard() -> None:
    silent = Rhythm(1, 1.0, 0.1, buzzer=False)
    assert outputs_of(Signal.GRANTED, silent, set(Output)) == {Output.LAMP, Output.GREEN}


def test_what_is_shown_unless_configured_can_be_told_apart_and_ends_in_time() -> None:
    assert set(RHYTHMS) == set(Signal)
    assert list(rhythm_errors(RHYTHMS)) == []
    assert all(RHYTHMS[signal].length_s <= 2 for signal in PASSING)


def test_equal_counts_and_endless_signals_are_refused_by_name() -> None:
    told = list(rhythm_errors({**RHYTHMS, Signal.FAULT: Rhythm(3, 1.0, 1.0)}))
    assert len(told) == 2
    assert "'fault' lasts 6 s" in told[0]
    assert "'fault' and 'refused'" in told[1]


@given(RHYTHM, st.booleans(), st.floats(0, 1e6), st.floats(0, 1e4))
def test_frame_always_knows_a_later_deadline_or_is_dark(
    rhythm: Rhythm, repeats: bool, start: float, elapsed: float
) -> None:
    now = start + elapsed
    shown = frame(rhythm, start, now, repeats=repeats)
    if shown.until is None:
        assert not shown.on
        assert not repeats
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
    assert pulses == pytest.approx([RHYTHMS[signal].on_s] * RHYTHMS[signal].pulses)
    assert lit(shown) == set()


@given(st.lists(st.tuples(SIGNALS, st.floats(0, 3)), min_size=1, max_size=10))
def test_new_signal_replaces_the_running_one_at_once(plays: list[tuple[Signal, float]]) -> None:
    shown, now = lamps(), 50.0
    player = Player(shown)
    for signal, pause in plays:
        player.play(signal, now)
        assert lit(shown) == shown_by(signal)
        now += pause
        player.on_time(now)


def test_standing_signal_comes_back_after_a_passing_one_until_cleared() -> None:
    shown = lamps()
    player = Player(shown)
    player.play(Signal.PRE_ALARM, 0.0)
    player.play(Signal.GRANTED, 0.2)
    assert lit(shown) == shown_by(Signal.GRANTED)
    player.on_time(2.05)  # the third second's tick of the pre-alarm
    assert lit(shown) == shown_by(Signal.PRE_ALARM)
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
