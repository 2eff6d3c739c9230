"""One connection with nested transactions: the parts of a store share it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from office.hub.schema import Checkpoint, sqlite_errors

Row = tuple[Any, ...]
"""Columns have the types that the schema and our own statements give them."""


class Database:
    """A connection that one thread at a time uses."""

    def __init__(self, path: Path, connection: sqlite3.Connection, checkpoint: Checkpoint) -> None:
        self.path = path
        self.connection = connection
        self.checkpoint = checkpoint
        self._depth = 0

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, with the write lock taken at the start; the outermost commits."""
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

    def all(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Every row of a query."""
        with sqlite_errors(self.path):
            return self.connection.execute(statement, values).fetchall()

    def one(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query."""
        with sqlite_errors(self.path):
            row: Row | None = self.connection.execute(statement, values).fetchone()
            return row

    def write_inside(self, table: str, column: str, row: int, pieces: Sequence[tuple[int, bytes]]) -> None:
        """Write pieces at their places in a stored blob, without writing the rest of it."""
        with sqlite_errors(self.path), self.connection.blobopen(table, column, row) as blob:
            for at, data in pieces:
                blob.seek(at)
                blob.write(data)

    def many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """One statement for each of many rows."""
        with sqlite_errors(self.path):
            self.connection.executemany(statement, rows)
