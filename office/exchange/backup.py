"""A backup is one zip file with a manifest; it is checked when it is taken, and again before it is used.

office.db       SQLite's own online copy: the office goes on working meanwhile
office.dump     in its place, where the office is on PostgreSQL: what pg_dump writes, as quietly
office.toml     settings
secret.key, keys/   only if asked for: whoever has them can sign lists and sessions
manifest.json   format, time, estate, SHA-256 of each part, head of the audit trail, lists of the gates
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from office.errors import OfficeError
from office.exchange.soundness import Soundness, judge, judge_tables
from office.exchange.working_folder import working_folder
from office.files import PRIVATE, READABLE, write_atomic
from office.hub.address import PostgresAddress
from office.hub.office_schema import check_office_schema
from office.hub.store import HubStore
from office.site.directory import OfficeDirectory, Server, alone, open_directory

FORMAT: Final = 1
_DATABASES: Final = frozenset(("office.db", "office.dump"))
_PART: Final = re.compile(r"office\.db|office\.dump|office\.toml|secret\.key|keys/[A-Za-z0-9._-]{1,80}")
"""What a backup may hold: nothing is ever written elsewhere than beside these names."""
_MAX_MANIFEST_BYTES: Final = 4 << 20
_BLOCK: Final = 1 << 20


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """``manifest.json``."""

    format: int
    made_at: int
    estate: str
    parts: dict[str, str]
    """SHA-256 by name."""
    state: Soundness


def back_up(office: OfficeDirectory, out: Path, at: int, *, with_keys: bool) -> Manifest:
    """Write a checked backup of an office that may be in use.

    Raises:
        OfficeError: ``out`` exists, or the database is not sound, or waits for its upgrade.
    """
    if out.exists():
        raise OfficeError(f"{out}: exists; choose a new name for the backup")
    check_office_schema(office.database)
    with working_folder(out.parent, ".backup-") as folder:
        copy, state = _copy(office, folder)
        copy.chmod(PRIVATE)  # until now the folder kept it private
        files = {copy.name: copy, "office.toml": office.path / "office.toml"}
        if with_keys:
            files |= {"secret.key": office.path / "secret.key"}
            files |= {f"keys/{one.name}": one for one in sorted((office.path / "keys").glob("*"))}
        manifest = Manifest(FORMAT, at, office.settings.estate, _digests(files), state)
        _pack(folder / "backup.zip", files, manifest)
        (folder / "backup.zip").rename(out)
    return manifest


def _copy(office: OfficeDirectory, folder: Path) -> tuple[Path, Soundness]:
    if isinstance(office.database, PostgresAddress):
        from office.exchange.server_backup import dump  # noqa: PLC0415 - SQLite needs none of it

        dumped = folder / "office.dump"
        return dumped, dump(office.database, dumped, office.estate_id)
    copy = folder / "office.db"
    with contextlib.closing(HubStore(office.database)) as store:
        store.backup(copy)
    return copy, judge(copy, office.estate_id)


def check(office: OfficeDirectory) -> Soundness:
    """Judge an office's database as it is now, in use or not; raises ``OfficeError`` with what is broken."""
    check_office_schema(office.database)
    if isinstance(office.database, PostgresAddress):
        from office.exchange.server_backup import judge_server  # noqa: PLC0415 - SQLite needs none of it
        from office.exchange.server_state import server_state  # noqa: PLC0415 - the same

        with server_state(office.database) as state:
            return judge_server(state, str(office.database), office.estate_id)
    return judge_tables(office.database)


