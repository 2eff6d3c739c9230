"""The usage log as the gate uses it: open it, write to it, live without it.

A disk that is full or read-only at the start must not keep a gate shut: ordinary
grants open and lost events are counted, while counted grants refuse, until the log can
be opened after all. What lost events changed (a lockdown, say) is not lost with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.events import Detail, EventKind
from terminal.config import Config
from terminal.log_backlog import Done
from terminal.log_writer import LogHealth, LogUnavailableError, LogWriter
from terminal.loop import Loop
from terminal.memory import Memory
from terminal.stores.access_state import StateChange
from terminal.stores.errors import StoreError
from terminal.stores.files import StoreBusyError
from terminal.stores.usage_log import Entry, Limits, Stamp
from terminal.stores.usage_opening import Founding, open_usage_log

if TYPE_CHECKING:
    from terminal.counted_scan import CountedScan

RETRY_S = 15.0
DAY_S = 86_400
EPOCH_BYTES = 16


class LogSources(Struct, frozen=True):
    """What the log is given from outside."""

    stamp: Stamp
    random_bytes: Callable[[int], bytes]
    trusted_utc: Callable[[], int | None]


class LogService:
    """Opens the log, again and again if need be, and hands entries to its writer."""

    def __init__(
        self,
        config: Config,
        loop: Loop,
        memory: Memory,
        sources: LogSources,
        on_late: Callable[[], None],
    ) -> None:
        """``on_late``: the log could be opened after all, and the memory knows what it holds."""
        self._config = config
        self._loop = loop
        self._memory = memory
        self._sources = sources
        self._on_late = on_late
        self._writer: LogWriter | None = None
        self._problem = ""
        self._lost = 0
        self._unstored = StateChange()
        """What the lost events changed, in their order."""
        self._closed = False
        self._scan: CountedScan | None = None

    def open(self) -> None:
        """Open at the start; a failure of the disk is kept for ``health`` and tried again.

        Raises:
            StoreBusyError: another gate process runs on this state directory.
        """
        try:
            self._open()
        except StoreBusyError:
            raise
        except StoreError as error:
            self._retry(error)

    def look(self) -> None:
        """Begin anew if the writer has ended by itself."""
        if self._writer is not None and not self._writer.health().running:
            self._problem = self._writer.health().last_error
            self._lost += self._writer.health().lost
            self._writer = None
            self._open_late()

    def _open(self) -> None:
        limits = Limits(
            max_events=self._config.log.max_events, retention_s=self._config.log.retention_days * DAY_S
        )
        founding = Founding(lambda: self._sources.random_bytes(EPOCH_BYTES), self._sources.stamp)
        log = open_usage_log(self._config.terminal_dir, founding, limits=limits)
        state = log.access_state()
        self._unstored = self._memory.restore(state, self._unstored)
        self._writer = LogWriter(
            log,
            stamp=self._sources.stamp,
            monotonic=self._loop.monotonic,
            trusted_utc=self._sources.trusted_utc,
        )
        self._writer.start()
        self._problem = ""
        self._tell_lost(self._writer)
        if state.all_void and self._scan is None:
            self._look_for_counted()

    def _look_for_counted(self) -> None:
        """Counts were lost: every counted grant refuses until it is known, and stored, which there are."""
        from terminal.counted_scan import CountedScan  # noqa: PLC0415 - only after a loss

        def known(grant_ids: frozenset[int]) -> None:
            self._scan = None
            change = StateChange(void=grant_ids)
            self._memory.take(change)
            detail: dict[str, Detail] = {"count": len(grant_ids)}
            self.submit(Entry(self._sources.stamp(EventKind.ACCESS_STATE_LOST, detail), change))

        self._scan = CountedScan(self._config.sync_dir, self._loop, known)

    def _open_late(self) -> None:
        if self._closed:
            return
        try:
            self._open()
        except StoreError as error:
            self._retry(error)
        else:
            self._on_late()

    def _retry(self, error: StoreError) -> None:
        self._problem = str(error)
        self._loop.call_at(self._loop.monotonic() + RETRY_S, self._open_late)

    def submit(self, entry: Entry, done: Done | None = None, *, urgent: bool = False) -> None:
        """Store ``entry`` soon (see `LogWriter.submit`)."""
        if self._writer is not None:
            self._writer.submit(entry, done, urgent=urgent)
            return
        if not urgent:
            self._lost += 1
            self._unstored = self._unstored.then(entry.change)
        if done is not None:
            done(LogUnavailableError(f"usage log: {self._problem or 'closed'}"))

    def health(self) -> LogHealth:
        """How the log is doing."""
        if self._writer is None:
            return LogHealth(running=False, lost=self._lost, last_error=self._problem)
        return self._writer.health()

    def when_settled(self, done: Callable[[], None]) -> None:
        """Call ``done`` once all that was submitted before is durable or lost (see `LogWriter`)."""
        if self._writer is None:
            done()
        else:
            self._writer.when_settled(done)

    def acknowledge(self, epoch: bytes, number: int) -> None:
        """The office has every event up to ``number`` of this log epoch; of another it says nothing."""
        if self._writer is not None:
            self._writer.acknowledge(epoch, number)

    def close(self) -> None:
        """Write what waits and end the writer's thread."""
        self._closed = True
        if self._scan is not None:
            self._scan.close()
        if self._writer is not None:
            self._writer.stop()
            self._writer = None

    def _tell_lost(self, writer: LogWriter) -> None:
        if self._lost:
            detail: dict[str, Detail] = {"count": self._lost, "cause": "log not open"}
            writer.submit(Entry(self._sources.stamp(EventKind.EVENTS_LOST, detail), self._unstored))
            self._lost, self._unstored = 0, StateChange()
