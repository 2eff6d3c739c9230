"""Parts around a gate under test: its clock, its disk, its log's answers, a client that listens."""

from __future__ import annotations

import threading
from typing import Final

from msgspec import Struct, field

from terminal.clock import Reading
from terminal.control import Answer
from terminal.log_backlog import Done, Result
from terminal.log_service import LogService
from terminal.stores.errors import StoreError
from terminal.stores.usage_log import Entry
from tests.support import estate

WITHIN_S: Final = 10.0
"""Far above what anything here takes: a deadline for a hang, not a measure."""


class HandClock:
    """The machine's three clocks; they run when told to."""

    def __init__(self) -> None:
        self.monotonic = 1000.0
        self._wall_offset_ms = estate.NOW * 1000 + 3_600_000 - 1_000_000

    def read(self) -> Reading:
        """Monotonic and boot clock agree: this machine never sleeps."""
        boottime_ms = int(self.monotonic * 1000)
        return Reading(self.monotonic, boottime_ms, boottime_ms + self._wall_offset_ms)

    @property
    def utc(self) -> int:
        """What the system clock says, UTC seconds."""
        return self.read().system_ms // 1000

    def step(self, seconds: float) -> None:
        """Somebody sets the system clock."""
        self._wall_offset_ms += int(seconds * 1000)

    def set_utc(self, utc: int) -> None:
        """Somebody sets the system clock to this second."""
        self.step(utc - self.read().system_ms / 1000)

    def reboot(self) -> None:
        """Monotonic and boot clock begin anew, the wall clock goes on."""
        before = self.read().system_ms
        self.monotonic = 10.0
        self._wall_offset_ms = before - 10_000


class Disk:
    """The log's disk, hooked in where the store has its checkpoints."""

    def __init__(self) -> None:
        self.broken = False
        self.held = threading.Event()
        """Set once a commit has begun while ``hold`` was asked for."""
        self._go_on = threading.Event()
        self._go_on.set()

    def __call__(self, step: str) -> None:
        """Called by the store before each step of a write."""
        if step == "before commit":
            if not self._go_on.is_set():
                self.held.set()
                assert self._go_on.wait(WITHIN_S)
            if self.broken:
                raise StoreError("the disk is full")

    def hold(self) -> None:
        """Let the next commit hang until ``let_go``."""
        self.held.clear()
        self._go_on.clear()

    def let_go(self) -> None:
        """The disk answers again."""
        self._go_on.set()


class Counted:
    """Passes entries on to the log and knows how many of them have no answer yet."""

    def __init__(self, log: LogService) -> None:
        self._log = log
        self._changed = threading.Condition()
        self.waiting = 0
        self.patient = 0
        """Entries so far that wait for others to be stored with them."""

    def submit(self, entry: Entry, done: Done | None = None, *, urgent: bool = False) -> None:
        """As `LogService.submit`."""

        def answered(result: Result) -> None:
            if done is not None:
                done(result)
            with self._changed:
                self.waiting -= 1
                self._changed.notify_all()

        with self._changed:
            self.waiting += 1
            self.patient += not urgent
        self._log.submit(entry, answered, urgent=urgent)

    def wait(self, within_s: float = WITHIN_S) -> None:
        """Wait until every entry has its answer."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.waiting == 0, within_s), "the log does not answer"


class Silent(Struct):
    """A client of the command socket that only listens."""

    open: bool = True
    heard: list[Answer] = field(default_factory=list)

    def send(self, answer: Answer) -> None:
        """Keep what was said."""
        self.heard.append(answer)
