"""Which counted grants this gate's lists hold: asked only after their spends were lost."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from itertools import chain, starmap
from pathlib import Path

from sync.codec import CodecError
from sync.encoding import decode_record
from sync.records import Grant
from terminal.stores.errors import StoreError
from terminal.stores.files import is_there
from terminal.stores.list_content import DatabaseContent
from terminal.stores.list_format import Side, checked_record
from terminal.stores.reading import connect_for_reading


def counted_grants(directory: Path) -> frozenset[int]:
    """Ids of the counted grants of both list databases; what cannot be read is passed over.

    Both, with all that is laid over them: a damaged list may soon be stood in for by the other one.
    """
    found: set[int] = set()
    for side in Side:
        path = directory / side.file_name
        if is_there(path):
            with contextlib.suppress(sqlite3.Error, StoreError, CodecError, UnicodeDecodeError):
                found.update(_counted(path))
    return frozenset(found)


def _counted(path: Path) -> Iterator[int]:
    with contextlib.closing(connect_for_reading(path)) as connection:
        later = connection.execute("SELECT key, grant_id, data, crc FROM later_records")
        for stored in chain(DatabaseContent(connection, path).records(), starmap(checked_record, later)):
            record = decode_record(stored)
            if isinstance(record, Grant) and record.spends:
                yield record.grant_id
