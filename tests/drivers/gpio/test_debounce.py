"""Debounce: what stands still long enough counts, and nothing else does."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from drivers.gpio._debounce import Debounce, Settled

FOR_S = 0.05
POLL_S = 0.02
MOVES = st.lists(st.tuples(st.booleans(), st.floats(0.001, 0.2)), max_size=40)
"""Levels, and how long each stands."""


def test_level_counts_from_the_moment_it_has_stood_long_enough_and_the_deadline_says_when() -> None:
    contact = Debounce(False, FOR_S)
    deadlines = [contact.deadline]
    assert contact.moved(True, 10.0) == ()
    deadlines.append(contact.deadline)
    assert contact.settle(10.04) == ()
    assert contact.settle(10.5) == (Settled(True, 10.0 + FOR_S),)
    assert [*deadlines, contact.deadline] == [None, 10.0 + FOR_S, None]


def test_without_debounce_every_edge_counts_at_once() -> None:
    contact = Debounce(False, 0.0)
    assert contact.moved(True, 1.0) == (Settled(True, 1.0),)
    assert contact.moved(False, 1.0) == (Settled(False, 1.0),)


def test_edges_told_late_count_by_their_own_times() -> None:
    contact = Debounce(False, FOR_S)
    told = contact.moved(True, 10.0) + contact.moved(False, 10.4) + contact.settle(20.0)
    assert told == (Settled(True, 10.0 + FOR_S), Settled(False, 10.4 + FOR_S))


def test_sample_that_has_come_back_is_a_spike_even_if_nobody_looked_for_long() -> None:
    contact = Debounce(False, FOR_S)
    contact.sampled(True, 10.0)
    assert contact.sampled(False, 12.0) == ()
    assert contact.deadline is None


@given(MOVES)
def test_edges_alternate_and_each_stood_for_its_time(moves: list[tuple[bool, float]]) -> None:
    contact, now = Debounce(False, FOR_S), 100.0
    settled: list[Settled] = []
    for level, stands_s in moves:
        settled += contact.moved(level, now)
        now += stands_s
    settled += contact.settle(now + 1)
    assert [one.level for one in settled] == [number % 2 == 0 for number in range(len(settled))]
    assert all(later.at - earlier.at >= FOR_S - 1e-9 for earlier, later in pairwise(settled))
    assert contact.level is (moves[-1][0] if moves else False)


@given(MOVES)
def test_each_level_that_stands_long_enough_is_told_and_no_shorter_one(
    moves: list[tuple[bool, float]],
) -> None:
    contact, now, expected, stood = Debounce(False, FOR_S), 100.0, [False], 1.0
    level_now = False
    settled: list[Settled] = []
    for level, stands_s in moves:
        stood = stood + stands_s if level == level_now else stands_s
        level_now = level
        if stood > FOR_S + 1e-9 and expected[-1] is not level:
            expected.append(level)
        settled += contact.moved(level, now)
        now += stands_s
    settled += contact.settle(now)
    if all(abs(stands_s - FOR_S) > 1e-6 for _, stands_s in moves):
        assert [False, *(one.level for one in settled)] == expected


@given(st.floats(0, POLL_S), st.floats(0.001, 0.2), st.floats(0.4, 2))
def test_polling_never_misses_a_pulse_of_400_ms(late_s: float, for_s: float, pulse_s: float) -> None:
    contact = Debounce(False, for_s)
    told: list[Settled] = []
    for poll in range(int((pulse_s + 1) / POLL_S)):
        now = poll * POLL_S
        told += contact.sampled(late_s <= now < late_s + pulse_s, now)
    assert [one.level for one in told] == [True, False]
