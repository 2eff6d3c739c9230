"""The gate's permission list on disk: the one writer.

Two databases and a pointer. A snapshot is built in the database that is not in force
and comes into force by the pointer; a delta is one transaction on the one in force.
Before either can be seen, what it changes is laid over the *other* database, so that
falling back to an older list opens nothing that the newer one would not.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from sync.succession import Current
from sync.update import Accepted, ListContent, ListVersion
from terminal.stores.database import DamagedError, set_aside
from terminal.stores.errors import StoreError
from terminal.stores.files import Checkpoint, WriterLock, is_there, pass_by, write_atomic
from terminal.stores.highest_list import FILE_NAME as HIGHEST_NAME
from terminal.stores.highest_list import HighestList, after_update, read_highest, save_highest, with_memory
from terminal.stores.list_database import ListDatabase
from terminal.stores.list_format import (
    LOCK_NAME,
    POINTER_NAME,
    EnvelopeBounds,
    Later,
    ListHead,
    Side,
    read_pointer,
)


class WrongListError(StoreError):
    """The list on this disk belongs to another gate (a storage card moved between gates)."""


class ListStore:
    """Keeps the list in force, the one before it, and the signed envelopes of both."""

    def __init__(
        self,
        directory: Path,
        *,
        estate_id: bytes,
        gate_id: int,
        checkpoint: Checkpoint = pass_by,
        bounds: EnvelopeBounds = EnvelopeBounds(),  # noqa: B008 - frozen
    ) -> None:
        """Take the directory as its only writer; a damaged list is set aside at once.

        Raises:
            StoreBusyError: another process writes here.
            WrongListError: the list belongs to another gate.
            StoreError: the directory cannot be used.
        """
        self._directory = directory
        self._estate_id: Final = estate_id
        self._gate_id: Final = gate_id
        self._checkpoint = checkpoint
        self._bounds = bounds
        self._open: dict[Side, ListDatabase] = {}
        self.faults: list[str] = []
        """What was found damaged and set aside since the start, for events."""
        self._highest: Current | None = None
        self._lock = WriterLock(directory / LOCK_NAME)
        try:
            self._active = self._choose()
            self._highest = self._newest_ever()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the databases and let the next writer in. May be called twice."""
        try:
            for database in self._open.values():
                database.close()
        finally:
            self._open.clear()
            self._lock.release()

    @property
    def directory(self) -> Path:
        """Where the lists are, and what else the sync side keeps."""
        return self._directory

    def current(self) -> Current | None:
        """The list in force, ``None`` when there is none; raises ``StoreError``."""
        database = self._in_force()
        head = None if database is None else database.head()
        if database is None or head is None:
            return None
        return Current(head.version, head.digest, head.issued_at, database.memory())

    def highest(self) -> Current | None:
        """The newest list ever in force here, whatever became of it; ``None`` when there never was one."""
        return self._highest

    def content(self) -> ListContent | None:
        """Read access to the list in force; reading raises ``StoreError`` (see ``recover``)."""
        database = self._in_force()
        return None if database is None else database.content

    def envelopes(self) -> list[bytes]:
        """The signed bytes of the list in force: its snapshot, then the deltas since (`EnvelopeBounds`)."""
        database = self._in_force()
        return [] if database is None else database.envelopes()

    def keep_memory(self, memory: bytes) -> None:
        """Keep what trust remembers after an update that changed no list."""
        if (database := self._in_force()) is not None:
            database.keep_memory(memory)
        if self._highest is not None:
            self._keep_highest(with_memory(self._highest, memory))

    def apply(self, accepted: Accepted) -> None:
        """Put a verified update into force, durably and in one step.

        Raises:
            DamagedError: what is on disk cannot be built on; ``recover``, then ask for a snapshot.
            StoreError: disk full, read-only …; the list before is still in force.
        """
        # First of all: should the databases be lost in this very moment, nothing older comes after it.
        self._keep_highest(after_update(self._highest, accepted))
        if accepted.is_snapshot:
            self._replace(accepted)
        else:
            self._advance(accepted)

    def recover(self, cause: DamagedError) -> None:
        """Set the damaged list in force aside; the one before it stands in, if it is sound.

        What trust said about an update before this is void: ask it again.
        """
        self.faults.append(str(cause))
        damaged = self._active
        self._active = self._stand_in(damaged)
        if damaged is not None:
            self._set_aside(damaged)

    def _replace(self, accepted: Accepted) -> None:
        before = self._active
        side = Side.A if before is None else before.other
        later = self._still_to_lay_over(accepted.version)
        head = self._head(accepted, overlaid=later is not None)
        try:
            self._database(side).replace(head, accepted, later)
        except DamagedError as error:
            self.faults.append(str(error))
            self._set_aside(side)
            self._database(side).replace(head, accepted, later)
        if before is not None:
            self._lay_over(before, accepted, anew=True)
        self._point_to(side)

    def _advance(self, accepted: Accepted) -> None:
        database = self._in_force()
        before = None if database is None else database.head()
        if database is None or before is None:
            raise StoreError(f"{self._directory}: a delta needs a list to build on; ask for a snapshot")
        covered = database.covered()
        overlaid = before.overlaid and covered is not None and accepted.version < covered
        if self._active is not None:
            self._lay_over(self._active.other, accepted, anew=False)
        database.advance(self._head(accepted, overlaid=overlaid), accepted)

    def _lay_over(self, side: Side, accepted: Accepted, *, anew: bool) -> None:
        """Make ``side`` fit to stand in for ``accepted``; one that cannot learn it must go."""
        if not is_there(self._directory / side.file_name):
            return
        try:
            database = self._database(side)
            if database.head() is not None:
                later = Later(accepted.version, accepted.settings, accepted.later)
                database.lay_over(later, anew=anew)
        except DamagedError as error:
            self.faults.append(str(error))
            self._set_aside(side)

    def _still_to_lay_over(self, version: ListVersion) -> Later | None:
        """What a stand-in in force knows of changes newer than ``version``."""
        database = self._in_force()
        head = None if database is None else database.head()
        if database is None or head is None or not head.overlaid:
            return None
        later = database.later()
        return None if later is None or later.version <= version else later

    def _choose(self) -> Side | None:
        """The side in force: by the pointer, else the newest sound list."""
        try:
            pointed = read_pointer(self._directory)
        except DamagedError as error:
            self.faults.append(str(error))
            pointed = None
        if pointed is not None and self._sound(pointed) is not None:
            return pointed
        if pointed is not None:
            return self._stand_in(pointed)
        versions = {side: head.version for side in Side if (head := self._sound(side)) is not None}
        if not versions:
            return None
        newest = max(versions, key=versions.__getitem__)
        self._point_to(newest)
        return newest

    def _newest_ever(self) -> Current | None:
        """By the file beside the databases; where that is missing or damaged, the list in force."""
        current = self.current()
        kept, problem = read_highest(self._directory, current)
        if kept is not None:
            self._check_ours(kept.estate_id, kept.gate_id, self._directory / HIGHEST_NAME)
            return kept.newest
        if problem:
            self.faults.append(problem)
        if current is not None:
            self._keep_highest(current)
        return current

    def _keep_highest(self, newest: Current) -> None:
        kept = HighestList(self._estate_id, self._gate_id, newest)
        save_highest(self._directory, kept, checkpoint=self._checkpoint)
        self._highest = newest

    def _stand_in(self, failed: Side | None) -> Side | None:
        """Bring the other side into force, laid over with all it knows; ``None`` if it cannot."""
        if failed is None or self._sound(failed.other) is None:
            return None
        self._database(failed.other).stand_in()
        self._point_to(failed.other)
        return failed.other

    def _sound(self, side: Side) -> ListHead | None:
        """Head of the list of one side, ``None`` when it has none; damage is set aside."""
        if not is_there(self._directory / side.file_name):
            return None
        try:
            head = self._database(side).head()
            if head is not None:
                self._database(side).memory()
                self._database(side).content.check_list(head)
        except DamagedError as error:
            self.faults.append(str(error))
            self._set_aside(side)
            return None
        if head is not None:
            self._check_ours(head.estate_id, head.gate_id, self._directory / side.file_name)
        return head

    def _check_ours(self, estate_id: bytes, gate_id: int, path: Path) -> None:
        if (estate_id, gate_id) != (self._estate_id, self._gate_id):
            raise WrongListError(
                f"{path}: holds the list of gate {gate_id} of estate {estate_id.hex()};"
                " correct the ids in the configuration, or empty the directory"
            )

    def _point_to(self, side: Side) -> None:
        try:
            write_atomic(self._directory / POINTER_NAME, side.pointer, checkpoint=self._checkpoint)
        except StoreError:
            # Renamed, but perhaps not durable: readers see it, so this process must too.
            if read_pointer(self._directory) is side:
                self._active = side
            raise
        self._active = side

    def _in_force(self) -> ListDatabase | None:
        return None if self._active is None else self._database(self._active)

    def _database(self, side: Side) -> ListDatabase:
        if side not in self._open:
            path = self._directory / side.file_name
            self._open[side] = ListDatabase(path, self._checkpoint, self._bounds)
        return self._open[side]

    def _set_aside(self, side: Side) -> None:
        if (database := self._open.pop(side, None)) is not None:
            with contextlib.suppress(StoreError):  # it is damaged: closing may fail as well
                database.close()
        set_aside(self._directory / side.file_name)

    def _head(self, accepted: Accepted, *, overlaid: bool) -> ListHead:
        return ListHead(
            self._estate_id,
            self._gate_id,
            accepted.version,
            accepted.issued_at,
            accepted.digest,
            overlaid,
        )