def restore(backup: Path, target: Path, at: int, *, replace: bool, server: Server | None = None) -> Manifest:
    """Make ``target`` the office of the backup; a database that was there is kept beside it.

    Keys and settings that are there stay; those of the backup fill what is missing. ``server``: where a
    new office has its database, if the backup is of one on PostgreSQL.

    Raises:
        OfficeError: the backup is damaged, the office runs, or there is one and ``replace`` is not said.
    """
    there = (target / "office.toml").exists()
    if there and not replace:
        raise OfficeError(f"{target}: there is an office here; to put its state back, say --replace")
    with _opened(backup) as (archive, manifest):
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        if there and (found := open_directory(target).settings.estate) != manifest.estate:
            raise OfficeError(f"{target}: is of estate {found}, the backup of {manifest.estate}")
        with alone(target), working_folder(target, ".restore-") as folder:
            _unpack(archive, manifest, folder)
            if "office.dump" in manifest.parts:
                from office.exchange.server_restore import put_on_server  # noqa: PLC0415 - as above

                put_on_server(folder, target, manifest.state, at, replace=replace, server=server)
                _put_in_place(folder, target, manifest)
                return manifest
            _check_for_file(target, server)
            state = judge(folder / "office.db", bytes.fromhex(manifest.estate))
            if state != manifest.state:
                raise OfficeError(f"{backup.name}: its database is not the one that its manifest describes")
            check_unused(target / "office.db")
            _put_in_place(folder, target, manifest)
            _exchange(folder, target, at)
    return manifest


def _check_for_file(target: Path, server: Server | None) -> None:
    there = (target / "office.toml").exists() and open_directory(target).settings.database
    if there or server is not None:
        raise OfficeError("the backup is of an office on SQLite: it cannot be put on a PostgreSQL server")


def _put_in_place(folder: Path, target: Path, manifest: Manifest) -> None:
    """Everything but the database, where it is missing."""
    for name in sorted(manifest.parts):
        place = target / name
        if name in _DATABASES or place.exists():
            continue
        place.parent.mkdir(mode=0o700, exist_ok=True)
        mode = READABLE if name == "office.toml" else PRIVATE
        write_atomic(place, (folder / name).read_bytes(), mode=mode)


def _exchange(folder: Path, target: Path, at: int) -> None:
    """Put the database in its place; the one that was there stays beside it."""
    database = target / "office.db"
    if database.exists():
        moment = datetime.fromtimestamp(at, UTC)
        database.rename(target / f"office.db.before-{moment:%Y%m%d-%H%M%S}")
    for suffix in ("-wal", "-shm"):
        (target / f"office.db{suffix}").unlink(missing_ok=True)
    (folder / "office.db").rename(database)
    handle = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_unused(database: Path) -> None:
    """A hub that runs alone holds no lock of the office's, but its connection can be felt.

    Raises:
        OfficeError: there is one.
    """
    if not database.exists():
        return
    with contextlib.closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            raise OfficeError(f"{database}: a hub works with it; stop it first") from None
        except sqlite3.DatabaseError:
            return  # damaged: that is why it is being replaced


@contextlib.contextmanager
def _opened(backup: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    try:
        with zipfile.ZipFile(backup) as archive:
            info = archive.getinfo("manifest.json")
            if info.file_size > _MAX_MANIFEST_BYTES:
                raise OfficeError(f"{backup.name}: its manifest is too large; is this a backup?")
            manifest = msgspec.json.decode(archive.read(info), type=Manifest)
            strange = [one for one in manifest.parts if not _PART.fullmatch(one)]
            if manifest.format != FORMAT or strange or not _DATABASES & manifest.parts.keys():
                raise OfficeError(f"{backup.name}: is no backup of this version's format")
            yield archive, manifest
    except (zipfile.BadZipFile, KeyError, msgspec.MsgspecError) as error:
        raise OfficeError(f"{backup.name}: is no backup, or is damaged ({error})") from None


def _unpack(archive: zipfile.ZipFile, manifest: Manifest, folder: Path) -> None:
    (folder / "keys").mkdir(mode=0o700)
    for name, digest in manifest.parts.items():
        handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with archive.open(name) as packed, os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(packed, file, _BLOCK)
            file.flush()
            os.fsync(file.fileno())
        if _digest(folder / name) != digest:
            raise OfficeError(f"{name}: the backup is damaged; take another")


def _pack(path: Path, files: dict[str, Path], manifest: Manifest) -> None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(handle, "w+b") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("manifest.json", msgspec.json.format(msgspec.json.encode(manifest)))
            for name, source in files.items():
                archive.write(source, name)
        file.flush()
        os.fsync(handle)


def _digests(files: dict[str, Path]) -> dict[str, str]:
    return {name: _digest(path) for name, path in files.items()}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
