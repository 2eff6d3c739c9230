"""The hasher's one thread: what runs, what waits, what is refused, and that it ends."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

import pytest

from terminal.hasher import MAX_WAITING, Hasher

WITHIN_S = 10.0


class Loop:
    """Takes what the thread posts, and calls it on the test's own thread."""

    def __init__(self) -> None:
        self.mail: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.heard: list[object] = []

    def turn(self, count: int = 1) -> list[object]:
        for _ in range(count):
            self.mail.get(timeout=WITHIN_S)()
        return self.heard


class Gate:
    """Work that goes on until it is let through."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.open = threading.Semaphore(0)

    def __call__(self) -> str:
        self.began.release()
        assert self.open.acquire(timeout=WITHIN_S)
        return threading.current_thread().name


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def hasher(loop: Loop) -> Iterator[Hasher]:
    one = Hasher(loop.mail.put)
    yield one
    one.close()


def test_work_is_done_on_the_thread_and_answered_where_it_was_asked(hasher: Hasher, loop: Loop) -> None:
    assert hasher.ask(lambda: threading.current_thread().name, loop.heard.append)
    assert loop.turn() == ["pin-hasher"]
    assert hasher.ask(lambda: "again", loop.heard.append)
    assert loop.turn() == ["pin-hasher", "again"]


def test_one_runs_two_wait_and_no_more(hasher: Hasher, loop: Loop) -> None:
    work = Gate()
    taken = [hasher.ask(work, loop.heard.append) for _ in range(10)]
    assert taken == [True] * (1 + MAX_WAITING) + [False] * 7
    assert work.began.acquire(timeout=WITHIN_S)
    assert not work.began.acquire(blocking=False)
    assert (hasher.has_room, hasher.is_idle) == (False, False)
    work.open.release(3)
    assert len(loop.turn(3)) == 3
    assert hasher.has_room
    assert hasher.ask(lambda: None, loop.heard.append)
    assert len(loop.turn()) == 4
    assert loop.mail.empty()


@pytest.mark.parametrize(
    "error", [MemoryError(), ValueError("memory limit exceeded"), OSError(), KeyError("a fault of ours")]
)
def test_work_that_fails_is_told_and_the_thread_goes_on(hasher: Hasher, loop: Loop, error: Exception) -> None:
    def fail() -> str:
        raise error

    hasher.ask(fail, loop.heard.append)
    hasher.ask(lambda: "next", loop.heard.append)
    assert loop.turn(2) == [None, "next"]


def test_the_end_forgets_what_waits_and_leaves_no_thread(loop: Loop) -> None:
    hasher, work = Hasher(loop.mail.put), Gate()
    for _ in range(1 + MAX_WAITING):
        hasher.ask(work, loop.heard.append)
    assert work.began.acquire(timeout=WITHIN_S)
    work.open.release(3)
    hasher.close()
    assert not hasher.ask(lambda: "late", loop.heard.append)
    assert loop.mail.qsize() <= 1 + MAX_WAITING
    hasher.close()


def test_without_work_there_is_no_thread(hasher: Hasher) -> None:
    hasher.close()
    assert "pin-hasher" not in {one.name for one in threading.enumerate()}
