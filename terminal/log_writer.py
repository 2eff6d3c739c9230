"""The log writer: one thread that makes events durable, so that no door ever waits for the disk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sync.events import EventKind
from terminal.log_backlog import MAX_WAITING, Backlog, Done, Pending
from terminal.stores.errors import StoreError
from terminal.stores.usage_log import Entry, Stamp, UsageLog

PURGE_EVERY_S: Final = 3600.0
"""Retention is counted in days; an hour is soon enough."""
CHORE_RETRY_S: Final = 30.0
LONGEST_WAIT_S: Final = 60.0


class LogUnavailableError(StoreError):
    """The event was not recorded: no room in memory, too late, or the writer has stopped."""


class LogHealth(Struct, frozen=True):
    """The writer's state for ``status``."""

    running: bool
    backlog: int = 0
    """Events that wait for the disk."""
    lost: int = 0
    """Events that could not be kept since the start."""
    last_error: str = ""
    """Why the last attempt failed, for a person; empty after a success."""
    commit_s: float = 0.0
    """How long the last commit took."""


class LogWriter:
    """Owns the usage log from ``start`` to ``stop``; every method but those is for any thread."""

    def __init__(
        self,
        log: UsageLog,
        *,
        stamp: Stamp,
        monotonic: Callable[[], float],
        trusted_utc: Callable[[], int | None],
        max_waiting: int = MAX_WAITING,
    ) -> None:
        """``stamp`` and ``trusted_utc`` (UTC seconds, ``None`` unless trusted) are called on the thread."""
        self._log = log
        self._stamp = stamp
        self._monotonic = monotonic
        self._trusted_utc = trusted_utc
        self._changed = threading.Condition()
        self._backlog = Backlog(max_waiting)
        self._acknowledged = 0
        self._writing = False
        self._settling: list[Callable[[], None]] = []
        self._stopping = False
        self._health = LogHealth(running=False)
        self._chores_at = monotonic()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)

    def start(self) -> None:
        """Start the thread; the log is the thread's from here on."""
        self._health = replace(self._health, running=True)
        self._thread.start()

    def submit(self, entry: Entry, done: Done | None = None, *, urgent: bool = False) -> None:
        """Hand over one event; never blocks.

        ``done`` gets the number once the event is durable, or the error. It is called on
        the writer's thread, or at once on this one if the event cannot even be queued.
        ``urgent`` entries are committed without waiting and never retried.
        """
        pending = Pending(entry, done, urgent, self._monotonic())
        with self._changed:
            due_at = self._backlog.due_at()
            accepted = self._health.running and not self._stopping and self._backlog.add(pending)
            if not accepted and not urgent:
                self._health = replace(self._health, lost=self._health.lost + 1)
            if self._backlog.due_at() != due_at:
                # Else the thread wakes in time by itself; waking it would cost the next tap 0.1 ms.
                self._changed.notify()
        if not accepted:
            pending.tell(LogUnavailableError("usage log: no room for this event; see the log's last error"))

    def when_settled(self, done: Callable[[], None]) -> None:
        """Call ``done`` once all that was handed over before is durable or refused; maybe at once.

        It is called on the writer's thread, or on this one.
        """
        with self._changed:
            waits = self._health.running and (self._writing or len(self._backlog) > 0)
            if waits:
                self._settling.append(done)
        if not waits:
            done()

    def acknowledge(self, epoch: bytes, number: int) -> None:
        """The office has all events of ``epoch`` up to ``number``; written when nothing else waits."""
        with self._changed:
            if epoch == self._log.head.header.epoch:
                self._acknowledged = max(self._acknowledged, number)
            self._chores_at = min(self._chores_at, self._monotonic())
            self._changed.notify()

    def health(self) -> LogHealth:
        """How the writer is doing."""
        with self._changed:
            return replace(self._health, backlog=len(self._backlog))

    def stop(self, within_s: float = 10.0) -> bool:
        """Write what waits and close the log; ``False`` if the disk hangs longer than ``within_s``."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except Exception as error:  # noqa: BLE001 - the thread's outermost loop: told, and begun anew
            with self._changed:
                self._health = replace(self._health, last_error=f"the log's writer failed: {error!r}")
        finally:
            self._end()

    def _step(self) -> bool:
        """Wait for work and do one piece of it; ``False`` once stopped and nothing is left to try."""
        with self._changed:
            now = self._monotonic()
            due_at = self._next_write()
            while not self._stopping and min(due_at, self._chores_at) > now:
                self._changed.wait(min(due_at - now, self._chores_at - now, LONGEST_WAIT_S))
                now = self._monotonic()
                due_at = self._next_write()
            stale = self._backlog.take_stale(now)
            writing = due_at <= now or self._stopping
            group = self._backlog.take() if writing else []
            lost = self._backlog.unrecorded_lost if writing else 0
            self._writing = bool(group)
        for pending in stale:
            pending.tell(LogUnavailableError("usage log: the disk was too slow; nothing was spent"))
        written = self._write(group, lost) if group or lost else True
        self._settle()
        if self._stopping:
            return written and len(self._backlog) > 0
        self._do_chores(now)
        return True

    def _settle(self) -> None:
        with self._changed:
            self._writing = False
            if len(self._backlog):
                return
            settled, self._settling = self._settling, []
        for done in settled:
            done()

    def _next_write(self) -> float:
        due_at = self._backlog.due_at()
        return float("inf") if due_at is None else due_at

    def _write(self, group: list[Pending], lost: int) -> bool:
        began = self._monotonic()
        entries = [one.entry for one in group]
        if lost:
            entries.insert(0, Entry(self._stamp(EventKind.EVENTS_LOST, {"count": lost, "cause": "disk"})))
        try:
            results = self._log.commit(entries)
        except StoreError as error:
            self._failed(group, error)
            return False
        except Exception as error:
            self._failed(group, LogUnavailableError(f"usage log: {error!r}"))
            raise  # ends the thread; whoever waits is told, and the gate begins anew
        with self._changed:
            self._backlog.succeeded(lost)
            took_s = self._monotonic() - began
            self._health = replace(self._health, last_error="", commit_s=took_s)
        for pending, result in zip(group, results[len(results) - len(group) :], strict=True):
            pending.tell(result)
        return True

    def _failed(self, group: list[Pending], error: StoreError) -> None:
        with self._changed:
            urgent = self._backlog.failed(group, self._monotonic())
            self._health = replace(self._health, last_error=str(error))
        for pending in urgent:
            pending.tell(error)

    def _do_chores(self, now: float) -> None:
        """What can wait, while nothing else does: acknowledgement, retention, checkpoints."""
        with self._changed:
            if self._backlog.due_at() == 0.0:
                return
            acknowledged = self._acknowledged if now >= self._chores_at else 0
            if acknowledged:
                self._acknowledged = 0  # acknowledgements are cumulative: a failed one comes again
        try:
            self._log.tidy()
            if now >= self._chores_at:
                self._keep_house(acknowledged, now)
        except StoreError as error:
            with self._changed:
                self._chores_at = now + CHORE_RETRY_S
                self._health = replace(self._health, last_error=str(error))

    def _keep_house(self, acknowledged: int, now: float) -> None:
        utc_s = self._trusted_utc()
        if acknowledged:
            self._log.acknowledge(acknowledged, utc_s)
        more = utc_s is not None and self._log.purge(utc_s)
        with self._changed:
            if not self._acknowledged:
                # From when it was due, not from when the disk was done.
                self._chores_at = now + (0.0 if more else PURGE_EVERY_S)

    def _end(self) -> None:
        """Close the log and tell whoever still waits, whatever ended the thread."""
        self._log.close()
        with self._changed:
            left: list[Pending] = []
            while group := self._backlog.take():
                left += group
            lost = sum(not one.urgent for one in left)
            self._health = replace(self._health, running=False, lost=self._health.lost + lost)
            settled, self._settling = self._settling, []
        for done in settled:
            done()
        for pending in left:
            pending.tell(LogUnavailableError("usage log: the writer has stopped"))
