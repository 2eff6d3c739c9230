"""Opening the usage log at the gate's start: first start, orderly start, or loss.

Only quick checks happen here, whatever the log's size; `UsageLog.verify` does the rest
later. What tells the three starts apart is the marker file (`log_epochs`) beside the
database:

* no epoch was ever begun → a first start;
* the database can be believed → go on with it;
* it is gone or damaged → it is set aside, a new epoch begins, and with it stands in one
  transaction that spends were lost: every counted grant is void, until somebody has
  looked which ones there are (`terminal.counted_scan`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from sync.events import GENESIS, EventKind, encode_event, link, payload_hash
from terminal.stores.access_state import Rows, all_void, load_rows, write_rows
from terminal.stores.database import (
    DamagedError,
    connect,
    create_private,
    set_aside,
    sqlite_errors,
    transaction,
)
from terminal.stores.files import Checkpoint, WriterLock, is_there, pass_by
from terminal.stores.log_epochs import LogEpochs
from terminal.stores.usage_log import Database, Limits, Stamp, UsageLog
from terminal.stores.usage_rows import (
    APPLICATION_ID,
    EPOCH_BYTES,
    FILE_NAME,
    SCHEMA,
    SCHEMA_VERSION,
    Head,
    Header,
    Point,
    read_head,
    walk_chain,
    write_header,
)

LOCK_NAME: Final = "usage.lock"
TAIL_EVENTS: Final = 8
"""Events whose chain is proved at every start: the last page or two of a torn file."""


class Founding(Struct, frozen=True):
    """What a new log epoch needs from outside."""

    new_epoch: Callable[[], bytes]
    """Draws 128 random bits."""
    stamp: Stamp


def open_usage_log(
    directory: Path,
    founding: Founding,
    *,
    limits: Limits | None = None,
    checkpoint: Checkpoint = pass_by,
) -> UsageLog:
    """Open the usage log of the gate's state ``directory``, or begin one.

    Raises:
        StoreError: the directory is missing, full or not writable, or another process
            writes this log. Damage is no error: it is set aside and told by events.
    """
    lock = WriterLock(directory / LOCK_NAME)
    opening = _Opening(directory, founding, checkpoint)
    try:
        database = opening.open()
    except BaseException:
        lock.release()
        raise
    return UsageLog(
        database,
        lock=lock,
        renew=opening.renew,
        stamp=founding.stamp,
        limits=limits or Limits(),
        checkpoint=checkpoint,
    )


class _Opening:
    def __init__(self, directory: Path, founding: Founding, checkpoint: Checkpoint) -> None:
        self._path = directory / FILE_NAME
        self._epochs = LogEpochs(directory)
        self._founding = founding
        self._checkpoint = checkpoint
        self._aside: Path | None = None
        """Where a damaged database went, until an event of the new epoch tells it."""

    def open(self) -> Database:
        known = self._epochs.any_begun()
        if is_there(self._path):
            try:
                database = self._existing()
            except DamagedError:
                known = True
                self._set_aside()
            else:
                if database is not None:
                    self._epochs.remember(database.head.header.epoch)
                    return database
        else:
            set_aside(self._path)  # a write-ahead log without its database, if any
        if not known:
            return self._begin({}, lost=False)
        return self._begin(all_void(), lost=True)

    def renew(self, rows: Rows) -> Database:
        """Replace a database that turned out damaged while running; ``rows`` are still known.

        May be called again when it failed half-way.
        """
        if self._aside is None:
            self._set_aside()
        return self._begin(rows, lost=False)

    def _set_aside(self) -> None:
        self._checkpoint("before setting aside")
        self._aside = set_aside(self._path)
        self._checkpoint("set aside")

    def _existing(self) -> Database | None:
        """The database that is there; ``None`` if its founding was interrupted (nothing is in it)."""
        with sqlite_errors(self._path):
            connection = connect(self._path)
            try:
                database = self._believed(connection)
            except BaseException:
                connection.close()
                raise
            if database is None:
                connection.close()
            return database

    def _believed(self, connection: sqlite3.Connection) -> Database | None:
        tables = [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema ORDER BY rowid")]
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        if not tables and pages <= 1:
            return None
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        found = (application, version, mode, tables)
        if found != (APPLICATION_ID, SCHEMA_VERSION, b"wal", [sql.encode() for sql in SCHEMA]):
            raise DamagedError(f"{self._path}: not a usage log of version {SCHEMA_VERSION}")
        _tune(connection)
        (verdict,) = connection.execute("PRAGMA quick_check(access_state)").fetchone()
        if verdict != b"ok":
            raise DamagedError(f"{self._path}: access state is damaged")
        walk_chain(connection, newest=TAIL_EVENTS)
        return Database(self._path, connection, read_head(connection), load_rows(connection))

    def _begin(self, rows: Rows, *, lost: bool) -> Database:
        epoch = self._founding.new_epoch()
        if len(epoch) != EPOCH_BYTES:
            raise ValueError(f"a log epoch has {EPOCH_BYTES} bytes")
        create_private(self._path)
        self._checkpoint("file created")
        with sqlite_errors(self._path):
            connection = connect(self._path)
            try:
                head = self._found(connection, Header(epoch, Point(0, GENESIS), 0), rows, lost=lost)
            except BaseException:
                connection.close()
                raise
        self._aside = None
        self._checkpoint("log begun")
        self._epochs.remember(epoch)
        self._checkpoint("epoch remembered")
        return Database(self._path, connection, head, dict(rows))

    def _found(self, connection: sqlite3.Connection, header: Header, rows: Rows, *, lost: bool) -> Head:
        connection.execute("PRAGMA page_size = 1024")
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        _tune(connection)
        last = header.anchor
        with transaction(connection):
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            for sql in SCHEMA:
                connection.execute(sql)
            write_header(connection, header)
            write_rows(connection, dict(rows))
            for payload in self._first_payloads(lost=lost):
                number = last.number + 1
                last = Point(number, link(last.link, number, payload_hash(payload)))
                connection.execute(
                    "INSERT INTO events (number, payload, link) VALUES (?, ?, ?)",
                    (number, payload, last.link),
                )
            self._checkpoint("before founding commit")
        return Head(header, last)

    def _first_payloads(self, *, lost: bool) -> list[bytes]:
        """Events that tell of a damaged file, and of the spends in it."""
        stamp = self._founding.stamp
        events = []
        if self._aside is not None:
            events.append(stamp(EventKind.LOG_SET_ASIDE, {"file": self._aside.name}))
        if lost:
            events.append(stamp(EventKind.ACCESS_STATE_LOST, {}))
        return [encode_event(event) for event in events]


def _tune(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    # Erased and purged payloads are zeroed, not only unlinked.
    connection.execute("PRAGMA secure_delete = ON")
    # `UsageLog.tidy` checkpoints when nobody waits; this is the net below it.
    connection.execute("PRAGMA wal_autocheckpoint = 1000").fetchall()
