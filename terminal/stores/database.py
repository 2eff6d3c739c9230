"""How a gate opens its SQLite files: private, in WAL mode, every error one of ours.

A damaged file is never repaired in place: it is set aside under a clear name with
its write-ahead log, and its store begins anew.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from terminal.stores.errors import StoreError
from terminal.stores.files import FILE_MODE, sync_directory

BUSY_TIMEOUT_S: Final = 2.0
"""Another process holds the database only while it recovers or closes it."""
SIDE_FILES: Final = ("", "-wal", "-shm")

_DAMAGE: Final = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_SCHEMA,
        sqlite3.SQLITE_ERROR,  # our statements are constant: a missing table or column is damage
    }
)
_READ_FAULTS: Final = frozenset({sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ})
"""A sector that cannot be read: the file is as good as damaged."""


class DamagedError(StoreError):
    """The file's content cannot be believed; it must be set aside."""


@contextlib.contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn whatever SQLite raises into ``DamagedError`` (content) or ``StoreError`` (anything else)."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and (code in _READ_FAULTS or code & 0xFF in _DAMAGE):
            raise DamagedError(f"{path}: damaged ({error})") from error
        raise StoreError(f"{path}: {error}; check free space, owner and mode of its directory") from error
    except UnicodeDecodeError as error:
        # SQLite quotes a damaged schema in its message, and Python cannot decode that.
        raise DamagedError(f"{path}: damaged (its schema is not text)") from error


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, with the write lock taken at the start."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A failed COMMIT (full disk) may or may not have rolled back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def create_private(path: Path) -> None:
    """Make sure ``path`` exists with mode 0660 before SQLite opens it (its side files copy the mode).

    Raises:
        StoreError: the directory is missing, full or not writable.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"{path}: cannot be created ({error.strerror}); check its directory") from error
    try:
        os.fchmod(handle, FILE_MODE)  # whatever the umask says
        sync_directory(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: cannot be created ({error.strerror}); check its directory") from error
    finally:
        os.close(handle)


def connect(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """Open an existing database in autocommit mode; usable from one thread at a time.

    ``immutable`` reads a file that nobody can change, without locks or shared memory.

    Raises:
        sqlite3.Error: see ``sqlite_errors``.
    """
    connection = sqlite3.connect(
        f"{_uri(path)}?{'mode=ro&immutable=1' if immutable else 'mode=rw'}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_S,
        check_same_thread=False,
    )
    connection.text_factory = bytes  # a flipped bit in a text is data, not a decoding error
    return connection


def _uri(path: Path) -> str:
    """The path as SQLite reads it (uri.html); pathlib's own way imports 5 ms of URL parsing at the start."""
    return "file:" + str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def make_log_room(path: Path, size: int) -> bool:
    """Grow the write-ahead log of ``path`` to ``size`` bytes of zeros; ``False`` while there is no log.

    SQLite ignores what no frame header vouches for. Only the database's writer may call it.

    Raises:
        StoreError: the disk is full or failing.
    """
    try:
        handle = os.open(f"{path}-wal", os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"{path}-wal: cannot be opened ({error.strerror})") from error
    try:
        present = os.fstat(handle).st_size
        if 0 < present < size:
            os.pwrite(handle, bytes(size - present), present)
            os.fsync(handle)
    except OSError as error:
        raise StoreError(f"{path}-wal: no room ({error.strerror}); free some space") from error
    finally:
        os.close(handle)
    return present > 0


def set_aside(path: Path) -> Path | None:
    """Rename a database and its side files to the next free ``NAME.damaged-N``; ``None`` if there are none.

    The main file goes first: a kill in between leaves a log without its database,
    which the next start moves too, never a database without its log.

    Raises:
        StoreError: the directory refuses the rename.
    """
    try:
        if not any(Path(f"{path}{side}").exists() for side in SIDE_FILES):
            return None
        number = 1
        while any(Path(f"{path}.damaged-{number}{side}").exists() for side in SIDE_FILES):
            number += 1
        target = Path(f"{path}.damaged-{number}")
        for side in SIDE_FILES:
            with contextlib.suppress(FileNotFoundError):
                Path(f"{path}{side}").rename(f"{target}{side}")
        sync_directory(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: damaged and cannot be set aside ({error.strerror})") from error
    return target
