"""The gate's event loop: file descriptors, deadlines, and a mailbox for threads.

Small on purpose: asyncio costs more start-up time than the whole gate may take
(docs/adr/0004). One loop per process; every decision is taken on its thread.
"""

from __future__ import annotations

import heapq
import itertools
import os
import selectors
import threading
from collections import deque
from collections.abc import Callable

LONGEST_WAIT_S = 1.0
"""The loop turns at least this often, so that ``on_turn`` proves it is alive."""


class Timer:
    """A callback at a deadline; ``cancel`` is free and may come late."""

    __slots__ = ("callback", "deadline")

    def __init__(self, deadline: float, callback: Callable[[], None]) -> None:
        self.deadline = deadline
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Forget the callback."""
        self.callback = None


class Loop:
    """A selector loop. Only ``post`` may be called from other threads."""

    def __init__(self, monotonic: Callable[[], float], on_turn: Callable[[float], None]) -> None:
        self._monotonic = monotonic
        self._on_turn = on_turn
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._mail: deque[Callable[[], None]] = deque()
        self._mail_lock = threading.Lock()
        self._closed = False
        self._stopped = False
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._selector.register(self._wake, selectors.EVENT_READ, self._take_mail)

    def monotonic(self) -> float:
        """The loop's clock."""
        return self._monotonic()

    def watch(self, fd: int, callback: Callable[[], None], *, write: bool = False) -> None:
        """Call back whenever ``fd`` is readable (or also writable); replaces an earlier watch."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if write else 0)
        if fd in self._selector.get_map():
            self._selector.modify(fd, events, callback)
        else:
            self._selector.register(fd, events, callback)

    def unwatch(self, fd: int) -> None:
        """Stop watching ``fd``; unknown ones are ignored."""
        if not self._closed and fd in self._selector.get_map():
            self._selector.unregister(fd)

    def call_at(self, deadline: float, callback: Callable[[], None]) -> Timer:
        """Call back once at ``deadline`` (monotonic seconds)."""
        timer = Timer(deadline, callback)
        heapq.heappush(self._timers, (deadline, next(self._order), timer))
        return timer

    def post(self, callback: Callable[[], None]) -> None:
        """Have the loop's thread call back soon; for other threads. Ignored once closed."""
        with self._mail_lock:
            if self._closed:
                return
            self._mail.append(callback)
            os.eventfd_write(self._wake, 1)

    def run(self) -> None:
        """Turn until ``stop``, which may have come already."""
        while not self._stopped:
            self.turn(LONGEST_WAIT_S)

    def stop(self) -> None:
        """End ``run`` after the present turn, for good; from the loop's thread or a signal handler."""
        self._stopped = True
        if not self._closed:
            os.eventfd_write(self._wake, 1)

    def turn(self, longest_wait_s: float) -> None:
        """One turn: wait for the next thing, do everything that is due."""
        now = self._monotonic()
        wait = longest_wait_s
        if self._timers:
            wait = min(wait, max(0.0, self._timers[0][0] - now))
        for key, _ in self._selector.select(wait):
            callback: Callable[[], None] = key.data
            callback()
        self._run_timers()
        self._on_turn(self._monotonic())

    def close(self) -> None:
        """Release the descriptors; later posts are ignored."""
        with self._mail_lock:
            if self._closed:
                return
            self._closed = True
            self._selector.close()
            os.close(self._wake)

    def _take_mail(self) -> None:
        os.eventfd_read(self._wake)
        for _ in range(len(self._mail)):
            self._mail.popleft()()

    def _run_timers(self) -> None:
        now = self._monotonic()
        while self._timers and self._timers[0][0] <= now:
            _, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                callback, timer.callback = timer.callback, None
                callback()
