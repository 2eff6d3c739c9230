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
        check_unused(office.database)
        try:
            check_version(office)
        except OfficeSchemaError as error:
            if error.later:
                raise
        else:
            return Upgrade(None)
        kept = _keep(office.database, at)
        try:
            migrate(office)
        except Exception as error:
            raise OfficeError(
                f"{office.database}: could not be upgraded ({error}). To go back: move {kept.name} to"
                f" {office.database.name} and use the version that you had"
            ) from error
        return Upgrade(kept)


def _keep(database: Path, at: int) -> Path:
    """A checked copy, durable before the first change."""
    kept = database.with_name(f"{database.name}.before-{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M%S}")
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
    return kept
