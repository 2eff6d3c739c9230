"""A gate's wanted or held list as it lies in the store, read as it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from office.hub.database import Database
from sync.digest import BUCKETS, DIGEST_BYTES, bucket_digests, bucket_of
from sync.update import StoredRecord

WANTED: Final = "wanted"
HELD: Final = "held"
HELD_DATA: Final = "CASE WHEN records.differs THEN records.held ELSE records.wanted END"
"""Where a row does not differ, what is wanted is held."""

_ROWS: Final = {
    WANTED: "SELECT key, grant_id, wanted FROM records WHERE gate_id = ? AND wanted IS NOT NULL",
    HELD: f"SELECT key, grant_id, {HELD_DATA} FROM records WHERE {HELD_DATA} IS NOT NULL"
    " AND (SELECT held_id FROM lists WHERE gate_id = ?) IS NOT NULL AND gate_id = ?",
}


class StoredContent:
    """`sync.update.ListContent` over one column of the records."""

    def __init__(self, database: Database, gate_id: int, column: str) -> None:
        self._database = database
        self._gate_id = gate_id
        self._rows = _ROWS[column]
        self._column = column

    def settings(self) -> bytes:
        """Canonical settings bytes; empty before the first list."""
        row = self._database.one(
            f"SELECT {self._column}_settings FROM lists WHERE gate_id = ?", (self._gate_id,)
        )
        return b"" if row is None or row[0] is None else row[0]

    def credential(self, key: bytes) -> Sequence[StoredRecord]:
        """All records of one credential, in canonical order."""
        return self._read("AND bucket = ? AND key = ? ORDER BY grant_id", bucket_of(key), key)

    def bucket(self, number: int) -> Sequence[StoredRecord]:
        """All records of one digest bucket, in canonical order."""
        return self._read("AND bucket = ? ORDER BY key, grant_id", number)

    def bucket_digests(self) -> Sequence[bytes]:
        """The 1,024 bucket digests: as kept of the held list, counted of the wanted one."""
        if self._column == HELD:
            row = self._database.one("SELECT digests FROM held_buckets WHERE gate_id = ?", (self._gate_id,))
            if row is not None:
                return split_buckets(row[0])
        return bucket_digests(self.records())

    def records(self) -> Iterator[StoredRecord]:
        """Every record, bucket by bucket, each in canonical order."""
        yield from self._read("ORDER BY bucket, key, grant_id")

    def _read(self, which: str, *values: object) -> list[StoredRecord]:
        gate = (self._gate_id,) * self._rows.count("?")
        rows = self._database.all(f"{self._rows} {which}", (*gate, *values))
        return [StoredRecord(*row) for row in rows]


def split_buckets(joined: bytes) -> list[bytes]:
    """The bucket digests one by one."""
    return [joined[at : at + DIGEST_BYTES] for at in range(0, BUCKETS * DIGEST_BYTES, DIGEST_BYTES)]
