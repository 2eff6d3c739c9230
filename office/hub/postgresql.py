"""`office.hub.database.Database` over one connection to a PostgreSQL server.

One writer at a time, as in a SQLite file: each transaction that may write begins by taking the
same advisory lock, which ends with it. So numbers of the outbox come in the order of their
commits, and what a step has read is still so when it writes (docs/adr/0018).
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import psycopg
from psycopg import Connection, RawCursor
from psycopg.abc import QueryNoTemplate
from psycopg.errors import UndefinedTable

from office.errors import OfficeError
from office.hub.address import PostgresAddress
from office.hub.database import Begin, Row
from office.hub.postgresql_schema import check_server, check_version, found_tables, table_names
from office.hub.schema import BUSY_TIMEOUT_S, Checkpoint, HubStoreError, pass_by

WRITERS: Final = 0x47484842
"""The advisory lock of whoever writes; "GHHB", as a SQLite store's application id."""
TAKE_TURN: Final = f"SELECT pg_advisory_xact_lock({WRITERS})"
SESSION: Final = (
    "SET synchronous_commit = on; SET client_min_messages = warning;"
    " SET idle_in_transaction_session_timeout = '60s'"
)
"""Whatever the server's own settings: what was committed is there after a power cut, and an office's machine
that is cut off in the middle of a step does not keep the lock of whoever writes for the two hours of TCP."""
LIVELINESS: Final[Mapping[str, Any]] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "tcp_user_timeout": 10_000,
}
"""A server that has gone is noticed in seconds, not in hours."""
_MARK: Final = re.compile(r"\?")
_SQLITE_ONLY: Final = re.compile(r" INDEXED BY \w+")


