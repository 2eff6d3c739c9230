"""The hub's SQLite file: its tables, how it is made and opened, its errors.

WAL with `synchronous=FULL`: what was committed is there after a power cut. A backup is
taken with ``HubStore.backup``; a copy of the file alone would miss the write-ahead log.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from office.errors import OfficeError
from office.files import PRIVATE

APPLICATION_ID: Final = 0x47484842  # "GHHB"
SCHEMA_VERSION: Final = 4
BUSY_TIMEOUT_S: Final = 5.0
"""A command beside the running hub holds the write lock for milliseconds; an import for seconds."""
CACHE_KIB: Final = 16 * 1024
"""Bound of the page cache: the hub must stay small with ten million records."""

Checkpoint = Callable[[str], None]
"""Called with the name of each step of a write; fault tests end the process there."""

TABLES: Final = (
    "CREATE TABLE hub (id INTEGER PRIMARY KEY CHECK (id = 1), estate_id BLOB NOT NULL)",
    (
        "CREATE TABLE gates (gate_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
        " public_key BLOB NOT NULL UNIQUE, link TEXT NOT NULL, bus_address INTEGER UNIQUE,"
        " registered_at INTEGER NOT NULL, format_version INTEGER NOT NULL, struck_at INTEGER)"
    ),
    # What a gate's lists have besides records; one row a gate. `base_id` is the first list it took.
    (
        "CREATE TABLE lists (gate_id INTEGER PRIMARY KEY REFERENCES gates, change INTEGER NOT NULL DEFAULT 0,"
        " wanted_settings BLOB, held_id INTEGER, base_id INTEGER, held_settings BLOB, held_memory BLOB,"
        " top_epoch INTEGER NOT NULL DEFAULT 0, top_revision INTEGER NOT NULL DEFAULT 0)"
    ),
    # 32 kB a gate, of which a delta writes 32 bytes in place: not in a row that changes for other reasons.
    "CREATE TABLE held_buckets (gate_id INTEGER PRIMARY KEY REFERENCES gates, digests BLOB NOT NULL)",
    # `held` counts where a row differs; elsewhere what is wanted is held, so that taking a list of ten
    # thousand cards over writes no row. `held_id`: the update that brought it (NULL: the first list).
    (
        "CREATE TABLE records (gate_id INTEGER NOT NULL, bucket INTEGER NOT NULL, key BLOB NOT NULL,"
        " grant_id INTEGER NOT NULL, issue_id INTEGER NOT NULL, wanted BLOB, differs INTEGER NOT NULL,"
        " held BLOB, held_id INTEGER, change INTEGER NOT NULL,"
        " PRIMARY KEY (gate_id, bucket, key, grant_id)) WITHOUT ROWID"
    ),
    "CREATE INDEX records_that_differ ON records (gate_id, change) WHERE differs",
    "CREATE INDEX records_by_issue ON records (issue_id)",
    # The highest grant id ever wanted outlives its record: ids are never given twice.
    "CREATE TABLE given (id INTEGER PRIMARY KEY CHECK (id = 1), grant_id INTEGER NOT NULL)",
    # AUTOINCREMENT: a number is never given twice, also when rows have gone.
    (
        "CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, gate_id INTEGER NOT NULL,"
        " urgent INTEGER NOT NULL, at INTEGER NOT NULL)"
    ),
    (
        "CREATE TABLE signed (id INTEGER PRIMARY KEY AUTOINCREMENT, gate_id INTEGER NOT NULL,"
        " epoch INTEGER NOT NULL, revision INTEGER NOT NULL, previous INTEGER NOT NULL,"
        " kind INTEGER NOT NULL,"
        " digest BLOB NOT NULL, issued_at INTEGER NOT NULL, change INTEGER NOT NULL, envelope BLOB,"
        " settings BLOB, buckets BLOB, memory BLOB, UNIQUE (gate_id, epoch, revision))"
    ),
    (
        "CREATE TABLE receipts (gate_id INTEGER NOT NULL, epoch INTEGER NOT NULL, revision INTEGER NOT NULL,"
        " digest BLOB NOT NULL, applied_at INTEGER, clock INTEGER NOT NULL, received_at INTEGER NOT NULL,"
        " data BLOB NOT NULL, PRIMARY KEY (gate_id, epoch, revision, digest)) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE logs (id INTEGER PRIMARY KEY AUTOINCREMENT, gate_id INTEGER NOT NULL,"
        " epoch BLOB NOT NULL, number INTEGER NOT NULL, link BLOB NOT NULL, lost INTEGER NOT NULL DEFAULT 0,"
        " anchor_number INTEGER NOT NULL DEFAULT 0, anchor_link BLOB NOT NULL, UNIQUE (gate_id, epoch))"
    ),
    (
        "CREATE TABLE events (log INTEGER NOT NULL, number INTEGER NOT NULL, payload BLOB,"
        " hashed BLOB NOT NULL,"
        " link BLOB NOT NULL, set_aside TEXT, received_at INTEGER NOT NULL, waits_for BLOB,"
        " boottime_ms INTEGER,"
        " utc_ms INTEGER, uncertainty_ms INTEGER, PRIMARY KEY (log, number)) WITHOUT ROWID"
    ),
    "CREATE INDEX events_that_wait ON events (waits_for) WHERE waits_for IS NOT NULL",
    (
        "CREATE TABLE anchors (gate_id INTEGER NOT NULL, boot_id BLOB NOT NULL, boottime_ms INTEGER NOT NULL,"
        " utc_ms INTEGER NOT NULL, uncertainty_ms INTEGER NOT NULL,"
        " PRIMARY KEY (gate_id, boot_id, boottime_ms)) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE contacts (gate_id INTEGER PRIMARY KEY, at INTEGER NOT NULL, asked INTEGER NOT NULL,"
        " epoch INTEGER, revision INTEGER, digest BLOB, refusal TEXT, refused_epoch INTEGER,"
        " refused_revision INTEGER, refused_change INTEGER NOT NULL DEFAULT 0,"
        " refused_at INTEGER, resumed INTEGER NOT NULL DEFAULT 0)"
    ),
    (
        "CREATE TABLE alarms (gate_id INTEGER NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL,"
        " first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, text TEXT NOT NULL,"
        " PRIMARY KEY (gate_id, name)) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE moves (grant_id INTEGER PRIMARY KEY, from_gate INTEGER NOT NULL,"
        " to_gate INTEGER NOT NULL,"
        " uses INTEGER NOT NULL, access BLOB NOT NULL, granted BLOB NOT NULL, chip BLOB NOT NULL,"
        " new_grant_id INTEGER NOT NULL UNIQUE, asked_at INTEGER NOT NULL, state INTEGER NOT NULL,"
        " left INTEGER)"
    ),
)

STEPS_UP: Final[Mapping[int, Sequence[str]]] = {
    1: (
        "ALTER TABLE contacts ADD COLUMN highest_epoch INTEGER",
        "ALTER TABLE contacts ADD COLUMN highest_revision INTEGER",
        "ALTER TABLE contacts ADD COLUMN highest_digest BLOB",
        (
            "CREATE TABLE lowerings (gate_id INTEGER PRIMARY KEY REFERENCES gates, serial INTEGER NOT NULL,"
            " floor INTEGER NOT NULL, signed BLOB NOT NULL, taken_in_at INTEGER NOT NULL, told INTEGER)"
        ),
    ),
    2: (
        # A gate may be planned before its key is known. In this order, because a rename takes the
        # references of other tables along.
        (
            "CREATE TABLE gates_next (gate_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
            " public_key BLOB UNIQUE, link TEXT NOT NULL, bus_address INTEGER UNIQUE,"
            " registered_at INTEGER NOT NULL, format_version INTEGER NOT NULL, struck_at INTEGER)"
        ),
        "INSERT INTO gates_next SELECT * FROM gates",
        "DROP TABLE gates",
        "ALTER TABLE gates_next RENAME TO gates",
        # `token`: public half. `key` and `signed`: what a gate presented; one token, one key.
        (
            "CREATE TABLE invitations (token BLOB PRIMARY KEY, gate_id INTEGER NOT NULL,"
            " made_at INTEGER NOT NULL, not_after INTEGER NOT NULL, digest BLOB NOT NULL,"
            " replaces INTEGER NOT NULL, state INTEGER NOT NULL, key BLOB, signed BLOB, asked_at INTEGER,"
            " decided_at INTEGER) WITHOUT ROWID"
        ),
        (
            "CREATE TABLE struck_keys (public_key BLOB PRIMARY KEY, gate_id INTEGER NOT NULL,"
            " at INTEGER NOT NULL) WITHOUT ROWID"
        ),
    ),
    # What technicians built in and tested, as each gate signed it.
    3: (
        (
            "CREATE TABLE as_built (id INTEGER PRIMARY KEY AUTOINCREMENT, gate_id INTEGER NOT NULL"
            " REFERENCES gates, made_at INTEGER NOT NULL, received_at INTEGER NOT NULL,"
            " data BLOB NOT NULL, UNIQUE (gate_id, data))"
        ),
        "CREATE INDEX as_built_by_time ON as_built (gate_id, made_at, id)",
    ),
}
"""What leads from each version to the next; ``TABLES`` are those of version 1."""


class HubStoreError(OfficeError):
    """The store cannot be used: what is wrong with which file, and the cure."""


def pass_by(step: str) -> None:
    """The checkpoint of ordinary runs: nothing happens."""


@contextlib.contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn whatever SQLite raises into ``HubStoreError``."""
    try:
        yield
    except sqlite3.Error as error:
        raise HubStoreError(
            f"{path}: {error}; check free space and owner, or restore the last backup"
        ) from error


