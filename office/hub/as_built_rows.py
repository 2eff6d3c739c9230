"""As-built files in the store, as the gates signed them."""

from __future__ import annotations

from office.hub.database import Database, Row


class AsBuiltRows:
    """`office.hub.port.AsBuiltFiles`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, gate_id: int, made_at: int, data: bytes, received_at: int) -> bool:
        """Keep a verified file; False if it was here already."""
        with self._database.transaction():
            cursor = self._database.execute(
                "INSERT INTO as_built (gate_id, made_at, received_at, data) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (gate_id, made_at, received_at, data),
            )
            return cursor.rowcount == 1

    def before(self, gate_id: int, made_at: int, data: bytes) -> bytes | None:
        """The gate's last file made before this one; ``None`` if this is the first."""
        return _data(
            self._database.one(
                "SELECT data FROM as_built WHERE gate_id = ? AND made_at <= ? AND data != ?"
                " ORDER BY made_at DESC, id DESC LIMIT 1",
                (gate_id, made_at, data),
            )
        )

    def newest(self, gate_id: int) -> bytes | None:
        """The file that was made last; ``None`` if there is none."""
        return _data(
            self._database.one(
                "SELECT data FROM as_built WHERE gate_id = ? ORDER BY made_at DESC, id DESC LIMIT 1",
                (gate_id,),
            )
        )


def _data(row: Row | None) -> bytes | None:
    return None if row is None else row[0]
