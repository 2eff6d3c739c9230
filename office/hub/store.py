"""The hub's store: in one SQLite file by default, or in a database of a PostgreSQL server."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from office.hub.address import PostgresAddress, StoreAddress
from office.hub.as_built_rows import AsBuiltRows
from office.hub.database import Database
from office.hub.diary_rows import DiaryRows, MoveRows, ReceiptRows
from office.hub.event_rows import EventRows
from office.hub.gate_rows import GateRows
from office.hub.invitation_rows import InvitationRows
from office.hub.library import library
from office.hub.lowering_rows import LoweringRows
from office.hub.schema import Checkpoint, HubStoreError, connect, create, pass_by
from office.hub.signed_rows import SignedRows
from office.hub.sqlite_database import SqliteDatabase
from office.hub.standing_rows import StandingRows
from office.hub.wanted_rows import WantedRows

OUTBOX_S: Final = 30 * 86_400
"""How long rows of the outbox stay after they were written; a hub reads them within a second."""


class HubStore:
    """`office.hub.port.HubStorage`; one thread at a time uses it, several processes may."""

    def __init__(
        self, address: StoreAddress, *, checkpoint: Checkpoint = pass_by, database: Database | None = None
    ) -> None:
        """Open the store that ``found`` made, or share the ``database`` that somebody else opened and closes.

        Raises:
            HubStoreError: there is no store, or one of another version.
        """
        self._database = database or open_database(address, checkpoint)
        self.gates = GateRows(self._database)
        self.wanted = WantedRows(self._database)
        self.signed = SignedRows(self._database)
        self.receipts = ReceiptRows(self._database)
        self.events = EventRows(self._database)
        self.diary = DiaryRows(self._database)
        self.standings = StandingRows(self._database)
        self.moves = MoveRows(self._database)
        self.lowerings = LoweringRows(self._database)
        self.invitations = InvitationRows(self._database)
        self.as_built = AsBuiltRows(self._database)

    @classmethod
    def found(cls, address: StoreAddress, estate_id: bytes, *, checkpoint: Checkpoint = pass_by) -> HubStore:
        """Open the store at this address, made if missing; raises ``HubStoreError``."""
        _make(address, estate_id, checkpoint)
        store = cls(address, checkpoint=checkpoint)
        if (found := store.gates.estate_id()) != estate_id:
            store.close()
            raise HubStoreError(f"{address}: is the store of estate {found.hex()}, not of {estate_id.hex()}")
        return store

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable at the end; may be nested, the outermost decides."""
        return self._database.transaction()

    def backup(self, target: Path) -> None:
        """Copy the store as it is now, while it is in use, into a new file; raises ``HubStoreError``."""
        if not isinstance(self._database, SqliteDatabase):
            raise HubStoreError("only a SQLite store is copied as a file; back the office up: office backup")
        self._database.backup(target)

    def store_is_sound(self) -> bool:
        """Whether the database finds nothing wrong with itself."""
        return self._database.is_sound()

    def tidy(self, at: int) -> None:
        """Forget rows of the outbox that every hub has read long ago."""
        with self.transaction():
            self._database.execute("DELETE FROM outbox WHERE at < ?", (at - OUTBOX_S,))

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._database.close()


def open_database(address: StoreAddress, checkpoint: Checkpoint) -> Database:
    """The database at this address, in which ``HubStore.found`` made a store; raises ``HubStoreError``."""
    if isinstance(address, PostgresAddress):
        with library():
            from office.hub.postgresql import PostgresDatabase  # noqa: PLC0415 - SQLite needs none of it
        return PostgresDatabase(address, checkpoint)
    return SqliteDatabase(address, connect(address), checkpoint)


def _make(address: StoreAddress, estate_id: bytes, checkpoint: Checkpoint) -> None:
    if isinstance(address, PostgresAddress):
        with library():
            from office.hub.postgresql import found  # noqa: PLC0415 - SQLite needs none of it
        found(address, estate_id, checkpoint)
    else:
        create(address, estate_id, checkpoint)
