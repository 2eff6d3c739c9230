"""An office's database as text, for tests of later versions: `python -m tests.support.frozen_office > FILE`.

Run by the version that is released, once, into `tests/office/registry/frozen/`; the file is never written
again: what a released version left on estates' disks does not change either.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from office.site.cli import migrate
from office.site.directory import OfficeSettings, make_directory

ESTATE: Final = "6761746568303031"
_HEADER: Final = ("application_id", "user_version")
"""What says that a file is a hub's store, and of which version."""


def main() -> None:
    """Once."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-freeze-") as folder:
        office = make_directory(Path(folder) / "office", OfficeSettings(ESTATE, secure=False))
        migrate(office)
        from tests.support.office_story import Story  # noqa: PLC0415 - after setup

        Story().tell()
        for line in freeze(office.path / "office.db"):
            sys.stdout.write(line + "\n")


def freeze(database: Path) -> Iterator[str]:
    """Statements that make this database again."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        _fill_empty(connection)
        yield from connection.iterdump()
        for name in _HEADER:
            value = connection.execute(f"PRAGMA {name}").fetchone()[0]
            yield f"PRAGMA {name} = {value};"


def thaw(frozen: Path, database: Path) -> None:
    """The database of a frozen file."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.executescript(frozen.read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")


def tables_of(connection: sqlite3.Connection) -> list[str]:
    """Names of all tables but SQLite's own."""
    found = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
    )
    return [name for (name,) in found]


def _fill_empty(connection: sqlite3.Connection) -> None:
    """A row in each table that no step of the desk writes: what hub, gates and visits leave behind."""
    for table in tables_of(connection):
        if connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0:
            columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
            row = [_value(kind, name) for _, name, kind, *_ in columns]
            places = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} VALUES ({places})", row)


def _value(kind: str, name: str) -> object:
    if kind.upper() == "BLOB":
        return bytes(range(32))
    if kind.lower() == "datetime":
        return "2026-11-26 06:00:00"
    return 1 if "int" in kind.lower() or kind.lower() == "bool" else name


if __name__ == "__main__":
    main()
