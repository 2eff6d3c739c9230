"""A reader whose device is served by a thread: what the thread says comes by a feed, its error once.

What OSDP and Wiegand readers share. The thread's body is given; it ends when the feed is closed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from drivers.feed import Feed
from drivers.ports import DriverError, ReaderEvent


class Served:
    """The thread and its feed. ``release`` gives the device back; it runs last, in the thread."""

    def __init__(self, name: str, *, body: Callable[[], None], release: Callable[[], None]) -> None:
        self.feed: Feed[ReaderEvent] = Feed()
        self._body = body
        self._release = release
        self._gone: DriverError | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to serve; once everything that the body needs is there."""
        self._thread.start()

    def take(self) -> tuple[ReaderEvent, ...]:
        """The waiting events, oldest first.

        Raises:
            DriverError: the device is gone, as the body told; not after ``close``.
        """
        if self._gone is not None and not self.feed.is_closed:
            raise self._gone
        return self.feed.take()

    def close(self) -> None:
        """Let the thread say nothing more, and see that it shall end. May be called twice."""
        self.feed.close()

    def join(self, within_s: float) -> None:
        """Wait for its end, so long at most."""
        self._thread.join(within_s)

    def _run(self) -> None:
        try:
            self._body()
        except DriverError as error:
            self._gone = error
            self.feed.wake()
        finally:
            self._release()
