"""What lies in a gate's list directory, as its writer and its readers both know it.

Two databases, and a pointer to the one in force. Databases are never renamed while
live. Each row carries a CRC-32, so that a flipped bit is noticed at the tap; the list
digest over everything is checked outside the gate process.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from enum import Enum, unique
from pathlib import Path
from typing import Final

from msgspec import Struct

from sync.codec import CodecError, decode, encode
from sync.digest import DIGEST_BYTES, ESTATE_ID_BYTES
from sync.fields import array, octets, truth, whole
from sync.update import ListVersion, StoredRecord
from terminal.stores.database import DamagedError
from terminal.stores.errors import StoreError
from terminal.stores.files import OversizeFileError, read_small

FORMAT_VERSION: Final = 1
POINTER_NAME: Final = "active"
LOCK_NAME: Final = "list.lock"
MAX_POINTER_BYTES: Final = 64
MAX_HEAD_BYTES: Final = 128

HEAD, SETTINGS, MEMORY = "head", "settings", "memory"
COVERED, LATER_SETTINGS = "covered", "later_settings"
"""Names of meta rows. ``covered``: what lists up to this version changed can be laid over."""

SCHEMA: Final = (
    # Bucket first: a digest bucket is read in one sweep, a card in one descent.
    (
        "CREATE TABLE records (bucket INTEGER NOT NULL, key BLOB NOT NULL, grant_id INTEGER NOT NULL,"
        " data BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (bucket, key, grant_id)) WITHOUT ROWID"
    ),
    "CREATE TABLE buckets (number INTEGER PRIMARY KEY, digest BLOB NOT NULL)",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE envelopes (number INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    # What newer lists changed: laid over this one whenever it stands in for them.
    (
        "CREATE TABLE later_records (key BLOB NOT NULL, grant_id INTEGER NOT NULL,"
        " data BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (key, grant_id)) WITHOUT ROWID"
    ),
)


@unique
class Side(Enum):
    """One of the two databases; the value stands in the pointer."""

    A = "a"
    B = "b"

    @property
    def other(self) -> Side:
        """The database that stands in when this one fails."""
        return Side.B if self is Side.A else Side.A

    @property
    def file_name(self) -> str:
        """Name of the database in the list directory."""
        return f"list-{self.value}.db"

    @property
    def pointer(self) -> bytes:
        """Content of a pointer to this side."""
        return f"gatehouse list pointer {FORMAT_VERSION}\n{self.value}\n".encode()


class ListHead(Struct, frozen=True):
    """Which list a database holds; other bytes here mean another list or other settings."""

    estate_id: bytes
    gate_id: int
    version: ListVersion
    issued_at: int
    """Signed issue time, UTC seconds."""
    digest: bytes
    overlaid: bool = False
    """An older list in force in place of a newer one: what that changed is laid over it."""

    def encode(self) -> bytes:
        """Bytes for ``decode``."""
        version = self.version
        return encode(
            [
                FORMAT_VERSION,
                self.estate_id,
                self.gate_id,
                version.epoch,
                version.revision,
                self.issued_at,
                self.digest,
                self.overlaid,
            ]
        )

    @classmethod
    def decode(cls, data: bytes) -> ListHead:
        """Inverse of ``encode``; raises ``CodecError`` for anything else."""
        row = array(decode(data, max_bytes=MAX_HEAD_BYTES), "list head", length=8)
        if whole(row[0], "list head: format") != FORMAT_VERSION:
            raise CodecError(f"list head: not of format {FORMAT_VERSION}")
        return cls(
            octets(row[1], "list head: estate", ESTATE_ID_BYTES),
            whole(row[2], "list head: gate"),
            ListVersion(whole(row[3], "list head: epoch"), whole(row[4], "list head: revision")),
            whole(row[5], "list head: issue time"),
            octets(row[6], "list head: digest", DIGEST_BYTES),
            truth(row[7], "list head: overlaid"),
        )


def read_pointer(directory: Path) -> Side | None:
    """The side in force; ``None`` when there is no pointer.

    Raises:
        DamagedError: the pointer's content is not one of the two it may have.
        StoreError: it cannot be read.
    """
    path = directory / POINTER_NAME
    try:
        data = read_small(path, max_bytes=MAX_POINTER_BYTES)
    except OversizeFileError as error:
        raise DamagedError(f"{path}: damaged, it is too long for a pointer") from error
    if data is None:
        return None
    for side in Side:
        if data == side.pointer:
            return side
    raise DamagedError(f"{path}: damaged, it names neither database")


def record_seal(key: bytes, grant_id: int, data: bytes) -> int:
    """CRC-32 of a record's row."""
    return zlib.crc32(b"%b%d:%b" % (key, grant_id, data))


def checked_record(key: object, grant_id: object, data: object, crc: object) -> StoredRecord:
    """A row of ``records`` or ``later_records``; raises ``DamagedError`` if the CRC does not fit."""
    if type(key) is not bytes or type(grant_id) is not int or type(data) is not bytes:
        raise DamagedError("a record has fields of the wrong type")
    if record_seal(key, grant_id, data) != crc:
        raise DamagedError(f"a record of credential {key.hex()} fails its checksum")
    return StoredRecord(key, grant_id, data)


def meta_seal(name: str, value: bytes) -> int:
    """CRC-32 of a row of ``meta``."""
    return zlib.crc32(name.encode() + b"=" + value)


def read_meta(connection: sqlite3.Connection, name: str) -> bytes | None:
    """Value of a meta row, ``None`` when absent; raises ``DamagedError`` if its CRC does not fit."""
    row = connection.execute("SELECT value, crc FROM meta WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    value, crc = row
    if type(value) is not bytes or meta_seal(name, value) != crc:
        raise DamagedError(f"{name} fails its checksum")
    return value


def needed_meta(connection: sqlite3.Connection, name: str) -> bytes:
    """Like ``read_meta`` for a row every list has."""
    value = read_meta(connection, name)
    if value is None:
        raise DamagedError(f"{name} is missing")
    return value


def read_head(connection: sqlite3.Connection) -> ListHead | None:
    """Head of the list in a database; ``None`` for one that was only created.

    Raises:
        DamagedError: it cannot be believed.
        sqlite3.Error: see `terminal.stores.database.sqlite_errors`.
    """
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        return None
    try:
        return ListHead.decode(needed_meta(connection, HEAD))
    except CodecError as error:
        raise DamagedError(str(error)) from error


class Later(Struct, frozen=True):
    """What lists up to ``version`` changed, to be laid over an older one that stands in for them."""

    version: ListVersion
    settings: bytes | None
    """``None``: as they were."""
    records: Sequence[StoredRecord]


class EnvelopeBounds(Struct, frozen=True):
    """How many signed bytes are kept of one list; the oldest go first, the newest stay at any size.

    The newest envelope signs the digest of the whole list it led to: the older ones tell how
    it came about, and are not needed to prove it.
    """

    count: int = 1000
    total_bytes: int = 16 << 20


class ListUnavailableError(StoreError):
    """No database holds a list that can be believed."""


class NoListError(ListUnavailableError):
    """This gate never got a list: not the same as a list without grants."""
