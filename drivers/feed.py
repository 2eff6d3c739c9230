"""Events handed from a driver's thread to the gate's loop: a queue behind a file descriptor.

A closed feed takes nothing more. Each opened device has its own feed, so a thread that
was left behind (a frozen service, say) can never speak for the device opened after it.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from typing import Generic, TypeVar

Event = TypeVar("Event")

MAX_WAITING = 256
"""A loop this far behind is already dead to its watchdog; the oldest events go."""

_CLOSED_FD = -1


class Feed(Generic[Event]):
    """Any thread puts, the loop takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[Event] = deque(maxlen=MAX_WAITING)
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """Readable while events wait or a wake-up is pending; -1 once closed."""
        return self._fd

    def put(self, event: Event) -> bool:
        """Queue one event; False (and nothing done) once the feed is closed."""
        with self._lock:
            if self._fd == _CLOSED_FD:
                return False
            self._events.append(event)
            os.eventfd_write(self._fd, 1)
        return True

    def wake(self) -> None:
        """Make the descriptor readable without an event: a deadline may have changed."""
        with self._lock:
            if self._fd != _CLOSED_FD:
                os.eventfd_write(self._fd, 1)

    def take(self) -> tuple[Event, ...]:
        """All waiting events, oldest first; never blocks."""
        with self._lock:
            if self._fd == _CLOSED_FD:
                return ()
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(self._fd)
            events = tuple(self._events)
            self._events.clear()
        return events

    @property
    def is_closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._fd == _CLOSED_FD

    def close(self) -> None:
        """Drop what waits and release the descriptor. May be called twice."""
        # Under the lock: a late put must never write to a descriptor number that was given out again.
        with self._lock:
            if self._fd != _CLOSED_FD:
                os.close(self._fd)
                self._fd = _CLOSED_FD
                self._events.clear()
