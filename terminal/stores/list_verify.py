"""Whether what lies in the list directory is whole: every page, row and digest.

Takes seconds on a large list, so it runs outside the gate process; it changes nothing
and may run beside the writer.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from sync.codec import CodecError
from sync.digest import BUCKETS, bucket_digest
from sync.encoding import decode_record
from sync.settings_encoding import decode_settings
from sync.update import ListVersion, StoredRecord
from terminal.stores.database import DamagedError, sqlite_errors
from terminal.stores.errors import StoreError
from terminal.stores.files import is_there
from terminal.stores.highest_list import FILE_NAME as HIGHEST_NAME
from terminal.stores.highest_list import load_highest
from terminal.stores.list_content import DatabaseContent
from terminal.stores.list_format import (
    COVERED,
    LATER_SETTINGS,
    MEMORY,
    ListHead,
    Side,
    checked_record,
    needed_meta,
    read_head,
    read_meta,
    read_pointer,
)
from terminal.stores.reading import connect_for_reading

MAX_PROBLEMS: Final = 20
"""Enough to see what kind of damage it is."""


class SideReport(Struct, frozen=True):
    """What one database holds, and what is wrong with it."""

    side: Side
    in_force: bool
    version: ListVersion | None
    """``None``: no list, or none that can be read."""
    records: int
    problems: tuple[str, ...]
    """Damaged parts in words; empty for a sound list."""


class DirectoryReport(Struct, frozen=True):
    """The whole list directory."""

    sides: tuple[SideReport, ...]
    """The databases there are; none on a gate without a list."""
    problems: tuple[str, ...]
    """What is wrong beside the databases."""

    @property
    def sound(self) -> bool:
        """Whether a list is in force and nothing is damaged."""
        in_force = [one for one in self.sides if one.in_force and one.version is not None]
        return bool(in_force) and not self.problems and not any(one.problems for one in self.sides)


def verify_lists(directory: Path) -> DirectoryReport:
    """Read everything in the list directory and say which part is damaged; raises nothing of it."""
    problems: list[str] = []
    pointed = None
    try:
        pointed = read_pointer(directory)
    except StoreError as error:
        problems.append(str(error))
    found = [side for side in Side if is_there(directory / side.file_name)]
    if pointed is not None and pointed not in found:
        problems.append(f"{directory / pointed.file_name}: the list in force is missing")
    try:
        if load_highest(directory) is None and found:
            problems.append(f"{directory / HIGHEST_NAME}: missing")
    except StoreError as error:
        problems.append(str(error))
    return DirectoryReport(
        tuple(_verify_side(directory, side, in_force=side is pointed) for side in found), tuple(problems)
    )


def _verify_side(directory: Path, side: Side, *, in_force: bool) -> SideReport:
    path = directory / side.file_name
    problems: list[str] = []
    head: ListHead | None = None
    records = 0
    try:
        with _one_moment(path) as connection:
            problems += _page_problems(connection)
            head = read_head(connection)
            if head is not None:
                records = _verify_list(connection, path, head, problems)
    except StoreError as error:
        problems.append(str(error))
    return SideReport(
        side, in_force, None if head is None else head.version, records, tuple(problems[:MAX_PROBLEMS])
    )


@contextlib.contextmanager
def _one_moment(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that sees one state of the database, whatever the writer does."""
    with sqlite_errors(path), contextlib.closing(connect_for_reading(path)) as connection:
        connection.execute("BEGIN")
        yield connection


def _page_problems(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(f"PRAGMA integrity_check({MAX_PROBLEMS})").fetchall()
    texts = [row[0].decode(errors="replace") for row in rows]
    return [] if texts == ["ok"] else [f"pages: {text}" for text in texts]


def _verify_list(connection: sqlite3.Connection, path: Path, head: ListHead, problems: list[str]) -> int:
    """Number of records that could be read; what is not sound is added to ``problems``."""
    content = DatabaseContent(connection, path)
    with _noting(problems, "list digest"):
        content.check_list(head)
    with _noting(problems, "settings"):
        decode_settings(content.settings())
    with _noting(problems, "memory"):
        needed_meta(connection, MEMORY)
    with _noting(problems, "later records"):
        read_meta(connection, COVERED)
        if (later := read_meta(connection, LATER_SETTINGS)) is not None:
            decode_settings(later)
        _check_later(connection, path)
    digests: Sequence[bytes] = ()
    with contextlib.suppress(DamagedError):  # told by the list digest already
        digests = content.bucket_digests()
    return sum(_verify_bucket(content, number, digests, problems) for number in range(BUCKETS))


def _verify_bucket(
    content: DatabaseContent, number: int, digests: Sequence[bytes], problems: list[str]
) -> int:
    records: Sequence[StoredRecord] = ()
    with _noting(problems, f"bucket {number}"):
        records = content.bucket(number)
        for one in records:
            decode_record(one)
        if digests and bucket_digest(records) != digests[number]:
            problems.append(f"bucket {number}: does not have its digest")
    return len(records)


@contextlib.contextmanager
def _noting(problems: list[str], what: str) -> Iterator[None]:
    """What fails inside becomes a problem of the part named ``what``."""
    try:
        yield
    except (StoreError, CodecError) as error:
        problems.append(f"{what}: {error}")


def _check_later(connection: sqlite3.Connection, path: Path) -> None:
    with sqlite_errors(path):
        for row in connection.execute("SELECT key, grant_id, data, crc FROM later_records"):
            decode_record(checked_record(*row))
