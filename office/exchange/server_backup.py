"""The part of a backup that is a database on a PostgreSQL server: by pg_dump, put back by pg_restore.

The dump and what is checked of it are one snapshot. A restore lays the database down beside the
one that is there, which is kept as a schema of its own name, or takes its place if the new one
is not what the manifest describes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from psycopg import Connection, sql

from office.errors import OfficeError
from office.exchange.server_state import ServerState, server_state
from office.exchange.soundness import Soundness, state_of
from office.files import PRIVATE
from office.hub.address import PostgresAddress
from office.hub.postgresql import connect, postgres_errors
from office.hub.postgresql_schema import check_version

KEPT: Final = "before_"
"""Schemas of databases that restores have replaced: no part of a backup."""
_MOST_TOLD: Final = 500


def dump(address: PostgresAddress, target: Path, estate_id: bytes, *, any_version: bool = False) -> Soundness:
    """Write the database as it is now, while it is in use, and judge exactly that state.

    ``any_version``: of this software's or an earlier one's tables.

    Raises:
        OfficeError: what is broken, or the program that is missing.
    """
    with server_state(address) as state:
        if not any_version:
            check_version(state.connection, str(address))
        found = judge_server(state, str(address), estate_id)
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
        _run(
            address,
            "pg_dump",
            *("--format=custom", "--compress=1", "--no-owner", "--no-privileges"),
            *(f"--exclude-schema={KEPT}*", f"--snapshot={state.name()}", f"--file={target}"),
        )
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return found


def put_back(address: PostgresAddress, dumped: Path, state: Soundness, estate_id: bytes, at: int) -> None:
    """Make the database what it was; the one that was there is kept in a schema beside it.

    Raises:
        OfficeError: somebody works with it, or the dump is not what the manifest describes.
    """
    with postgres_errors(address), contextlib.closing(connect(address)) as connection:
        _check_alone(connection, address)
        kept = f"{KEPT}{datetime.fromtimestamp(at, UTC):%Y%m%d_%H%M%S}"
        with _moved_away(connection, kept):
            _run(address, "pg_restore", "--no-owner", "--no-privileges", "--single-transaction", str(dumped))
            with server_state(address) as laid_down:
                check_version(laid_down.connection, str(address))
                found = judge_server(laid_down, str(address), estate_id)
            if found != state:
                raise OfficeError("the backup's database is not the one that its manifest describes")
        if not _tables(connection, kept):
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(kept)))


def judge_server(state: ServerState, where: str, estate_id: bytes) -> Soundness:
    """Check a database; its references are held by the server at each write, its pages by checksums.

    Raises:
        OfficeError: what is broken.
    """
    found = state.connection.execute("SELECT estate_id FROM hub").fetchone()
    if found != (estate_id,):
        raise OfficeError(f"{where}: is of estate {'' if found is None else found[0].hex()}")
    return state_of(where, state.ask)


def is_empty(address: PostgresAddress) -> bool:
    """Whether there is nothing in the database; raises ``OfficeError``."""
    with postgres_errors(address), contextlib.closing(connect(address)) as connection:
        return not _tables(connection, "public")


@contextlib.contextmanager
def _moved_away(connection: Connection, kept: str) -> Iterator[None]:
    """Make room for another database; what was there comes back if that fails."""
    name = sql.Identifier(kept)
    with connection.transaction():
        connection.execute(sql.SQL("ALTER SCHEMA public RENAME TO {}").format(name))
        connection.execute("CREATE SCHEMA public")
    try:
        yield
    except BaseException:
        with connection.transaction():
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO public").format(name))
        raise


def check_unused(address: PostgresAddress) -> None:
    """Raises ``OfficeError`` if anybody is connected to the database."""
    with postgres_errors(address), contextlib.closing(connect(address)) as connection:
        _check_alone(connection, address)


def _check_alone(connection: Connection, address: PostgresAddress) -> None:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND coalesce(backend_type, 'client backend') = 'client backend'"
    ).fetchone()
    if row is not None and row[0]:
        raise OfficeError(f"{address}: {row[0]} connections work with it (a desk, a hub); stop them first")


def _tables(connection: Connection, schema: str) -> int:
    row = connection.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = %s", (schema,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def _run(address: PostgresAddress, program: str, *arguments: str) -> None:
    """One of the server's client programs, which gets the password by a file and not by its arguments."""
    if shutil.which(program) is None:
        raise OfficeError(
            f"{program} is missing; install the client programs: apt-get install postgresql-client"
        )
    environment = os.environ | ({"PGPASSFILE": str(address.passfile)} if address.passfile.exists() else {})
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own, with our options
        [program, f"--dbname={address.url}", "--no-password", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise OfficeError(f"{program}: {done.stderr.strip()[:_MOST_TOLD]}")
