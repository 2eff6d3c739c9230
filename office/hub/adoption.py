"""Making a snapshot that a gate has taken the held list, in place.

Where the wanted list has not changed since the snapshot was signed, what is wanted is
what the snapshot had: no row need be written, whatever the size. Only rows that changed
since need the snapshot's own bytes.
"""

from __future__ import annotations

from office.hub.database import Database
from sync.digest import bucket_of
from sync.encoding import split_issue
from sync.envelope import parse_envelope
from sync.snapshot import decode_content


def adopt_records(database: Database, gate_id: int, number: int, change: int, envelope: bytes) -> None:
    """Lay the snapshot ``number`` down in the caller's transaction."""
    # What a dead branch brought came with no version that the gate has.
    database.execute(
        "UPDATE records SET held_id = ? WHERE gate_id = ? AND held_id > ?", (number, gate_id, number)
    )
    settled = "WHERE gate_id = ? AND change <= ? AND differs"
    by_index = "records INDEXED BY records_that_differ"
    database.execute(f"DELETE FROM {by_index} {settled} AND wanted IS NULL", (gate_id, change))
    laid_down = "SET held = NULL, differs = FALSE, held_id = ?"
    database.execute(f"UPDATE {by_index} {laid_down} {settled}", (number, gate_id, change))
    newest = database.one("SELECT change FROM lists WHERE gate_id = ?", (gate_id,))
    if newest is not None and newest[0] != change:
        _from_bytes(database, gate_id, number, change, envelope)


def _from_bytes(database: Database, gate_id: int, number: int, change: int, envelope: bytes) -> None:
    _, records = decode_content(parse_envelope(envelope).statement.content)
    had = {(one.key, one.grant_id): one.data for one in records}
    later = database.all(
        "SELECT bucket, key, grant_id, wanted FROM records WHERE gate_id = ? AND change > ?",
        (gate_id, change),
    )
    laid = []
    for bucket, key, grant_id, wanted in later:
        data = had.get((key, grant_id))
        differs = data != wanted
        held_id = None if data is None else number
        laid.append((differs, data if differs else None, held_id, gate_id, bucket, key, grant_id))
    database.many(
        "UPDATE records SET differs = ?, held = ?, held_id = ?"
        " WHERE gate_id = ? AND bucket = ? AND key = ? AND grant_id = ?",
        laid,
    )
    # Records wanted when it was signed, and wanted no more, whose rows have gone since.
    database.many(
        "INSERT INTO records"
        " (gate_id, bucket, key, grant_id, issue_id, held, held_id, differs, change)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, TRUE, 0) ON CONFLICT DO NOTHING",
        [
            (gate_id, bucket_of(key), key, grant_id, split_issue(data)[1], data, number)
            for (key, grant_id), data in had.items()
        ],
    )
    database.execute(
        "DELETE FROM records WHERE gate_id = ? AND differs AND wanted IS NULL AND held IS NULL", (gate_id,)
    )
