"""Putting an office's database back on a PostgreSQL server, as its settings or the command name it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from msgspec import convert
from msgspec.structs import replace as changed

from office.errors import OfficeError
from office.exchange.server_backup import is_empty, put_back
from office.exchange.soundness import Soundness
from office.files import READABLE, write_atomic
from office.site.directory import (
    OfficeDirectory,
    OfficeSettings,
    Server,
    as_toml,
    open_directory,
    write_password,
)


def put_on_server(
    folder: Path, target: Path, state: Soundness, at: int, *, replace: bool, server: Server | None
) -> None:
    """Lay down what was unpacked in ``folder``; raises ``OfficeError`` and leaves all as it was."""
    office = _office(folder, target, server)
    if isinstance(office.database, Path):
        raise OfficeError("the backup is of an office on PostgreSQL: it cannot become a SQLite file")
    if not replace and not is_empty(office.database):
        raise OfficeError(
            f"{office.database}: there is something in this database; give an empty one, or say --replace:"
            " what is there is kept in a schema of its own"
        )
    put_back(office.database, folder / "office.dump", state, office.estate_id, at)


def _office(folder: Path, target: Path, server: Server | None) -> OfficeDirectory:
    """The office that is there, or the one that the backup and the command make."""
    if (target / "office.toml").exists():
        if server is not None:
            raise OfficeError("--database: is for a new office; this one's settings name its database")
        return open_directory(target)
    if server is None:
        raise OfficeError(
            "the backup is of an office on PostgreSQL; name the empty database that it goes into: --database"
        )
    file = folder / "office.toml"
    settings = convert(tomllib.loads(file.read_text(encoding="utf-8")), OfficeSettings)
    settings = changed(settings, database=server.url)
    write_atomic(file, as_toml(settings).encode(), mode=READABLE)
    if server.password is not None:
        write_password(target, server.password)
    return OfficeDirectory(target, settings)
