"""The hub's store over Django's connection: a step and the change of a list are one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from office.hub.address import StoreAddress
from office.hub.control_client import HubControl, default_control
from office.hub.database import Database
from office.hub.run_cli import nudge
from office.hub.schema import pass_by
from office.hub.sqlite_database import SqliteDatabase
from office.hub.store import HubStore


def hub_store() -> HubStore:
    """The store over this thread's connection; to be used up before the request ends."""
    connection.ensure_connection()
    raw: Any = connection.connection
    address = store_address()
    database: Database
    # Django begins and ends the transactions: all or nothing with what it writes beside the store.
    if isinstance(address, Path):
        database = SqliteDatabase(address, raw, pass_by, transaction.atomic)
    else:
        from office.hub.postgresql import PostgresDatabase  # noqa: PLC0415 - SQLite needs none of it

        database = PostgresDatabase(address, shared=raw, begin=transaction.atomic)
    return HubStore(address, database=database)


def wake_hub() -> None:
    """Once this transaction is committed, tell a running hub to look; it looks each second in any case."""
    transaction.on_commit(lambda: nudge(store_address()))


def hub_control() -> HubControl:
    """The control of the hub that runs over this store, whether or not one does."""
    return settings.OFFICE_HUB_CONTROL(default_control(store_address()))


def store_address() -> StoreAddress:
    """Where the store lies that the hub opens by itself."""
    office: StoreAddress = settings.OFFICE_DATABASE
    return Path(connection.settings_dict["NAME"]) if isinstance(office, Path) else office
