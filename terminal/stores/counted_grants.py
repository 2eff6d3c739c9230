"""Which counted grants this gate's lists hold: asked only after their spends were lost."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sync.codec import CodecError
from sync.digest import BUCKETS
from sync.encoding import decode_record
from sync.records import Grant
from terminal.stores.database import DamagedError, sqlite_errors
from terminal.stores.files import is_there
from terminal.stores.list_format import Side, checked_record
from terminal.stores.reading import connect_for_reading

_RECORDS = "SELECT key, grant_id, data, crc FROM records WHERE bucket = ?"
_LATER = "SELECT key, grant_id, data, crc FROM later_records"

Row = tuple[object, object, object, object]


def counted_grants(directory: Path) -> frozenset[int]:
    """Ids of the counted grants of both list databases; what is damaged is passed over.

    Both, with all that is laid over them: a damaged list may soon be stood in for by the other.

    Raises:
        StoreError: a list cannot be read just now.
    """
    found: set[int] = set()
    for side in Side:
        path = directory / side.file_name
        if is_there(path):
            with (
                contextlib.suppress(DamagedError),
                sqlite_errors(path),
                contextlib.closing(connect_for_reading(path)) as connection,
            ):
                found.update(_counted(connection, path))
    return frozenset(found)


def _counted(connection: sqlite3.Connection, path: Path) -> Iterator[int]:
    for row in _rows(connection, path):
        with contextlib.suppress(DamagedError, CodecError):
            record = decode_record(checked_record(*row))
            if isinstance(record, Grant) and record.spends:
                yield record.grant_id


def _rows(connection: sqlite3.Connection, path: Path) -> Iterator[Row]:
    """Row by row from bucket to bucket: one damaged page hides what is on it, not the rest."""
    parts = [(_LATER, ()), *((_RECORDS, (number,)) for number in range(BUCKETS))]
    for query, values in parts:
        with contextlib.suppress(DamagedError), sqlite_errors(path):
            yield from connection.execute(query, values)
