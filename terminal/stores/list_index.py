"""The gate's look-up in its permission list: one read transaction for each tap.

Runs in the gate process beside a writer it knows nothing of but the files. When the
list in force cannot be read or believed, the one before it answers at once, with all
that was changed since laid over it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from sync.codec import CodecError
from sync.digest import bucket_of
from sync.encoding import decode_record
from sync.records import Record
from sync.update import ListVersion
from terminal.stores.database import DamagedError
from terminal.stores.errors import StoreError
from terminal.stores.files import is_there
from terminal.stores.list_format import (
    LATER_SETTINGS,
    POINTER_NAME,
    SETTINGS,
    ListHead,
    ListUnavailableError,
    NoListError,
    Side,
    checked_record,
    needed_meta,
    read_head,
    read_meta,
    read_pointer,
)
from terminal.stores.reading import connect_for_reading, stands_still

# One statement is one read transaction: head and records are of the same list.
_LOOK_UP = """
    SELECT 0, value, 0 FROM meta WHERE name = 'head'
    UNION ALL SELECT grant_id, data, crc FROM records WHERE bucket = ? AND key = ?"""
# The writer may go on laying over an older list; that of settings shows in the first row.
_LOOK_UP_LAID_OVER = """
    SELECT 0, value, (SELECT crc FROM meta WHERE name = 'later_settings') FROM meta WHERE name = 'head'
    UNION ALL SELECT grant_id, data, crc FROM records WHERE bucket = ? AND key = ?
    UNION ALL SELECT grant_id, data, crc FROM later_records WHERE key = ?"""
_FAILURES = (sqlite3.Error, StoreError, CodecError, UnicodeDecodeError)
"""The last: SQLite's message about a damaged schema may itself be damaged text."""


class ListState(Struct, frozen=True):
    """A list as far as all taps share it; the same object as long as nothing changed."""

    head: ListHead
    settings: bytes
    stands_in: bool
    """An older list, because the one in force failed."""


class Lookup(Struct, frozen=True):
    """What the list says about one credential."""

    records: tuple[Record, ...]
    """In the order of their grant ids; empty for an unknown credential."""
    state: ListState


