"""Reading the usage log from another process (the `log` command, the uploader).

The database is opened read-write with ``query_only``: it may recover the write-ahead
log after the writer's kill, and never changes a row. Each call is one read transaction
of its own, so that no reader holds up the writer's checkpoints.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from terminal.stores.access_state import AccessState, load_rows, view
from terminal.stores.database import DamagedError, connect, sqlite_errors
from terminal.stores.errors import StoreError
from terminal.stores.usage_rows import (
    APPLICATION_ID,
    FILE_NAME,
    SCHEMA_VERSION,
    Head,
    Point,
    StoredEvent,
    read_events,
    read_head,
    walk_chain,
)


class LogReplacedError(StoreError):
    """The gate set this log aside and began a new epoch: open the log again."""


class UsageReader:
    """Cursor reading of the usage log in the gate's state directory; a context manager.

    Raises:
        StoreError: there is no log yet, it may not be read, or it is damaged.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME
        self._inode = self._inode_now()
        with sqlite_errors(self._path):
            self._connection = connect(self._path)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA query_only = ON")
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if (application, version) != (APPLICATION_ID, SCHEMA_VERSION):
            raise DamagedError(f"{self._path}: not a usage log of version {SCHEMA_VERSION}")

    def _inode_now(self) -> int:
        try:
            return os.stat(self._path).st_ino  # noqa: PTH116 - one call, no object, for a check on every read
        except FileNotFoundError:
            raise StoreError(f"{self._path}: there is no usage log; has this gate ever started?") from None
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be read ({error.strerror})") from error

    def replaced(self) -> bool:
        """Whether another log lies there now: open it anew. Raises ``StoreError`` if none does."""
        return self._inode_now() != self._inode

    def head(self) -> Head:
        """Epoch, anchor, acknowledged number and last event; raises ``StoreError``."""
        with self._snapshot() as connection:
            return read_head(connection)

    def read_after(self, number: int, limit: int) -> tuple[StoredEvent, ...]:
        """Up to ``limit`` events after ``number``, oldest first; raises ``StoreError``."""
        with self._snapshot() as connection:
            return tuple(read_events(connection, number, limit))

    def access_state(self) -> AccessState:
        """Spends, positions and latches as committed now; raises ``StoreError``."""
        with self._snapshot() as connection:
            return view(load_rows(connection))

    def verify(self) -> Point:
        """Walk the whole chain; returns its end.

        Raises:
            DamagedError: a row is missing, or a link or payload does not belong there.
        """
        with self._snapshot() as connection:
            return walk_chain(connection)

    def close(self) -> None:
        """Close the database. May be called twice."""
        with contextlib.suppress(sqlite3.Error):  # a reader leaves nothing unwritten
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        if self.replaced():
            raise LogReplacedError(f"{self._path}: a new log epoch has begun; open the log again")
        with sqlite_errors(self._path):
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
