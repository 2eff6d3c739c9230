"""The hub's store over Django's connection: a step and the change of a list are one transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, transaction

from office.hub.database import Database
from office.hub.run_cli import nudge
from office.hub.schema import pass_by
from office.hub.sqlite_store import SqliteHub


class _SharedDatabase(Database):
    """Django begins and ends the transactions."""

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing with what Django writes beside it; the outermost commits."""
        with transaction.atomic():
            yield


def hub_store() -> SqliteHub:
    """The store over this thread's connection; to be used up before the request ends."""
    connection.ensure_connection()
    raw: sqlite3.Connection = connection.connection
    path = database_path()
    return SqliteHub(path, database=_SharedDatabase(path, raw, pass_by))


def wake_hub() -> None:
    """Once this transaction is committed, tell a running hub to look; it looks each second in any case."""
    transaction.on_commit(lambda: nudge(database_path()))


def database_path() -> Path:
    """The office's SQLite file."""
    return Path(connection.settings_dict["NAME"])
