"""The queue between a driver's thread and the loop."""

from __future__ import annotations

import os
import select

from drivers.feed import MAX_WAITING, Feed


def readable(feed: Feed[int]) -> bool:
    return bool(select.select([feed.fileno()], [], [], 0)[0])


def test_events_come_once_in_order_and_the_descriptor_follows() -> None:
    feed: Feed[int] = Feed()
    assert not readable(feed)
    assert feed.put(1)
    assert feed.put(2)
    assert readable(feed)
    assert feed.take() == (1, 2)
    assert not readable(feed)
    assert feed.take() == ()
    feed.close()


def test_wake_makes_it_readable_for_nothing() -> None:
    feed: Feed[int] = Feed()
    feed.wake()
    assert readable(feed)
    assert feed.take() == ()
    feed.close()


def test_waiting_events_are_bounded_and_the_latest_stay() -> None:
    feed: Feed[int] = Feed()
    for i in range(MAX_WAITING + 5):
        feed.put(i)
    assert feed.take() == tuple(range(5, MAX_WAITING + 5))
    feed.close()


def test_closed_feed_takes_nothing_and_never_touches_its_old_descriptor() -> None:
    feed: Feed[int] = Feed()
    feed.put(1)
    old = feed.fileno()
    feed.close()
    feed.close()
    pipe = os.pipe()  # the freed number is given out again
    assert old in pipe
    assert not feed.put(2)
    feed.wake()
    assert feed.take() == ()
    assert feed.fileno() == -1
    assert not select.select([pipe[0]], [], [], 0)[0]
    for fd in pipe:
        os.close(fd)
