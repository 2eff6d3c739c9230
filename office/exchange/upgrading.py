"""An office of an earlier version becomes one of this; its database as it was is kept beside it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from office.errors import OfficeError
from office.exchange.backup import check_unused
from office.exchange.soundness import judge_tables
from office.files import PRIVATE
from office.hub.address import StoreAddress
from office.hub.office_schema import OfficeSchemaError
from office.site.cli import check_version, migrate
from office.site.directory import OfficeDirectory, alone


class Upgrade(Struct, frozen=True):
    """What was done."""

    kept: Path | None
    """The database as it was; ``None``: there was nothing to do."""


def upgrade(office: OfficeDirectory, at: int) -> Upgrade:
    """Bring an office's database to this version's tables; nobody may work with it meanwhile.

    Raises:
        OfficeError: it is in use, not sound, or of a later version; or it failed, and where the copy is.
    """
    with alone(office.path):
        _check_unused(office.database)
        try:
            check_version(office)
        except OfficeSchemaError as error:
            if error.later:
                raise
        else:
            return Upgrade(None)
        kept, way_back = _keep(office, at)
        try:
            migrate(office)
        except Exception as error:
            raise OfficeError(
                f"{office.database}: could not be upgraded ({error}). To go back: {way_back}, and use the"
                " version that you had"
            ) from error
        return Upgrade(kept)


def _check_unused(database: StoreAddress) -> None:
    if isinstance(database, Path):
        check_unused(database)
        return
    from office.exchange import server_backup  # noqa: PLC0415 - SQLite needs none of it

    server_backup.check_unused(database)


def _keep(office: OfficeDirectory, at: int) -> tuple[Path, str]:
    """A checked copy, durable before the first change; and how it becomes the database again."""
    moment, database = f"{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M%S}", office.database
    if isinstance(database, Path):
        kept = database.with_name(f"{database.name}.before-{moment}")
        _keep_file(database, kept)
        return kept, f"move {kept.name} to {database.name}"
    from office.exchange import server_backup  # noqa: PLC0415 - SQLite needs none of it

    kept = office.path / f"office.dump.before-{moment}"
    server_backup.dump(database, kept, office.estate_id, any_version=True)
    return kept, f"pg_restore --clean --dbname={database} {kept}"


def _keep_file(database: Path, kept: Path) -> None:
    try:
        handle = os.open(kept, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        raise OfficeError(f"{kept}: exists; wait a second and try again") from None
    try:
        with (
            contextlib.closing(sqlite3.connect(database)) as source,
            contextlib.closing(sqlite3.connect(kept)) as copy,
        ):
            source.backup(copy)
        judge_tables(kept)
        os.fsync(handle)
    except BaseException:
        kept.unlink()
        raise
    finally:
        os.close(handle)