def create(path: Path, estate_id: bytes, checkpoint: Checkpoint) -> None:
    """Make the file of a new store; a kill leaves none, or one that ``connect`` completes."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        os.close(handle)
    except OSError as error:
        raise HubStoreError(f"{path}: cannot be created ({error.strerror}); check its directory") from error
    checkpoint("file created")
    with sqlite_errors(path), contextlib.closing(_open(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        found_tables(connection, estate_id)
        checkpoint("before founding commit")
        connection.execute("COMMIT")
    checkpoint("founded")


def found_tables(connection: sqlite3.Connection, estate_id: bytes) -> None:
    """Make the hub's tables inside the caller's transaction, unless they are there."""
    if connection.execute("PRAGMA application_id").fetchone()[0] == 0:
        for statement in TABLES:
            connection.execute(statement)
        connection.execute("INSERT INTO hub VALUES (1, ?)", (estate_id,))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
        _step_up(connection)


def connect(path: Path) -> sqlite3.Connection:
    """Open a store that ``create`` made; one of an earlier version becomes one of this.

    Raises:
        HubStoreError: it is not there, is not a hub's store, or is of a later version.
    """
    if not path.exists():
        raise HubStoreError(f"{path}: no such store; make one with: hub init")
    with sqlite_errors(path):
        connection = _open(path)
        try:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if application == APPLICATION_ID and version in STEPS_UP:
                connection.execute("BEGIN IMMEDIATE")
                version = _step_up(connection)
                connection.execute("COMMIT")
        except sqlite3.Error:
            connection.close()
            raise
    if application != APPLICATION_ID or version != SCHEMA_VERSION:
        connection.close()
        raise HubStoreError(
            f"{path}: is not a hub's store of version {SCHEMA_VERSION} or before (it says {application:#x},"
            f" {version}); give the right file, or use the software that wrote it"
        )
    return connection


def _step_up(connection: sqlite3.Connection) -> int:
    """Bring the tables to this version in the caller's transaction; which version it is then."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]  # another may have been quicker
    while version in STEPS_UP:
        for statement in STEPS_UP[version]:
            connection.execute(statement)
        version += 1
        connection.execute(f"PRAGMA user_version = {version}")
    return version


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False, cached_statements=256
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("PRAGMA cell_size_check = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
