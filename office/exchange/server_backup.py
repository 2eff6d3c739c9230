"""The part of a backup that is a database on a PostgreSQL server: by pg_dump, put back by pg_restore.

The dump and what is checked of it are one snapshot. A restore lays the database down in a schema
beside the one that is there, judges it against the manifest, and exchanges the two in one
transaction: whatever ends it, power cut or signal, the office has one or the other, whole.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

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
RESTORING: Final = "gatehouse_restoring"
"""The schema of one that is not judged yet; what is left of it is removed by the next restore."""
_ASIDE: Final = "gatehouse_aside"
"""The name of the office's own schema inside the transaction that lays down the other; nobody sees it."""
_MOST_TOLD: Final = 500
_LOOKS: Final = 10
"""In a second: the server counts a connection for a moment after it was closed, our own, too."""


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
            *(f"--exclude-schema={KEPT}*", f"--exclude-schema={RESTORING}"),
            *(f"--snapshot={state.name()}", f"--file={target}"),
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
        _forget(connection)
        try:
            _lay_down(address, dumped)
            _judge_laid_down(address, state, estate_id)
        except BaseException:
            _forget(connection)
            raise
        _exchange(connection, f"{KEPT}{datetime.fromtimestamp(at, UTC):%Y%m%d_%H%M%S}")


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


def _lay_down(address: PostgresAddress, dumped: Path) -> None:
    """Put a dump into the schema ``RESTORING``, all of it or nothing; whoever looks finds what was there."""
    psql = (
        *("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction"),
        f"--command=ALTER SCHEMA public RENAME TO {_ASIDE}; CREATE SCHEMA public",  # the dump names it
        "--file=-",
        f"--command=ALTER SCHEMA public RENAME TO {RESTORING}; ALTER SCHEMA {_ASIDE} RENAME TO public",
    )
    pg_restore = [_there("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(dumped)]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints,
        subprocess.Popen(pg_restore, stdout=subprocess.PIPE, stderr=complaints) as script,  # noqa: S603 - as below
    ):
        _run(address, "psql", *psql, stdin=script.stdout)
        if script.wait():  # what psql took for its end was none
            complaints.seek(0)
            raise OfficeError(f"pg_restore: {complaints.read(_MOST_TOLD).strip()}")


def _judge_laid_down(address: PostgresAddress, state: Soundness, estate_id: bytes) -> None:
    with server_state(address, RESTORING) as laid_down:
        check_version(laid_down.connection, str(address))
        found = judge_server(laid_down, str(address), estate_id)
    if found != state:
        raise OfficeError("the backup's database is not the one that its manifest describes")


def _forget(connection: Connection) -> None:
    """Remove what a restore has laid down that did not come to its end."""
    connection.execute(f"DROP SCHEMA IF EXISTS {RESTORING} CASCADE".encode())


def _exchange(connection: Connection, kept: str) -> None:
    """Put what was laid down in the place of what is there, which is kept unless it is nothing."""
    name = sql.Identifier(kept)
    with connection.transaction():
        connection.execute(sql.SQL("ALTER SCHEMA public RENAME TO {}").format(name))
        connection.execute(f"ALTER SCHEMA {RESTORING} RENAME TO public".encode())
        if not _tables(connection, kept):
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(name))


def check_unused(address: PostgresAddress) -> None:
    """Raises ``OfficeError`` if anybody is connected to the database."""
    with postgres_errors(address), contextlib.closing(connect(address)) as connection:
        _check_alone(connection, address)


def _check_alone(connection: Connection, address: PostgresAddress) -> None:
    others = 0
    for _ in range(_LOOKS):
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND coalesce(backend_type, 'client backend') = 'client backend'"
        ).fetchone()
        if not (others := 0 if row is None else int(row[0])):
            return
        connection.execute("SELECT pg_sleep(0.1)")
    raise OfficeError(f"{address}: {others} connections work with it (a desk, a hub); stop them first")


def _tables(connection: Connection, schema: str) -> int:
    row = connection.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = %s", (schema,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def _run(address: PostgresAddress, program: str, *arguments: str, stdin: IO[bytes] | None = None) -> None:
    """One of the server's client programs, which gets the password by a file and not by its arguments."""
    environment = os.environ | ({"PGPASSFILE": str(address.passfile)} if address.passfile.exists() else {})
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own, with our options
        [_there(program), f"--dbname={address.url}", "--no-password", *arguments],
        stdin=stdin,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise OfficeError(f"{program}: {done.stderr.strip()[:_MOST_TOLD]}")


def _there(program: str) -> str:
    if shutil.which(program) is None:
        raise OfficeError(
            f"{program} is missing; install the client programs: apt-get install postgresql-client"
        )
    return program
