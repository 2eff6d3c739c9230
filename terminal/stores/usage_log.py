"""The usage log: the one writing store of `usage.db`, with spends and latched state.

Every event gets its number inside the commit, together with the spends and state
changes that belong to it; nothing is shown before the disk has it (WAL with
``synchronous=FULL``). A damaged database is set aside and a new log epoch begins.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from sync.events import Detail, Event, EventError, EventKind, encode_event, link, payload_hash
from terminal.stores import retention
from terminal.stores.access_state import AccessState, Rows, Staging, StateChange, view, write_rows
from terminal.stores.database import DamagedError, make_log_room, sqlite_errors, transaction
from terminal.stores.errors import StoreError
from terminal.stores.files import Checkpoint, WriterLock
from terminal.stores.usage_rows import (
    Head,
    Point,
    StoredEvent,
    read_events,
    walk_chain,
)

WAL_ROOM_BYTES: Final = 256 * 1024
"""Size the write-ahead log is given beforehand. Appending to a file that need not grow
costs one 4 KiB block and one flush; growing it costs 19 kB and two (ext4 journal)."""
CHECKPOINT_FRAMES: Final = 160
"""Checkpoint well before the room is used up (each frame is a page of 1 KiB)."""

Stamp = Callable[[EventKind, dict[str, Detail]], Event]
"""Makes an event of the gate itself, with boot id, times and clock state of this moment."""


class EntryRefusedError(StoreError):
    """The event itself cannot be stored (too large, not encodable); others go on."""


class Entry(Struct, frozen=True):
    """One event and what it changes: both durable, or neither."""

    event: Event
    change: StateChange = field(default_factory=StateChange)


class Limits(Struct, frozen=True):
    """How much the log keeps."""

    max_events: int = retention.MAX_EVENTS
    retention_s: int = retention.RETENTION_S
    """Seconds an event stays after the office has it."""


class Database(Struct, frozen=True):
    """An open, believed database: what opening or founding it hands to the store."""

    path: Path
    connection: sqlite3.Connection
    head: Head
    rows: Rows


class UsageLog:
    """The writing side. One thread at a time; see `terminal.stores.usage_opening.open_usage_log`."""

    def __init__(
        self,
        database: Database,
        *,
        lock: WriterLock,
        renew: Callable[[Rows], Database],
        stamp: Stamp,
        limits: Limits,
        checkpoint: Checkpoint,
    ) -> None:
        self._take(database)
        self._lock = lock
        self._renew = renew
        self._stamp = stamp
        self._limits = limits
        self._checkpoint = checkpoint

    def _take(self, database: Database) -> None:
        self._path = database.path
        self._connection = database.connection
        self._head = database.head
        self._rows = database.rows
        self._frames = 0
        self._has_room = False
        self._damaged = False

    @property
    def head(self) -> Head:
        """Epoch, anchor, acknowledged number and last event, as committed."""
        return self._head

    def access_state(self) -> AccessState:
        """Spends, positions and latches, as committed."""
        return view(self._rows)

    def commit(self, entries: Sequence[Entry]) -> list[int | StoreError]:
        """Store all entries in one transaction; per entry its number, or why it was refused.

        After damage the next call begins a new epoch with the state as committed.

        Raises:
            DamagedError: the database cannot be believed; nothing of this was stored.
            StoreError: disk full, read-only or failing; nothing of this was stored.
        """
        if self._damaged:
            self._close_database()
            self._take(self._renew(self._rows))
        staging = Staging(self._rows)
        results: list[int | StoreError] = []
        chain = _Chain(self._head.last)
        for entry in entries:
            try:
                payload = _encoded(entry.event)
                _stage(staging, entry.change)
            except StoreError as error:
                results.append(error)
            else:
                results.append(chain.add(payload))
        if chain.rows:
            self._store(chain, staging)
        return results

    def _store(self, chain: _Chain, staging: Staging) -> None:
        header = self._head.header
        drop = retention.drop_for(header, chain.last.number, self._limits.max_events)
        if drop is not None and drop.lost:
            chain.add(_encoded(self._stamp(EventKind.EVENTS_LOST, {"count": drop.lost, "cause": "full"})))
        with self._transaction():
            self._connection.executemany(
                "INSERT INTO events (number, payload, link) VALUES (?, ?, ?)", chain.rows
            )
            self._checkpoint("events inserted")
            write_rows(self._connection, staging.changes)
            if drop is not None:
                header = retention.remove_up_to(self._connection, header, drop.up_to)
            self._checkpoint("before commit")
        self._checkpoint("after commit")
        self._head = Head(header, chain.last)
        self._frames += 2 + len(chain.rows) // 3
        staging.apply_to(self._rows)

    def acknowledge(self, number: int, utc_s: int | None) -> None:
        """Note that the office has every event up to ``number``; going back changes nothing.

        ``utc_s`` is the trusted time, ``None`` while there is none.

        Raises:
            StoreError: no such event yet, or the disk fails.
        """
        header = self._head.header
        if number > self._head.last.number:
            raise StoreError(
                f"{self._path}: event {number} is acknowledged, the last is {self._head.last.number}"
            )
        if number <= header.acknowledged:
            return
        with self._transaction():
            header = retention.acknowledge(self._connection, header, number, utc_s)
        self._head = Head(header, self._head.last)
        self._frames += 3

    def purge(self, utc_s: int) -> bool:
        """Remove some of the events whose retention is over at the trusted time ``utc_s``.

        Returns whether more may be waiting. Raises ``StoreError``.
        """
        with self._transaction():
            header = self._head.header
            up_to = retention.expired_up_to(self._connection, self._head, utc_s, self._limits.retention_s)
            removed = up_to - header.anchor.number
            if removed:
                header = retention.remove_up_to(self._connection, header, up_to)
            self._checkpoint("before commit")
        self._head = Head(header, self._head.last)
        self._frames += 3 + removed
        return removed == retention.PURGE_STEP

    def erase(self, number: int) -> None:
        """Forget the payload of one event; number, hash and link stay, so the chain still holds.

        Raises:
            StoreError: no such event, or the disk fails.
        """
        event = next(self.read_after(number - 1, 1), None)
        if event is None or event.number != number:
            raise StoreError(f"{self._path}: there is no event {number}")
        with self._transaction():
            self._connection.execute(
                "UPDATE events SET payload = NULL, erased = ? WHERE number = ?", (event.hashed, number)
            )
        self._frames += 2

    def read_after(self, number: int, limit: int) -> Iterator[StoredEvent]:
        """Events after ``number``, oldest first; raises ``StoreError``."""
        with sqlite_errors(self._path):
            yield from read_events(self._connection, number, limit)

    def verify(self) -> Point:
        """Check the whole file and walk the whole chain (seconds, on a small Pi); returns its end.

        Raises:
            DamagedError: something does not belong.
        """
        with sqlite_errors(self._path):
            (verdict,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != b"ok":
                raise DamagedError(f"{self._path}: {verdict.decode(errors='replace')}")
            return walk_chain(self._connection)

    def tidy(self) -> None:
        """Work that no event should wait for: room in the write-ahead log, checkpoints.

        Raises:
            StoreError: the disk fails; events are not concerned.
        """
        if not self._has_room:
            self._has_room = make_log_room(self._path, WAL_ROOM_BYTES)
        if self._frames >= CHECKPOINT_FRAMES:
            with sqlite_errors(self._path):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._frames = 0

    def close(self) -> None:
        """Close the database; a clean close leaves no write-ahead log behind. May be called twice."""
        self._close_database()
        self._lock.release()

    def _close_database(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # what is committed is safe; a reopen recovers it
            self._connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with sqlite_errors(self._path), transaction(self._connection):
                yield
        except DamagedError:
            self._damaged = True
            raise


class _Chain:
    """Numbers and links for the events of one transaction."""

    def __init__(self, last: Point) -> None:
        self.last = last
        self.rows: list[tuple[int, bytes, bytes]] = []

    def add(self, payload: bytes) -> int:
        number = self.last.number + 1
        self.last = Point(number, link(self.last.link, number, payload_hash(payload)))
        self.rows.append((number, payload, self.last.link))
        return number


def _encoded(event: Event) -> bytes:
    try:
        return encode_event(event)
    except (EventError, ValueError, TypeError, OverflowError) as error:
        raise EntryRefusedError(f"event {event.kind.name}: {error}") from error


def _stage(staging: Staging, change: StateChange) -> None:
    try:
        staging.add(change)
    except (ValueError, OverflowError, struct.error) as error:
        raise EntryRefusedError(f"access state: {error}") from error
