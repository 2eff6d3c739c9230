"""Signals that ask a command to end, kept while it must not be cut off just anywhere.

A handler that raises would do so at any line, also between two that belong together, and in a finalizer it
would be lost. This one only keeps the signal: the command looks where it may end, and what waits is woken.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Somebody wants it to end: the service manager, whoever sits there, or a terminal that was lost."""


class Kept:
    """The signals that came."""

    def __init__(self, woken: int) -> None:
        """``woken``: becomes readable by a signal."""
        self._woken = woken
        self._came = False
        self._told = False

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """Keep one; for the interpreter."""
        self._came = True

    def look(self) -> None:
        """End here if a signal asked for it. Once: what clears up afterwards may look and wait as well.

        Raises:
            KeyboardInterrupt: whichever signal it was.
        """
        if self._came and not self._told:
            self._told = True
            raise KeyboardInterrupt

    def wait(self, descriptors: Sequence[int], seconds: float | None) -> None:
        """Wait until one of them can be read or the time is over; a signal ends it as `look` says."""
        self.look()
        # Told already: nothing wakes this wait any more, or it would not wait at all.
        wakers = [] if self._told else [self._woken]
        select.select([*descriptors, *wakers], [], [], seconds)
        self.look()


@contextmanager
def kept_signals() -> Iterator[Kept]:
    """Keep them inside; those that are ignored stay so (nohup). For the main thread.

    A signal at which nobody looked is gone at the end: whoever needs to know looks once more.
    """
    woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    kept = Kept(woken)
    before = {}
    waker_before = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    try:
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, kept.note)
        yield kept
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(waker_before)
        os.close(woken)
        os.close(waker)
