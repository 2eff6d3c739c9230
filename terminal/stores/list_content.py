"""Reading a whole list from one database: what trust builds on, and what is verified."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from sync.digest import BUCKETS, DIGEST_BYTES, bucket_digest, bucket_of, list_digest
from sync.update import StoredRecord
from terminal.stores.database import DamagedError, sqlite_errors
from terminal.stores.list_format import (
    SETTINGS,
    ListHead,
    checked_record,
    needed_meta,
)


class DatabaseContent:
    """`sync.update.ListContent` over one database; whatever fails raises ``StoreError``."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Read through ``connection``; ``path`` is for messages."""
        self._connection = connection
        self._path = path

    def settings(self) -> bytes:
        """Canonical settings bytes."""
        with sqlite_errors(self._path):
            return needed_meta(self._connection, SETTINGS)

    def credential(self, key: bytes) -> Sequence[StoredRecord]:
        """All records of one credential, in canonical order."""
        return self._select("WHERE bucket = ? AND key = ?", (bucket_of(key), key))

    def bucket(self, number: int) -> Sequence[StoredRecord]:
        """All records of one digest bucket, in canonical order."""
        return self._select("WHERE bucket = ?", (number,))

    def bucket_digests(self) -> Sequence[bytes]:
        """The 1,024 bucket digests, as stored."""
        with sqlite_errors(self._path):
            rows = self._connection.execute("SELECT number, digest FROM buckets ORDER BY number").fetchall()
        digests = [digest for _, digest in rows]
        if [number for number, _ in rows] != list(range(BUCKETS)) or not all(map(_is_digest, digests)):
            raise DamagedError(f"{self._path}: bucket digests are damaged")
        return digests

    def records(self) -> Iterator[StoredRecord]:
        """Every record, bucket by bucket."""
        for number in range(BUCKETS):
            yield from self.bucket(number)

    def check_bucket(self, number: int, digest: bytes) -> None:
        """Raises ``DamagedError`` unless the bucket's records have this digest."""
        if bucket_digest(self.bucket(number)) != digest:
            raise DamagedError(f"{self._path}: bucket {number} does not have its digest")

    def check_list(self, head: ListHead) -> None:
        """Raises ``DamagedError`` unless settings and bucket digests give the list digest."""
        found = list_digest(
            estate_id=head.estate_id,
            gate_id=head.gate_id,
            version=head.version,
            settings=self.settings(),
            buckets=self.bucket_digests(),
        )
        if found != head.digest:
            raise DamagedError(f"{self._path}: list {head.version} does not have its digest")

    def _select(self, where: str, values: Sequence[object]) -> list[StoredRecord]:
        # ``where`` is one of the constants above, never data.
        query = f"SELECT key, grant_id, data, crc FROM records {where} ORDER BY key, grant_id"  # noqa: S608
        with sqlite_errors(self._path):
            return [checked_record(*row) for row in self._connection.execute(query, values)]


def _is_digest(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == DIGEST_BYTES
