"""The gate's loop: deadlines in order, descriptors, a mailbox for threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from terminal import clock
from terminal.loop import Loop


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def loop(hand: Hand) -> Iterator[Loop]:
    made = Loop(hand, lambda _now: None)
    yield made
    made.close()


def test_timers_run_in_order_of_deadline_once(loop: Loop, hand: Hand) -> None:
    ran: list[str] = []
    loop.call_at(102.0, lambda: ran.append("late"))
    loop.call_at(101.0, lambda: ran.append("early"))
    loop.call_at(101.0, lambda: ran.append("early, second"))
    loop.turn(0)
    assert ran == []
    hand.now = 103.0
    loop.turn(0)
    loop.turn(0)
    assert ran == ["early", "early, second", "late"]


def test_a_cancelled_timer_never_runs(loop: Loop, hand: Hand) -> None:
    ran: list[str] = []
    timer = loop.call_at(101.0, lambda: ran.append("ran"))
    timer.cancel()
    hand.now = 102.0
    loop.turn(0)
    assert ran == []


def test_a_timer_may_set_the_next_one(loop: Loop, hand: Hand) -> None:
    ran: list[float] = []

    def again() -> None:
        ran.append(hand.now)
        loop.call_at(hand.now + 1, again)

    loop.call_at(101.0, again)
    for hand.now in (101.0, 102.0, 103.0):
        loop.turn(0)
    assert ran == [101.0, 102.0, 103.0]


def test_a_readable_descriptor_calls_back_until_unwatched(loop: Loop) -> None:
    seen: list[bytes] = []
    out, into = os.pipe()
    try:
        loop.watch(out, lambda: seen.append(os.read(out, 10)))
        os.write(into, b"one")
        loop.turn(1)
        loop.unwatch(out)
        loop.unwatch(out)
        os.write(into, b"two")
        loop.turn(0)
    finally:
        os.close(out)
        os.close(into)
    assert seen == [b"one"]


def test_a_post_from_another_thread_wakes_the_loop() -> None:
    turned_on: list[int] = []
    loop = Loop(clock.monotonic, lambda _now: None)

    def stop() -> None:
        turned_on.append(threading.get_ident())
        loop.stop()

    poster = threading.Thread(target=lambda: loop.post(stop))
    poster.start()
    loop.run()
    poster.join()
    loop.close()
    assert turned_on == [threading.get_ident()]


def test_posting_to_a_closed_loop_is_ignored(hand: Hand) -> None:
    loop = Loop(hand, lambda _now: None)
    loop.close()
    loop.post(lambda: pytest.fail("ran after close"))
    loop.close()


def test_every_turn_reports_itself_so_that_a_hang_is_noticed(hand: Hand) -> None:
    turns: list[float] = []
    loop = Loop(hand, turns.append)
    loop.turn(0)
    hand.now = 101.5
    loop.turn(0)
    loop.close()
    assert turns == [100.0, 101.5]
