"""What the parts of the hub's store ask of a database: SQLite's, or PostgreSQL's.

Statements are written once, in the SQL that both speak: ``?`` for values, TRUE and FALSE,
IS DISTINCT FROM, ON CONFLICT. What they do not share has a method here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from office.hub.schema import Checkpoint

Row = tuple[Any, ...]
"""Columns have the types that the schema and our own statements give them."""

Begin = Callable[[], AbstractContextManager[None]]
"""Somebody else's transactions, which a store takes part in."""


class Changed(Protocol):
    """What a statement did."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""


class Database(Protocol):
    """A connection that one thread at a time uses. Whatever fails is an ``OfficeError``."""

    @property
    def checkpoint(self) -> Checkpoint: ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, nobody else writing meanwhile; may be nested, the outermost commits."""

    def execute(self, statement: str, values: Sequence[object] = ()) -> Changed:
        """One statement; inside ``transaction`` if it writes."""

    def insert(self, statement: str, values: Sequence[object], key: str) -> int:
        """Insert a row; the number that the database gave it in the column ``key``."""

    def all(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Every row of a query."""

    def one(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query."""

    def many(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        """One statement for each of many rows; how many rows it changed."""

    def write_digests(self, gate_id: int, pieces: Sequence[tuple[int, bytes]]) -> None:
        """Write pieces at their places among a gate's digests of buckets."""

    def is_sound(self) -> bool:
        """Whether the database finds nothing wrong with itself."""

    def close(self) -> None:
        """Close the connection. May be called twice."""


def or_else_update(key: str, columns: str) -> str:
    """What an INSERT of these columns does where the key is there: it replaces the others."""
    names = [one for one in columns.split(", ") if one != key]
    return f" ON CONFLICT ({key}) DO UPDATE SET " + ", ".join(f"{one} = excluded.{one}" for one in names)
