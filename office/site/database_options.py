"""Options that name a database on a PostgreSQL server; without them an office has its SQLite file."""

from __future__ import annotations

import argparse
from pathlib import Path

from office.errors import OfficeError
from office.hub.address import check_url
from office.hub.library import library
from office.site.directory import Server


def add_database(command: argparse.ArgumentParser) -> None:
    """Options of commands that make an office; `database_server` reads them."""
    command.add_argument(
        "--database",
        metavar="URL",
        help="postgresql://USER@HOST/DATABASE, without the password (default: a SQLite file)",
    )
    command.add_argument(
        "--database-password-file",
        type=Path,
        metavar="FILE",
        help="its first line is kept in the office's directory (default: libpq's own ways)",
    )


def database_server(options: argparse.Namespace) -> Server | None:
    """What the options name; raises ``OfficeError``, also if no office can live there."""
    file: Path | None = options.database_password_file
    if options.database is None:
        if file is not None:
            raise OfficeError("--database-password-file: goes with --database; a SQLite file has no password")
        return None
    url = check_url(options.database, "--database")
    server = Server(url, None if file is None else file.read_text(encoding="utf-8").partition("\n")[0])
    with library():
        from office.hub.postgresql import check_reachable  # noqa: PLC0415 - SQLite needs none of it
    check_reachable(server.url, server.password)
    return server
