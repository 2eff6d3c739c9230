"""An office's directory: its settings, its database, its secrets; everything a backup must hold.

office.toml     what the estate decides (`OfficeSettings`)
office.db       registry, procedures, lists and usage events: one SQLite file (docs/adr/0016), unless
                the settings name a database of a PostgreSQL server (docs/adr/0018)
database.pgpass that server's password, as libpq reads it; 0600
secret.key      signs sessions and forms; 0600
keys/           the estate's keys (docs/keys.md); only the hub reads them
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, ValidationError, convert
from msgspec.structs import replace

from office.errors import OfficeError
from office.files import PRIVATE, READABLE, write_atomic
from office.hub.address import PostgresAddress, StoreAddress, check_url

DIRECTORY_VARIABLE: Final = "GATEHOUSE_OFFICE"
"""Environment variable that names the directory; `python -m office` sets it from ``--office``."""
DEFAULT_DIRECTORY: Final = Path("/var/lib/gatehouse-office")
MAX_SETTINGS_BYTES: Final = 64 << 10
READER_PORTS: Final = (0, *range(1024, 65_536))
PASSWORD_FILE: Final = "database.pgpass"  # noqa: S105 - its name
LOCK_FILE: Final = "office.lock"
"""Held by whoever works with the office; a restore wants it alone."""


class OfficeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """``office.toml``. Unknown options are refused."""

    estate: str
    """The estate's id, 16 hexadecimal digits."""
    time_zone: str = "Asia/Shanghai"
    language: str = "zh-hans"
    hosts: Annotated[tuple[str, ...], Meta(min_length=1)] = ("localhost", "127.0.0.1")
    """Names under which browsers reach the desk."""
    database: str = ""
    """``postgresql://USER@HOST/DATABASE``, without a password; empty: the SQLite file in the directory."""
    secure: bool = True
    """Browsers reach it by HTTPS only; false only where the desk is opened on this computer itself."""
    reader_port: int = 0
    """Port of the helper at each clerk's own PC (docs/desk-reader.md); 0: there is none."""


class Server(Struct, frozen=True):
    """Where a new office has its database, unless in a file."""

    url: str
    password: str | None = None
    """``None``: libpq finds it by its own ways."""


class OfficeDirectory(Struct, frozen=True):
    """Paths and settings of one office."""

    path: Path
    settings: OfficeSettings

    @property
    def database(self) -> StoreAddress:
        """The SQLite file, or the address of a database on a PostgreSQL server."""
        if not self.settings.database:
            return self.path / "office.db"
        return PostgresAddress(self.settings.database, self.path / PASSWORD_FILE, self.path / "hub.sock")

    @property
    def estate_id(self) -> bytes:
        """The estate's id."""
        return bytes.fromhex(self.settings.estate)

    def secret(self) -> str:
        """The key that signs sessions and forms; raises ``OfficeError`` if it is missing or readable."""
        path = self.path / "secret.key"
        try:
            if path.stat().st_mode & 0o077:
                raise OfficeError(f"{path}: others may read it; run: chmod 600 {path}")
            return path.read_text(encoding="ascii").strip()
        except OSError as error:
            raise OfficeError(f"{path}: {error.strerror}; make the office with: init") from None


def hold(path: Path) -> None:
    """Say, until this process ends, that somebody works with this office.

    Raises:
        OfficeError: its database is being restored.
    """
    handle = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OfficeError(f"{path}: is being restored; wait until that is done") from None


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Nobody else may work with this office.

    Raises:
        OfficeError: somebody does.
    """
    handle = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise OfficeError(f"{path}: the office is running; stop it first (serve, watch, import)") from None
    finally:
        os.close(handle)


def chosen_directory() -> Path:
    """The directory that the environment names."""
    return Path(os.environ.get(DIRECTORY_VARIABLE, DEFAULT_DIRECTORY))


def open_directory(path: Path) -> OfficeDirectory:
    """Read an office's settings.

    Raises:
        OfficeError: file, option, and the cure.
    """
    file = path / "office.toml"
    try:
        if file.stat().st_size > MAX_SETTINGS_BYTES:
            raise OfficeError(f"{file}: larger than {MAX_SETTINGS_BYTES} bytes; is this the right file?")
        values = tomllib.loads(file.read_text(encoding="utf-8"))
        settings = convert(values, OfficeSettings)
        ZoneInfo(settings.time_zone)
        bytes.fromhex(settings.estate)
        if settings.database:
            check_url(settings.database, f"{file}: database")
    except OSError as error:
        raise OfficeError(f"{file}: {error.strerror}; make the office with: init") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError, KeyError, ValueError) as error:
        raise OfficeError(f"{file}: {error}") from None
    if settings.reader_port not in READER_PORTS:
        raise OfficeError(f"{file}: reader_port: {settings.reader_port} is not 0 or from 1024 to 65535")
    return OfficeDirectory(path, settings)


def make_directory(path: Path, settings: OfficeSettings, server: Server | None = None) -> OfficeDirectory:
    """Make a new office's directory; ``server``: has its database. Raises ``OfficeError`` if there is one."""
    file = path / "office.toml"
    if file.exists():
        raise OfficeError(f"{file}: exists; there is an office here already")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_secret(path)
        if server is not None:
            settings = replace(settings, database=server.url)
            if server.password is not None:
                write_password(path, server.password)
        write_atomic(file, as_toml(settings).encode(), mode=READABLE)
    except OSError as error:
        raise OfficeError(f"{error.filename}: {error.strerror}; check the directory's owner") from None
    return OfficeDirectory(path, settings)


def make_secret(path: Path) -> None:
    """Write a new key for sessions and forms: everybody is signed out by it."""
    write_atomic(path / "secret.key", secrets.token_urlsafe(48).encode(), mode=PRIVATE)


def write_password(path: Path, password: str) -> None:
    """Keep the database's password as libpq reads it."""
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    write_atomic(path / PASSWORD_FILE, f"*:*:*:*:{escaped}\n".encode(), mode=PRIVATE)


def as_toml(settings: OfficeSettings) -> str:
    """The text of ``office.toml``."""
    hosts = ", ".join(f'"{one}"' for one in settings.hosts)
    rows = {
        "estate": f'"{settings.estate}"',
        "time_zone": f'"{settings.time_zone}"',
        "language": f'"{settings.language}"',
        "hosts": f"[{hosts}]",
        "secure": str(settings.secure).lower(),
        "reader_port": str(settings.reader_port),
    }
    if settings.database:
        rows["database"] = json.dumps(settings.database)
    return "".join(f"{key} = {value}\n" for key, value in rows.items())
