"""Where a hub's store is an office's database: only software of its version works with it."""

from __future__ import annotations

import argparse
import contextlib
import re
import sqlite3
from collections.abc import Callable, Collection
from importlib.resources import files
from pathlib import Path
from typing import Final

from office.errors import OfficeError
from office.hub.address import PostgresAddress, StoreAddress
from office.hub.library import library
from office.hub.schema import SCHEMA_VERSION
from office.report import Report

_STEP: Final = re.compile(r"(\d{4}_\w+)\.py")


class OfficeSchemaError(OfficeError):
    """The database is of another version: which, and what to do."""

    def __init__(self, text: str, *, later: bool) -> None:
        """``later``: than this software."""
        super().__init__(text)
        self.later = later


def check_office_schema(store: StoreAddress) -> None:
    """Refuse an office's database of another version; a store of the hub's own passes, as does what is none.

    Raises:
        OfficeSchemaError: it is older or newer.
    """
    applied = applied_steps(store)
    if applied is not None:
        check_steps(store, applied, known_steps())


def of_this_version(
    run: Callable[[argparse.Namespace, int], Report],
) -> Callable[[argparse.Namespace, int], Report]:
    """A command on ``options.store`` that refuses an office's database of another version."""

    def checked(options: argparse.Namespace, now: int) -> Report:
        check_office_schema(options.store)
        return run(options, now)

    return checked


def check_steps(place: StoreAddress, applied: Collection[str], known: Collection[str]) -> None:
    """Compare what was done to a database with what this version would do.

    Raises:
        OfficeSchemaError: one has what the other lacks.
    """
    office = place.parent if isinstance(place, Path) else place.control.parent
    if later := sorted(set(applied) - set(known)):
        raise OfficeSchemaError(
            f"{place}: a later version of this software has worked with it ({', '.join(later[:3])});"
            " use that version, or restore the backup of before its upgrade",
            later=True,
        )
    if missing := sorted(set(known) - set(applied)):
        raise OfficeSchemaError(
            f"{place}: is of an earlier version of this software (it lacks {', '.join(missing[:3])});"
            f" stop office and hub, then run: python -m office upgrade {office}",
            later=False,
        )


def known_steps() -> set[str]:
    """What this version would do to a new database: the registry's migrations, the hub's versions."""
    listed = (files("office") / "registry" / "migrations").iterdir()
    return {f"registry {found[1]}" for one in listed if (found := _STEP.fullmatch(one.name))} | hub_steps(
        SCHEMA_VERSION
    )


def hub_steps(version: int) -> set[str]:
    """The hub's tables of a version, as steps."""
    return {f"hub tables {one}" for one in range(1, version + 1)}


def applied_steps(store: StoreAddress) -> set[str] | None:
    """Those that a database has been through; ``None``: it is no office's."""
    if isinstance(store, PostgresAddress):
        return _applied_on_server(store)
    with contextlib.suppress(sqlite3.Error):
        uri = f"{store.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            rows = connection.execute("SELECT name FROM django_migrations WHERE app = 'registry'")
            steps = {f"registry {name}" for (name,) in rows}
            return steps | hub_steps(connection.execute("PRAGMA user_version").fetchone()[0])
    return None


def _applied_on_server(address: PostgresAddress) -> set[str] | None:
    with library():
        from office.hub.postgresql import migrations_of  # noqa: PLC0415 - SQLite needs none of it
    found = migrations_of(address, "registry")
    return None if found is None else {f"registry {one}" for one in found[0]} | hub_steps(found[1])
