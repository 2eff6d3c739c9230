"""`office.hub.database.Database` over one SQLite connection, with nested transactions."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from office.hub.database import Begin, Row
from office.hub.schema import Checkpoint, HubStoreError, sqlite_errors


class SqliteDatabase:
    """A connection that one thread at a time uses."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, checkpoint: Checkpoint, begin: Begin | None = None
    ) -> None:
        """``begin``: who else begins and ends the transactions on this connection."""
        self.path = path
        self.connection = connection
        self.checkpoint = checkpoint
        self._begin = begin
        self._depth = 0

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, with the write lock taken at the start; the outermost commits."""
        if self._begin is not None:
            with self._begin():
                yield
            return
        if self._depth:
            with self._savepoint():
                yield
            return
        with sqlite_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                self.checkpoint("before commit")
                self.connection.execute("COMMIT")
            except BaseException:
                # A failed COMMIT (full disk) may or may not have rolled back by itself.
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1
        self.checkpoint("after commit")

    @contextlib.contextmanager
    def _savepoint(self) -> Iterator[None]:
        name = f"level_{self._depth}"
        with sqlite_errors(self.path):
            self.connection.execute(f"SAVEPOINT {name}")
            self._depth += 1
            try:
                yield
                self.connection.execute(f"RELEASE {name}")
            except BaseException:
                if self.connection.in_transaction:  # a full disk has ended all of it
                    self.connection.execute(f"ROLLBACK TO {name}")
                    self.connection.execute(f"RELEASE {name}")
                raise
            finally:
                self._depth -= 1

    def execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """One statement; inside ``transaction`` if it writes."""
        with sqlite_errors(self.path):
            return self.connection.execute(statement, values)

    def insert(self, statement: str, values: Sequence[object], key: str) -> int:  # noqa: ARG002 - the row id
        """Insert a row; the number that SQLite gave it: ``key`` is the table's INTEGER PRIMARY KEY."""
        return int(self.execute(statement, values).lastrowid or 0)

    def all(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Every row of a query."""
        with sqlite_errors(self.path):
            return self.connection.execute(statement, values).fetchall()

    def one(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query."""
        with sqlite_errors(self.path):
            row: Row | None = self.connection.execute(statement, values).fetchone()
            return row

    def many(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        """One statement for each of many rows; how many rows it changed."""
        with sqlite_errors(self.path):
            return self.connection.executemany(statement, rows).rowcount

    def write_digests(self, gate_id: int, pieces: Sequence[tuple[int, bytes]]) -> None:
        """Write pieces at their places in the stored blob, without writing the rest of it."""
        with (
            sqlite_errors(self.path),
            self.connection.blobopen("held_buckets", "digests", gate_id) as blob,
        ):
            for at, data in pieces:
                blob.seek(at)
                blob.write(data)

    def is_sound(self) -> bool:
        """Whether SQLite finds nothing wrong with the file."""
        return self.all("PRAGMA quick_check") == [("ok",)]

    def backup(self, target: Path) -> None:
        """Copy everything as it is now, while it is in use, into a new file; raises ``HubStoreError``."""
        if target.exists():
            raise HubStoreError(f"{target}: exists; choose a new name for the backup")
        with sqlite_errors(target), contextlib.closing(sqlite3.connect(target)) as copy:
            self.connection.backup(copy)

    def close(self) -> None:
        """Close the file. May be called twice."""
        with sqlite_errors(self.path):
            self.connection.close()
