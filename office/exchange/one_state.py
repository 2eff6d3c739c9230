"""All of an office's tables as of one moment, read beside whoever works with them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Protocol

from office.hub.address import PostgresAddress, StoreAddress


class OneState(Protocol):
    """Tables of one moment."""

    def tables(self) -> dict[str, list[str]]:
        """Columns by table, both as the database orders them by name and by place."""

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[object]]:
        """Every row of a table, a few in memory at a time."""


@contextlib.contextmanager
def one_state(address: StoreAddress) -> Iterator[OneState]:
    """Read everything as it is now, however long it takes; nobody waits for it."""
    if isinstance(address, PostgresAddress):
        from office.exchange.server_state import server_state  # noqa: PLC0415 - SQLite needs none of it

        with server_state(address) as state:
            yield state
        return
    with contextlib.closing(
        sqlite3.connect(f"file:{address}?mode=ro", uri=True, isolation_level=None)
    ) as connection:
        connection.execute("BEGIN")  # reads one state until it ends
        yield _FileState(connection)


class _FileState:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def tables(self) -> dict[str, list[str]]:
        names = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {
            name: [row[1] for row in self._connection.execute(f'PRAGMA table_info("{name}")')]
            for (name,) in names.fetchall()
        }

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[object]]:
        listed = ", ".join(f'"{one}"' for one in columns)
        return self._connection.execute(f'SELECT {listed} FROM "{table}"')  # noqa: S608 - our own tables
