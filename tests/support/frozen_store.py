"""Stores of the hub as older software left them."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from office.hub.schema import APPLICATION_ID

FROZEN = Path(__file__).parents[1] / "office" / "hub" / "frozen"


def thaw(path: Path, version: int, *, application: int = APPLICATION_ID) -> Path:
    """A store as this version of the software left it, in WAL mode."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript((FROZEN / f"hub_store_v{2 if version == 2 else 1}.sql").read_text("utf-8"))
        connection.execute(f"PRAGMA application_id = {application}")
        connection.execute(f"PRAGMA user_version = {version}")
    return path


def tables(path: Path) -> set[tuple[str, str]]:
    """Every column of every table."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {(one, row[1]) for one in names for row in connection.execute(f"PRAGMA table_info({one})")}
