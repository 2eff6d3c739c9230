"""An end that is asked for by a signal: it interrupts nothing, and a loop that waits is woken by it."""

from __future__ import annotations

import os
import select
import signal


class Ending:
    """SIGTERM and SIGINT, or ``numbers``, from now on to the process's end; to be made in its main thread.

    An exception raised at any moment was lost where an import or a finalizer swallowed it, and a
    lock taken by the handler could be one that the interrupted line held.
    """

    def __init__(self, *numbers: int) -> None:
        self.by: int | None = None
        """The signal that asked first."""
        self._told, tells = os.pipe()
        os.set_blocking(tells, False)
        # Written to as the signal comes, also between a look at it and the wait that follows.
        signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
        for number in numbers or (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._heard)

    def fileno(self) -> int:
        """Readable from when the end is asked for; nobody is to read it."""
        return self._told

    def asked(self, within_s: float = 0.0) -> bool:
        """Whether the end was asked for; waits so long for it."""
        return bool(select.select([self._told], [], [], within_s)[0])

    def _heard(self, number: int, _frame: object) -> None:
        # That there is a handler has the signal told by the wakeup descriptor; later ones do nothing.
        self.by = self.by or number