class PostgresDatabase:
    """A connection that one thread at a time uses; one that was lost is made anew."""

    def __init__(
        self,
        address: PostgresAddress,
        checkpoint: Checkpoint = pass_by,
        *,
        shared: Connection | None = None,
        begin: Begin | None = None,
    ) -> None:
        """``shared`` and ``begin``: somebody else's connection, who begins and ends its transactions."""
        self._address = address
        self.checkpoint = checkpoint
        self._begin = begin
        self._shared = shared
        self._connection = shared or _opened(address)
        self._depth = 0

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, nobody else writing meanwhile; may be nested, the outermost commits."""
        if self._begin is not None:
            with self._begin():
                yield
            return
        connection, outermost = self._alive(), not self._depth
        self._depth += 1
        try:
            with postgres_errors(self._address), connection.transaction():
                if outermost:
                    connection.execute(TAKE_TURN)
                yield
                if outermost:
                    self.checkpoint("before commit")
        finally:
            self._depth -= 1
        if outermost:
            self.checkpoint("after commit")

    def execute(self, statement: str, values: Sequence[object] = ()) -> RawCursor[Row]:
        """One statement; inside ``transaction`` if it writes."""
        connection = self._alive()
        with postgres_errors(self._address):
            return RawCursor(connection).execute(in_postgres(statement), values)

    def insert(self, statement: str, values: Sequence[object], key: str) -> int:
        """Insert a row; the number that the database gave it in the column ``key``."""
        (number,) = self.all(f"{statement} RETURNING {key}", values)[0]
        return int(number)

    def all(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Every row of a query."""
        return self.execute(statement, values).fetchall()

    def one(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query."""
        return self.execute(statement, values).fetchone()

    def many(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        """One statement for each of many rows; how many rows it changed."""
        if not rows:
            return 0
        connection = self._alive()
        with postgres_errors(self._address):
            cursor = RawCursor(connection)
            cursor.executemany(in_postgres(statement), rows)
            return cursor.rowcount

    def write_digests(self, gate_id: int, pieces: Sequence[tuple[int, bytes]]) -> None:
        """Write pieces at their places among a gate's digests of buckets."""
        if not pieces:
            return
        row = self.one("SELECT digests FROM held_buckets WHERE gate_id = ?", (gate_id,))
        if row is None:
            raise HubStoreError(f"{self._address}: gate {gate_id} holds no list; restore the last backup")
        digests = bytearray(row[0])
        for at, data in pieces:
            digests[at : at + len(data)] = data
        self.execute("UPDATE held_buckets SET digests = ? WHERE gate_id = ?", (bytes(digests), gate_id))

    def is_sound(self) -> bool:
        """Whether every row can be read; whether pages are as written is the server's own to check."""
        for table in table_names():
            self.all(f"SELECT count(length(one::text)) FROM {table} AS one")
        return True

    def close(self) -> None:
        """Close the connection. May be called twice."""
        if self._shared is None:
            self._connection.close()

    def _alive(self) -> Connection:
        if self._connection.closed and self._shared is None and not self._depth:
            self._connection = _opened(self._address)
        return self._connection


@contextlib.contextmanager
def postgres_errors(address: PostgresAddress) -> Iterator[None]:
    """Turn whatever PostgreSQL raises into ``HubStoreError``."""
    try:
        yield
    except psycopg.Error as error:
        # Not its detail, which quotes values.
        told = error.diag.message_primary or str(error).strip() or type(error).__name__
        raise HubStoreError(
            f"{address}: {told}; check that the server runs and lets us in, or restore the last backup"
        ) from error


def connect(address: PostgresAddress) -> Connection:
    """A new connection, without a look at what is in the database; raises ``HubStoreError``."""
    try:
        if address.passfile.exists() and address.passfile.stat().st_mode & 0o077:
            raise HubStoreError(f"{address.passfile}: others may read it; run: chmod 600 {address.passfile}")
    except OSError as error:
        raise HubStoreError(f"{address.passfile}: {error.strerror}") from None
    with postgres_errors(address):
        connection = psycopg.connect(address.url, autocommit=True, **parameters(address))
        connection.execute(SESSION)
        connection.execute(f"SET lock_timeout = '{BUSY_TIMEOUT_S:.0f}s'")
    return connection


def check_reachable(url: str, password: str | None) -> None:
    """Raises ``HubStoreError`` unless the server lets us in and an office can live there."""
    address = PostgresAddress(url, Path(os.devnull), Path(os.devnull))
    with postgres_errors(address):
        given: dict[str, Any] = {} if password is None else {"password": password}  # psycopg's own mixture
        with psycopg.connect(url, **LIVELINESS, **given) as connection:
            check_server(connection)


def migrations_of(address: PostgresAddress, app: str) -> tuple[set[str], int] | None:
    """Which of Django's migrations were applied, and the hub's version; ``None``: it is no office's."""
    with contextlib.closing(connect(address)) as connection:
        try:
            rows = connection.execute("SELECT name FROM django_migrations WHERE app = %s", (app,)).fetchall()
            version = connection.execute("SELECT version FROM hub").fetchone()
        except UndefinedTable:
            return None
    return {name for (name,) in rows}, 0 if version is None else int(version[0])


def parameters(address: PostgresAddress) -> dict[str, Any]:  # of libpq: numbers and texts
    """What is said to libpq beside the URL."""
    found: dict[str, Any] = {"client_encoding": "UTF8", "application_name": "gatehouse", **LIVELINESS}
    return found | ({"passfile": str(address.passfile)} if address.passfile.exists() else {})


def _opened(address: PostgresAddress) -> Connection:
    connection = connect(address)
    try:
        with postgres_errors(address):
            check_version(connection, str(address))
    except OfficeError:
        connection.close()
        raise
    return connection


def found(address: PostgresAddress, estate_id: bytes, checkpoint: Checkpoint) -> None:
    """Make the hub's tables if they are missing; raises ``HubStoreError``."""
    connection = connect(address)
    with contextlib.closing(connection), postgres_errors(address):
        with connection.transaction():
            connection.execute(TAKE_TURN)
            found_tables(connection, estate_id)
            checkpoint("before founding commit")
        checkpoint("founded")


@functools.cache
def in_postgres(statement: str) -> QueryNoTemplate:
    """One of our statements as PostgreSQL reads it: numbered values, and indexes of its own choice."""
    numbers = itertools.count(1)
    text = _MARK.sub(lambda _: f"${next(numbers)}", _SQLITE_ONLY.sub("", statement))
    return cast(QueryNoTemplate, text)
