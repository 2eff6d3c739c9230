"""The hub's store over Django's connection: a step and the change of a list are one transaction."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from django.db import connection, transaction

from office.hub.run_cli import nudge
from office.hub.schema import pass_by
from office.hub.sqlite_database import SqliteDatabase
from office.hub.sqlite_store import SqliteHub


def hub_store() -> SqliteHub:
    """The store over this thread's connection; to be used up before the request ends."""
    connection.ensure_connection()
    raw: sqlite3.Connection = connection.connection
    path = database_path()
    # Django begins and ends the transactions: all or nothing with what it writes beside the store.
    return SqliteHub(path, database=SqliteDatabase(path, raw, pass_by, transaction.atomic))


def wake_hub() -> None:
    """Once this transaction is committed, tell a running hub to look; it looks each second in any case."""
    transaction.on_commit(lambda: nudge(database_path()))


def database_path() -> Path:
    """The office's SQLite file."""
    return Path(connection.settings_dict["NAME"])
