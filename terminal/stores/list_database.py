"""One of the two list databases, as their one writer changes it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from sync.codec import CodecError, decode, encode
from sync.digest import bucket_of
from sync.fields import array, whole
from sync.update import Accepted, ListVersion, StoredRecord
from terminal.stores.database import DamagedError, connect, create_private, sqlite_errors, transaction
from terminal.stores.files import Checkpoint
from terminal.stores.list_content import DatabaseContent
from terminal.stores.list_format import (
    COVERED,
    HEAD,
    LATER_SETTINGS,
    MEMORY,
    SCHEMA,
    SETTINGS,
    EnvelopeBounds,
    Later,
    ListHead,
    checked_record,
    meta_seal,
    needed_meta,
    read_head,
    read_meta,
    record_seal,
)

_PUT_RECORD = "INSERT OR REPLACE INTO records (bucket, key, grant_id, data, crc) VALUES (?, ?, ?, ?, ?)"
_PUT_LATER = "INSERT OR REPLACE INTO later_records (key, grant_id, data, crc) VALUES (?, ?, ?, ?)"
_ADD_LATER = "INSERT OR IGNORE INTO later_records (key, grant_id, data, crc) VALUES (?, ?, ?, ?)"
_FORGET_ENVELOPES = """
    DELETE FROM envelopes WHERE number <= (
        SELECT max(number) FROM (
            SELECT number,
                row_number() OVER newest_first AS place,
                sum(length(data)) OVER newest_first AS total
            FROM envelopes WINDOW newest_first AS (ORDER BY number DESC)
        ) WHERE place > 1 AND (place > ? OR total > ?)
    )"""


class ListDatabase:
    """A list with its envelopes; every change is one transaction, verified before it commits."""

    def __init__(self, path: Path, checkpoint: Checkpoint, bounds: EnvelopeBounds) -> None:
        """Open the database, made first if need be.

        Raises:
            DamagedError: it is no database.
            StoreError: it cannot be opened or made.
        """
        create_private(path)
        self._path = path
        self._checkpoint = checkpoint
        self._bounds = bounds
        with sqlite_errors(path):
            self._connection = connect(path)
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA cell_size_check = ON")
            except sqlite3.Error:
                self._connection.close()
                raise
        self.content = DatabaseContent(self._connection, path)

    def close(self) -> None:
        """Close the connection; the last one out folds the write-ahead log in."""
        with sqlite_errors(self._path):
            self._connection.close()

    def head(self) -> ListHead | None:
        """Which list this is; ``None`` for none."""
        with sqlite_errors(self._path):
            return read_head(self._connection)

    def memory(self) -> bytes:
        """What trust remembers beside the list."""
        with sqlite_errors(self._path):
            return needed_meta(self._connection, MEMORY)

    def envelopes(self) -> list[bytes]:
        """The signed bytes that made this list, as far back as they are kept; the newest is last."""
        with sqlite_errors(self._path):
            return [
                data for (data,) in self._connection.execute("SELECT data FROM envelopes ORDER BY number")
            ]

    def later(self) -> Later | None:
        """What is to be laid over this list when it stands in for a newer one."""
        query = "SELECT key, grant_id, data, crc FROM later_records ORDER BY key, grant_id"
        covered = self.covered()
        if covered is None:
            return None
        with sqlite_errors(self._path):
            records = [checked_record(*row) for row in self._connection.execute(query)]
            return Later(covered, read_meta(self._connection, LATER_SETTINGS), records)

    def covered(self) -> ListVersion | None:
        """Version up to which later changes are known here."""
        with sqlite_errors(self._path):
            data = read_meta(self._connection, COVERED)
        if data is None:
            return None
        try:
            epoch, revision = array(decode(data, max_bytes=32), "covered", length=2)
            return ListVersion(whole(epoch, "covered"), whole(revision, "covered"))
        except CodecError as error:
            raise DamagedError(f"{self._path}: {error}") from error

    def keep_memory(self, memory: bytes) -> None:
        """Replace what trust remembers; the list stays as it is."""
        with self._change("memory"):
            self._put_meta(MEMORY, memory)

    def replace(self, head: ListHead, accepted: Accepted, later: Later | None) -> None:
        """Become the snapshot ``accepted``, with what is still to be laid over it."""
        with self._change("snapshot"):
            self._create_schema()
            for table in ("records", "buckets", "meta", "envelopes", "later_records"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608  # names from this line
            rows = ((bucket_of(one.key), *_row(one)) for one in accepted.puts)
            self._connection.executemany(_PUT_RECORD, rows)
            self._put_buckets(accepted)
            self._put_meta(SETTINGS, accepted.settings or b"")
            self._lay_over(later)
            self._finish(head, accepted)
        with sqlite_errors(self._path):
            # Readers find the list in the file itself, not in a log as large as the list.
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def advance(self, head: ListHead, accepted: Accepted) -> None:
        """Go one revision on by the delta ``accepted``: only rows it touches are written."""
        with self._change("delta"):
            for key, grant_id in accepted.removed:
                self._connection.execute(
                    "DELETE FROM records WHERE bucket = ? AND key = ? AND grant_id = ?",
                    (bucket_of(key), key, grant_id),
                )
            self._connection.executemany(
                _PUT_RECORD, [(bucket_of(one.key), *_row(one)) for one in accepted.puts]
            )
            self._put_buckets(accepted)
            if accepted.settings is not None:
                self._put_meta(SETTINGS, accepted.settings)
            if not head.overlaid:
                self._lay_over(None)
            self._finish(head, accepted)

    def lay_over(self, later: Later, *, anew: bool) -> None:
        """Remember what ``later`` changes, ``anew`` or added to what is remembered.

        What was remembered of a still newer version stays in any case.
        """
        covered = self.covered()
        with self._change("overlay"):
            if covered is not None and later.version < covered:
                self._connection.executemany(_ADD_LATER, map(_row, later.records))
            elif anew:
                self._lay_over(later)
            else:
                self._put_later(later)

    def stand_in(self) -> None:
        """From now on this older list is in force, with what later ones changed laid over it."""
        head = self.head()
        if head is None:
            raise DamagedError(f"{self._path}: holds no list to stand in")
        covered = self.covered()
        if covered is not None and head.version < covered:
            with self._change("stand-in"):
                self._put_meta(HEAD, replace(head, overlaid=True).encode())

    @contextlib.contextmanager
    def _change(self, name: str) -> Iterator[None]:
        with sqlite_errors(self._path):
            with transaction(self._connection):
                yield
                self._checkpoint(f"{name}: written")
            self._checkpoint(f"{name}: committed")

    def _create_schema(self) -> None:
        if self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            for statement in SCHEMA:
                self._connection.execute(statement)

    def _lay_over(self, later: Later | None) -> None:
        self._connection.execute("DELETE FROM later_records")
        self._connection.execute("DELETE FROM meta WHERE name IN (?, ?)", (COVERED, LATER_SETTINGS))
        if later is not None:
            self._put_later(later)

    def _put_later(self, later: Later) -> None:
        self._connection.executemany(_PUT_LATER, map(_row, later.records))
        if later.settings is not None:
            self._put_meta(LATER_SETTINGS, later.settings)
        self._put_meta(COVERED, encode([later.version.epoch, later.version.revision]))

    def _finish(self, head: ListHead, accepted: Accepted) -> None:
        """The rows both kinds of update end with, and the proof that they hold together."""
        self._put_meta(MEMORY, accepted.memory)
        self._connection.execute("INSERT INTO envelopes (data) VALUES (?)", (accepted.envelope,))
        self._connection.execute(_FORGET_ENVELOPES, (self._bounds.count, self._bounds.total_bytes))
        self._put_meta(HEAD, head.encode())
        for number, digest in accepted.bucket_digests.items():
            self.content.check_bucket(number, digest)
        self.content.check_list(head)

    def _put_buckets(self, accepted: Accepted) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO buckets (number, digest) VALUES (?, ?)", accepted.bucket_digests.items()
        )

    def _put_meta(self, name: str, value: bytes) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO meta (name, value, crc) VALUES (?, ?, ?)",
            (name, value, meta_seal(name, value)),
        )


def _row(record: StoredRecord) -> tuple[bytes, int, bytes, int]:
    seal = record_seal(record.key, record.grant_id, record.data)
    return record.key, record.grant_id, record.data, seal
