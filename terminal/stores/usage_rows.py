"""The usage log's tables, and reading them: shared by the writing store and its readers."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from sync.events import Event, EventError, decode_event, link, payload_hash
from terminal.stores import access_state
from terminal.stores.database import DamagedError

FILE_NAME: Final = "usage.db"
APPLICATION_ID: Final = 0x47484C47  # "GHLG"
SCHEMA_VERSION: Final = 1
EPOCH_BYTES: Final = 16
MAX_PAGE: Final = 1000
"""Most events one read hands out."""

_LOG: Final = (
    "CREATE TABLE log (id INTEGER PRIMARY KEY, epoch BLOB NOT NULL, anchor_number INTEGER NOT NULL,"
    " anchor_link BLOB NOT NULL, acknowledged INTEGER NOT NULL, seal INTEGER NOT NULL)"
)
"""One row: the log's identity, what was purged before (anchor) and what the office has."""
_EVENTS: Final = (
    "CREATE TABLE events (number INTEGER PRIMARY KEY, payload BLOB, link BLOB NOT NULL, erased BLOB)"
)
"""``erased`` is the payload's hash once the payload itself is gone."""
_ACKNOWLEDGEMENTS: Final = "CREATE TABLE acknowledgements (number INTEGER PRIMARY KEY, at INTEGER NOT NULL)"
"""When the office had acknowledged up to which number, UTC seconds; see `retention`."""
SCHEMA: Final = (_LOG, _EVENTS, _ACKNOWLEDGEMENTS, access_state.SCHEMA)


class Erased(Struct, frozen=True):
    """The payload was erased; number, link and hash remain."""


class Unreadable(Struct, frozen=True):
    """The row cannot be used: it is reported by its number and never stops a queue."""

    why: str


class StoredEvent(Struct, frozen=True):
    """One row of the log."""

    number: int
    payload: bytes | None
    hashed: bytes
    """SHA-256 of the payload, erased or not."""
    link: bytes
    content: Event | Erased | Unreadable


class Point(Struct, frozen=True):
    """A place in the chain: event ``number`` and its link."""

    number: int
    link: bytes


class Header(Struct, frozen=True):
    """The log's one row of identity."""

    epoch: bytes
    anchor: Point
    """Everything up to here was purged; the chain goes on from its link."""
    acknowledged: int
    """The office has every event up to this number."""


class Head(Struct, frozen=True):
    """Header and the last event (the anchor while there is none)."""

    header: Header
    last: Point


def write_header(connection: sqlite3.Connection, header: Header) -> None:
    """Write the identity row inside the caller's transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO log (id, epoch, anchor_number, anchor_link, acknowledged, seal)"
        " VALUES (1, ?, ?, ?, ?, ?)",
        (header.epoch, header.anchor.number, header.anchor.link, header.acknowledged, _seal(header)),
    )


def read_header(connection: sqlite3.Connection) -> Header:
    """Read the identity row; raises ``DamagedError`` when it cannot be believed."""
    row = connection.execute(
        "SELECT epoch, anchor_number, anchor_link, acknowledged, seal FROM log WHERE id = 1"
    ).fetchone()
    if row is None:
        raise DamagedError("usage log: the identity row is missing")
    epoch, number, anchor_link, acknowledged, seal = row
    types = tuple(type(value) for value in row)
    if types != (bytes, int, bytes, int, int) or len(epoch) != EPOCH_BYTES:
        raise DamagedError("usage log: the identity row has the wrong types")
    header = Header(epoch, Point(number, anchor_link), acknowledged)
    if number < 0 or seal != _seal(header):
        raise DamagedError("usage log: the identity row fails its checksum")
    return header


def read_head(connection: sqlite3.Connection) -> Head:
    """Read identity and chain head; two statements, so give it a transaction of its own.

    Raises:
        DamagedError: they contradict each other, or the last link is not one.
    """
    header = read_header(connection)
    row = connection.execute("SELECT number, link FROM events ORDER BY number DESC LIMIT 1").fetchone()
    last = header.anchor if row is None else Point(*row)
    if type(last.link) is not bytes or len(last.link) != len(header.anchor.link):
        raise DamagedError(f"usage log: event {last.number} has no link")
    if last.number < max(header.anchor.number, header.acknowledged):
        raise DamagedError(
            f"usage log: event {header.acknowledged} is acknowledged, the last is {last.number}"
        )
    return Head(header, last)


def read_events(connection: sqlite3.Connection, after: int, limit: int) -> Iterator[StoredEvent]:
    """Events with a number above ``after``, oldest first, at most ``limit`` (and ``MAX_PAGE``)."""
    previous = _point_at(connection, after)
    rows = connection.execute(
        "SELECT number, payload, link, erased FROM events WHERE number > ? ORDER BY number LIMIT ?",
        (after, max(0, min(limit, MAX_PAGE))),
    )
    for number, payload, linked, erased in rows:
        event = _stored(number, payload, linked, erased)
        yield event if _continues(previous, event) else _broken(event)
        previous = Point(number, event.link)


def walk_chain(connection: sqlite3.Connection, *, newest: int | None = None) -> Point:
    """Prove every row from the anchor (or only the ``newest`` rows) to the last event, which is returned.

    Raises:
        DamagedError: a row is missing, or a link or payload does not belong there.
    """
    head = read_head(connection)
    at = head.header.anchor
    if newest is not None and head.last.number - newest > at.number:
        at = _point_at(connection, head.last.number - newest) or at
    rows = connection.execute(
        "SELECT number, payload, link, erased FROM events WHERE number > ? ORDER BY number",
        (at.number if newest is not None else -1,),
    )
    for number, payload, linked, erased in rows:
        event = _stored(number, payload, linked, erased)
        if number != at.number + 1 or not _continues(at, event):
            raise DamagedError(f"usage log: the chain breaks between events {at.number} and {number}")
        at = Point(number, event.link)
    return at


def _point_at(connection: sqlite3.Connection, number: int) -> Point | None:
    row = connection.execute("SELECT link FROM events WHERE number = ?", (number,)).fetchone()
    if row is not None and type(row[0]) is bytes:
        return Point(number, row[0])
    anchor = read_header(connection).anchor
    return anchor if anchor.number >= number else None


def _continues(previous: Point | None, event: StoredEvent) -> bool:
    """Whether the link follows from ``previous``; true where that one is not known."""
    if previous is None or event.number != previous.number + 1:
        return True
    return event.link == link(previous.link, event.number, event.hashed)


def _broken(event: StoredEvent) -> StoredEvent:
    broken = Unreadable("its link does not follow from the event before")
    return StoredEvent(event.number, event.payload, event.hashed, event.link, broken)


def _stored(number: int, payload: object, linked: object, erased: object) -> StoredEvent:
    known_link = linked if isinstance(linked, bytes) else b""
    if payload is None and isinstance(erased, bytes):
        return StoredEvent(number, None, erased, known_link, Erased())
    if not isinstance(payload, bytes):
        return StoredEvent(number, None, b"", known_link, Unreadable("its payload is missing"))
    content: Event | Unreadable
    try:
        content = decode_event(payload)
    except EventError as error:
        content = Unreadable(str(error))
    return StoredEvent(number, payload, payload_hash(payload), known_link, content)


def _seal(header: Header) -> int:
    anchor = header.anchor
    return zlib.crc32(b"%d %d " % (anchor.number, header.acknowledged) + header.epoch + anchor.link)