class ListIndex:
    """Read side of the list directory; used from one thread at a time."""

    def __init__(self, directory: Path) -> None:
        """Nothing is opened yet: the first look-up does."""
        self._directory = directory
        self._pointer_path = str(directory / POINTER_NAME)
        self._pointer_seen: tuple[int, int] | None = None
        self._open: _OpenList | None = None
        self.fault: str | None = None
        """Why the list in force does not answer; ``None`` as long as it does."""
        self._distrusted: tuple[ListHead, str] | None = None

    def lookup(self, key: bytes) -> Lookup:
        """All records of a credential and the state of the list, of one and the same moment.

        Raises:
            NoListError: this gate never got a list.
            ListUnavailableError: no list can be believed.
        """
        if self._open is None or self._pointer_now() != self._pointer_seen or self._open.thawed():
            return self._look_again(key)
        try:
            return self._open.lookup(key)
        except _FAILURES as error:
            return self._fall_back(error, self._open, key)

    def refresh(self) -> ListState:
        """Look at the list in force again, even after a fault; raises like ``lookup``."""
        return self._look_again(b"").state

    def distrust(self, cause: str) -> None:
        """The whole check found the list that answers damaged: the other one stands in for it.

        Each row still proves itself at the tap, so a distrusted list is better than none.
        Another list, of the office or of a repair, ends the distrust.
        """
        if self._open is not None and self._open.state is not None:
            self._distrusted = (self._open.state.head, cause)
            self.close()

    def close(self) -> None:
        """Close the database. The index may be used again."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _look_again(self, key: bytes) -> Lookup:
        self.close()
        self.fault = None
        self._pointer_seen = self._pointer_now()
        try:
            pointed = read_pointer(self._directory)
        except StoreError as error:
            self.fault = str(error)
            pointed = None
        sides = self._newest_first() if pointed is None else [pointed, pointed.other]
        return self._first_sound(sides, key)

    def _fall_back(self, cause: Exception, failed: _OpenList, key: bytes) -> Lookup:
        self.close()
        self.fault = self.fault or f"{failed.path}: {cause}"
        if failed.stands_in:  # nothing is left below it: perhaps the list in force is back
            return self._look_again(key)
        return self._first_sound([failed.side.other], key, stands_in=True)

    def _first_sound(self, sides: Sequence[Side], key: bytes, *, stands_in: bool = False) -> Lookup:
        last_resort: tuple[_OpenList, Lookup] | None = None
        for side in sides:
            opened: _OpenList | None = None
            try:
                opened = _OpenList(self._directory, side, stands_in=stands_in)
                found = opened.lookup(key)
            except _FAILURES as error:
                if opened is not None:
                    opened.close()
                self.fault = self.fault or f"{self._directory / side.file_name}: {error}"
            else:
                if self._distrusted is None or found.state.head != self._distrusted[0]:
                    if last_resort is not None:
                        last_resort[0].close()
                    self._open = opened
                    return found
                self.fault = self.fault or f"{opened.path}: {self._distrusted[1]}"
                last_resort = (opened, found)
            stands_in = True
        if last_resort is not None:
            self._open, found = last_resort
            return found
        raise ListUnavailableError(
            f"{self._directory}: no permission list can be believed ({self.fault}); send a snapshot"
        )

    def _newest_first(self) -> list[Side]:
        """The order without a pointer; raises ``NoListError`` if there never was a list."""
        versions: dict[Side, ListVersion] = {}
        for side in Side:
            path = self._directory / side.file_name
            if not is_there(path):
                continue
            try:
                with contextlib.closing(connect_for_reading(path)) as connection:
                    head = read_head(connection)
            except _FAILURES as error:
                self.fault = self.fault or f"{path}: {error}"
                continue
            if head is not None:
                versions[side] = head.version
        if not versions and self.fault is None:
            raise NoListError(f"{self._directory}: this gate has no permission list yet; send its first one")
        return sorted(versions, key=versions.__getitem__, reverse=True)

    def _pointer_now(self) -> tuple[int, int] | None:
        """What tells one pointer from the next: each is a new file."""
        try:
            found = os.stat(self._pointer_path)  # noqa: PTH116  # on every tap: half the cost of Path.stat
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns


class _OpenList:
    """One database, open for look-ups."""

    def __init__(self, directory: Path, side: Side, *, stands_in: bool) -> None:
        self.path = directory / side.file_name
        self.side = side
        self.stands_in = stands_in
        self._still = stands_still(self.path)
        self._connection = connect_for_reading(self.path)
        self._first_row: tuple[int, bytes, int] | None = None
        """Head and later settings that ``state`` is of."""
        self.state: ListState | None = None

    def close(self) -> None:
        self._connection.close()

    def thawed(self) -> bool:
        """Opened as a file nobody changes, which is no longer so: to be opened anew."""
        return self._still and not stands_still(self.path)

    def lookup(self, key: bytes) -> Lookup:
        state = self.state
        if state is not None:
            rows = self._rows(key, laid_over=state.stands_in)
            if rows and rows[0] == self._first_row:
                return Lookup(_records(key, rows), state)
        state, rows = self._read_state(key)
        return Lookup(_records(key, rows), state)

    def _rows(self, key: bytes, *, laid_over: bool) -> list[tuple[int, bytes, int]]:
        """Head first, then the records; a later one comes after what it replaces."""
        if laid_over:
            cursor = self._connection.execute(_LOOK_UP_LAID_OVER, (bucket_of(key), key, key))
        else:
            cursor = self._connection.execute(_LOOK_UP, (bucket_of(key), key))
        return cursor.fetchall()

    def _read_state(self, key: bytes) -> tuple[ListState, list[tuple[int, bytes, int]]]:
        """State and rows of one moment, when the list is another than at the last look-up."""
        self._connection.execute("BEGIN")
        try:
            head = read_head(self._connection)
            if head is None:
                raise DamagedError("holds no list")
            settings = needed_meta(self._connection, SETTINGS)
            laid_over = self.stands_in or head.overlaid
            if laid_over:
                settings = read_meta(self._connection, LATER_SETTINGS) or settings
            rows = self._rows(key, laid_over=laid_over)
        finally:
            self._connection.execute("ROLLBACK")
        self._first_row = rows[0]
        self.state = ListState(head, settings, laid_over)
        return self.state, rows


def _records(key: bytes, rows: list[tuple[int, bytes, int]]) -> tuple[Record, ...]:
    if len(rows) == 1:
        return ()
    if len(rows) == 2:  # nearly every card: spare the tap a dictionary and a sort
        return (decode_record(checked_record(key, *rows[1])),)
    found = {grant_id: checked_record(key, grant_id, data, crc) for grant_id, data, crc in rows[1:]}
    return tuple([decode_record(found[grant_id]) for grant_id in sorted(found)])
