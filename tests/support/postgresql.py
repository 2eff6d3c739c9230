"""A PostgreSQL server of this run's own: a socket in a temporary directory, no port, gone at the end."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from office.hub.address import PostgresAddress, StoreAddress
from office.hub.postgresql_schema import table_names
from office.hub.store import HubStore
from tests.support.waiting import until

URL_VARIABLE = "GATEHOUSE_TEST_POSTGRESQL"
"""Set while the whole run is on PostgreSQL (``pytest --database postgresql``): the server's address."""
about_sqlite = pytest.mark.skipif(f"'{URL_VARIABLE}' in os.environ", reason="is about SQLite's own ways")
"""A text, because the variable is set after this is imported."""
WITHIN_S = 30.0
_USER = "gatehouse"
_ACCOUNTS = ("postgres", "nobody")
"""PostgreSQL refuses to run as root."""


def missing() -> str | None:
    """Why no server can be started here."""
    return None if _programs() else "PostgreSQL is not installed: apt-get install postgresql"


@contextlib.contextmanager
def server() -> Iterator[str]:
    """A running server; the URL of its first database. Nothing of it is left afterwards."""
    programs = _programs()
    assert programs is not None, missing()
    account = _account()
    with tempfile.TemporaryDirectory(prefix="gatehouse-pg-") as name:
        place = Path(name)
        if account is not None:
            os.chown(place, account.pw_uid, account.pw_gid)
        _run(account, [programs / "initdb", "-D", place / "data", "-U", _USER, "--auth=trust", "--no-sync"])
        options = ("listen_addresses=", "fsync=off", "max_connections=50", f"unix_socket_directories={place}")
        command: list[str | Path] = [
            programs / "postgres",
            "-D",
            place / "data",
            *(f"--{one}" for one in options),
        ]
        with (place / "log").open("wb") as log, _as(account, command, log) as process:
            try:
                url = f"postgresql://{_USER}@{quote(name, safe='')}/postgres"
                _until_ready(url, process, place / "log")
                yield url
            finally:
                process.send_signal(signal.SIGINT)  # ends sessions, loses nothing
                process.wait(WITHIN_S)


def in_schema(url: str, schema: str) -> str:
    """The address of a part of a database that looks like a database of its own."""
    return f"{url}?options={quote(f'-csearch_path={schema}')}"


def store_address(directory: Path) -> StoreAddress:
    """Where a hub of this directory has its store: in a file, or on this run's server."""
    url = os.environ.get(URL_VARIABLE)
    return directory / "hub.db" if url is None else private_store(url, directory)


def private_store(url: str, directory: Path) -> PostgresAddress:
    """A part of the server's database, for this directory alone."""
    schema = "hub_" + hashlib.sha256(os.fsencode(directory)).hexdigest()[:40]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}".encode())
    return PostgresAddress(in_schema(url, schema), directory / "none.pgpass", directory / "hub.db.sock")


def new_database(url: str, name: str) -> str:
    """The URL of a new, empty database on this server."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{url.rpartition('/')[0]}/{name}"


def keep_copy(address: StoreAddress, directory: Path) -> None:
    """Copy a store into this directory, or beside itself on the server, in the place of an older copy."""
    if isinstance(address, Path):
        target = directory / "backup.db"
        target.unlink(missing_ok=True)
        with contextlib.closing(HubStore(address)) as store:
            store.backup(target)
        return
    with psycopg.connect(address.url) as connection:
        for table in table_names():
            connection.execute(f"DROP TABLE IF EXISTS kept_{table}".encode())
            connection.execute(f"CREATE TABLE kept_{table} AS TABLE {table}".encode())


def put_back(address: StoreAddress, directory: Path) -> None:
    """Put the copy in the place of a store that nobody uses."""
    if isinstance(address, Path):
        for side in ("-wal", "-shm"):
            Path(f"{address}{side}").unlink(missing_ok=True)
        shutil.copy(directory / "backup.db", address)
        return
    with psycopg.connect(address.url) as connection:
        connection.execute(f"TRUNCATE {', '.join(table_names())} RESTART IDENTITY".encode())
        for table in table_names():
            connection.execute(
                f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept_{table}".encode()
            )
        for table, key in (("outbox", "number"), ("signed", "id"), ("logs", "id"), ("as_built", "id")):
            highest = f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), max({key})) FROM {table}"
            connection.execute(highest.encode())


def _until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    def answers() -> bool:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            return False
        return True

    until("the server answers", answers, told=lambda: log.read_text(errors="replace"))


def _programs() -> Path | None:
    """Where the newest server's programs lie; Debian keeps them off the path."""
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).parent
    debian = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return max((one.parent for one in debian), key=lambda one: int(one.parts[-2]), default=None)


def _account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in _ACCOUNTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise AssertionError("no account to run PostgreSQL as")


def _as(
    account: pwd.struct_passwd | None, command: Sequence[str | Path], log: object = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    who = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd="/", **who
    )


def _run(account: pwd.struct_passwd | None, command: Sequence[str | Path]) -> None:
    with _as(account, command) as process:
        told, _ = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, told.decode(errors="replace")
