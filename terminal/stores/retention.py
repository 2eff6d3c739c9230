"""When events leave the gate: thirty days after the office has them, or when the log is full.

Numbers have no gaps and always leave from the front, so counting is arithmetic. What
goes leaves an anchor (number and link) from which the chain still proves the rest.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from msgspec import Struct

from terminal.stores.database import DamagedError
from terminal.stores.usage_rows import Head, Header, Point, write_header

RETENTION_S: Final = 30 * 86_400
"""Default: thirty days after the office has the event (personal information, PIPL art. 19)."""
MAX_EVENTS: Final = 500_000
"""Default cap, about 130 MB: a month at 16,000 events a day."""
ACKNOWLEDGEMENT_STEP_S: Final = 3600
"""Acknowledgements within an hour share one row, which carries the latest time."""
PURGE_STEP: Final = 1000
"""Most events one purge removes, so that it never holds up a commit for long."""


class Drop(Struct, frozen=True):
    """What must leave so that new events fit."""

    up_to: int
    lost: int
    """Events among them that the office does not have."""


def drop_for(header: Header, last: int, max_events: int) -> Drop | None:
    """What to drop once the log reaches event ``last``; ``None`` while it fits.

    Acknowledged events are always the oldest. Losing others takes a hundredth of the
    log at once, so that the events that tell of it stay rare.
    """
    excess = last - header.anchor.number - max_events
    if excess <= 0:
        return None
    acknowledged = max(0, header.acknowledged - header.anchor.number)
    if excess <= acknowledged:
        drop = min(acknowledged, excess + PURGE_STEP)
        return Drop(header.anchor.number + drop, 0)
    drop = min(excess + max(1, max_events // 100), last - header.anchor.number)
    return Drop(header.anchor.number + drop, drop - acknowledged)


def remove_up_to(connection: sqlite3.Connection, header: Header, number: int) -> Header:
    """Remove events up to ``number`` inside the caller's transaction; returns the new header."""
    row = connection.execute("SELECT link FROM events WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise DamagedError(f"usage log: event {number} is missing")
    connection.execute("DELETE FROM events WHERE number <= ?", (number,))
    left = Header(header.epoch, Point(number, row[0]), header.acknowledged)
    write_header(connection, left)
    return left


def acknowledge(connection: sqlite3.Connection, header: Header, number: int, utc_s: int | None) -> Header:
    """Note inside the caller's transaction that the office has all events up to ``number``.

    Without a trusted time the note is dated by the next purge that knows one: late is
    safe, early would remove events too soon.
    """
    noted = Header(header.epoch, header.anchor, number)
    write_header(connection, noted)
    if utc_s is not None:
        _date(connection, number, utc_s)
    return noted


def expired_up_to(connection: sqlite3.Connection, head: Head, utc_s: int, retention_s: int) -> int:
    """Date open acknowledgements, and find the last event whose retention is over.

    Runs inside the caller's transaction; returns the anchor's number when none is.
    """
    header = head.header
    # Noted while the clock stood ahead: those would never expire.
    connection.execute("UPDATE acknowledgements SET at = ?1 WHERE at > ?1", (utc_s,))
    (dated,) = connection.execute("SELECT max(number) FROM acknowledgements").fetchone()
    if header.acknowledged > max(dated or 0, header.anchor.number):
        _date(connection, header.acknowledged, utc_s)
    (over,) = connection.execute(
        "SELECT max(number) FROM acknowledgements WHERE at <= ?", (utc_s - retention_s,)
    ).fetchone()
    up_to = min(over or 0, header.acknowledged, header.anchor.number + PURGE_STEP)
    if over is not None and up_to == over:
        connection.execute("DELETE FROM acknowledgements WHERE number <= ?", (over,))
    return max(up_to, header.anchor.number)


def _date(connection: sqlite3.Connection, number: int, utc_s: int) -> None:
    last = connection.execute(
        "SELECT number, at FROM acknowledgements ORDER BY number DESC LIMIT 1"
    ).fetchone()
    if (
        last is not None
        and type(last[1]) is int
        and last[1] // ACKNOWLEDGEMENT_STEP_S == utc_s // ACKNOWLEDGEMENT_STEP_S
    ):
        connection.execute("DELETE FROM acknowledgements WHERE number = ?", (last[0],))
    connection.execute("INSERT OR REPLACE INTO acknowledgements (number, at) VALUES (?, ?)", (number, utc_s))
