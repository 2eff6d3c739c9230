"""Hashes what was typed on a thread of its own, so that no tap waits for it.

Its room is small on purpose: keypads hammered at every door cost a gate one thread's
time and the memory of one hash, and whoever finds no room is told to try again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

Result = TypeVar("Result")

MAX_WAITING: Final = 2
"""Entries that wait for the one being hashed; three people at keypads at once are many."""


class Hasher:
    """One worker. ``post`` brings answers to the loop; all methods but it are the loop's."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        """The thread starts with the first work: most gates have no keypad."""
        self._post = post
        self._changed = threading.Condition()
        self._waiting: deque[Callable[[], None]] = deque()
        self._running = False
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def has_room(self) -> bool:
        """Whether `ask` would be taken."""
        with self._changed:
            # The thread may not have fetched the first yet: it counts as the one that runs.
            return not self._closed and len(self._waiting) + self._running <= MAX_WAITING

    @property
    def is_idle(self) -> bool:
        """Nothing runs or waits: every answer has been posted."""
        with self._changed:
            return not self._running and not self._waiting

    def ask(self, work: Callable[[], Result], done: Callable[[Result | None], None]) -> bool:
        """Have ``work`` done and ``done`` called with its result, ``None`` if it failed; False: no room."""

        def job() -> None:
            try:
                result = work()
            except Exception:  # noqa: BLE001 - the thread's outermost loop: told, whatever it was
                self._post(lambda: done(None))
            else:
                self._post(lambda: done(result))

        if not self.has_room:
            return False
        with self._changed:
            self._waiting.append(job)
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pin-hasher", daemon=True)
            self._thread.start()
        return True

    def close(self) -> None:
        """Forget what waits and end the thread: at most one hash later."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._running = False
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                job = self._waiting.popleft()
                self._running = True
            job()
