"""The hub's store in one SQLite file: the default, for estates with one hub."""

from __future__ import annotations

import contextlib
import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from office.hub.as_built_rows import SqliteAsBuilt
from office.hub.database import Database
from office.hub.diary_rows import SqliteDiary, SqliteMoves, SqliteReceipts
from office.hub.event_rows import SqliteEvents
from office.hub.gate_rows import SqliteGates
from office.hub.invitation_rows import SqliteInvitations
from office.hub.lowering_rows import SqliteLowerings
from office.hub.schema import Checkpoint, HubStoreError, connect, create, pass_by, sqlite_errors
from office.hub.signed_rows import SqliteSigned
from office.hub.wanted_rows import SqliteWanted

OUTBOX_S: Final = 30 * 86_400
"""How long rows of the outbox stay after they were written; a hub reads them within a second."""


class SqliteHub:
    """`office.hub.port.HubStorage`; one thread at a time uses it, several processes may."""

    def __init__(
        self, path: Path, *, checkpoint: Checkpoint = pass_by, database: Database | None = None
    ) -> None:
        """Open the store that ``found`` made, or share the ``database`` that somebody else opened and closes.

        Raises:
            HubStoreError: the file is no store, or of another version.
        """
        self._database = database or Database(path, connect(path), checkpoint)
        self.gates = SqliteGates(self._database)
        self.wanted = SqliteWanted(self._database)
        self.signed = SqliteSigned(self._database)
        self.receipts = SqliteReceipts(self._database)
        self.events = SqliteEvents(self._database)
        self.diary = SqliteDiary(self._database)
        self.moves = SqliteMoves(self._database)
        self.lowerings = SqliteLowerings(self._database)
        self.invitations = SqliteInvitations(self._database)
        self.as_built = SqliteAsBuilt(self._database)

    @classmethod
    def found(cls, path: Path, estate_id: bytes, *, checkpoint: Checkpoint = pass_by) -> SqliteHub:
        """Open the store at ``path``, made if missing; raises ``HubStoreError``."""
        create(path, estate_id, checkpoint)
        store = cls(path, checkpoint=checkpoint)
        if (found := store.gates.estate_id()) != estate_id:
            store.close()
            raise HubStoreError(f"{path}: is the store of estate {found.hex()}, not of {estate_id.hex()}")
        return store

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable at the end; may be nested, the outermost decides."""
        return self._database.transaction()

    def backup(self, target: Path) -> None:
        """Copy the store as it is now, while it is in use, into a new file; raises ``HubStoreError``."""
        if target.exists():
            raise HubStoreError(f"{target}: exists; choose a new name for the backup")
        with sqlite_errors(target), contextlib.closing(sqlite3.connect(target)) as copy:
            self._database.connection.backup(copy)

    def store_is_sound(self) -> bool:
        """Whether SQLite finds nothing wrong with the file."""
        return self._database.all("PRAGMA quick_check") == [("ok",)]

    def tidy(self, at: int) -> None:
        """Forget rows of the outbox that every hub has read long ago."""
        with self.transaction():
            self._database.execute("DELETE FROM outbox WHERE at < ?", (at - OUTBOX_S,))

    def close(self) -> None:
        """Close the file. May be called twice."""
        with sqlite_errors(self._database.path):
            self._database.connection.close()
