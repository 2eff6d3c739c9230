"""`office.exchange.one_state.OneState` of a database on a PostgreSQL server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final

from psycopg import Connection, sql
from psycopg.types.string import TextLoader

from office.hub.address import PostgresAddress
from office.hub.database import Row
from office.hub.postgresql import connect, postgres_errors

A_FETCH: Final = 2_000
"""Rows in memory at once."""
_COLUMNS: Final = (
    "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables"
    " USING (table_schema, table_name) WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
    " ORDER BY table_name, ordinal_position"
)


@contextlib.contextmanager
def server_state(address: PostgresAddress, schema: str | None = None) -> Iterator[ServerState]:
    """One snapshot of the database, for as long as this lasts; ``schema``: of what lies there."""
    with postgres_errors(address), contextlib.closing(connect(address)) as connection:
        connection.adapters.register_loader("jsonb", TextLoader)
        connection.execute("SET idle_in_transaction_session_timeout = 0")  # pg_dump takes its time
        if schema is not None:
            connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(schema)))
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield ServerState(connection)
        connection.execute("ROLLBACK")


class ServerState:
    """Tables of one snapshot."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def name(self) -> str:
        """What other connections can read the same snapshot by."""
        row = self.connection.execute("SELECT pg_export_snapshot()").fetchone()
        return "" if row is None else str(row[0])

    def tables(self) -> dict[str, list[str]]:
        """Columns by table."""
        found: dict[str, list[str]] = {}
        for table, column in self.connection.execute(_COLUMNS):
            found.setdefault(table, []).append(column)
        return found

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[object]]:
        """Every row of a table, a few in memory at a time."""
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        for row in self._read(sql.SQL("SELECT {} FROM {}").format(listed, sql.Identifier(table))):
            # As SQLite has them: a reader of exports need not know what the office runs on.
            yield [int(one) if isinstance(one, bool) else one for one in row]

    def ask(self, statement: str) -> Iterator[Row]:
        """Every row of one of our own queries."""
        return self._read(statement.encode())

    def _read(self, query: sql.Composed | bytes) -> Iterator[Row]:
        with self.connection.cursor("read") as cursor:
            cursor.itersize = A_FETCH
            cursor.execute(query)
            yield from cursor
