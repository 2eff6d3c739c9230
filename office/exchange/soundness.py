"""Whether an office's database is whole: the file, the audit trail's chain, the hub's store."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from office.errors import OfficeError
from office.hub.database import Row
from office.hub.store import HubStore
from office.procedures.chain import GENESIS, link

_TRAIL: Final = (
    "SELECT number, at, user_id, rule, action, subject, facts, hashed FROM registry_auditentry"
    " ORDER BY number"
)
_COUNTS: Final = "SELECT (SELECT count(*) FROM registry_issue), (SELECT count(*) FROM registry_person)"
_GATES: Final = (
    "SELECT g.gate_id, g.name, l.top_epoch, l.top_revision FROM gates g JOIN lists l USING (gate_id)"
    " ORDER BY g.gate_id"
)


class GateVersion(Struct, frozen=True):
    """The newest list that this database knows of a gate."""

    gate_id: int
    name: str
    epoch: int
    revision: int


class Soundness(Struct, frozen=True):
    """What was checked, and what identifies the state."""

    entries: int
    """Of the audit trail."""
    head: str
    """Hash of its last entry."""
    cards: int
    persons: int
    gates: tuple[GateVersion, ...]


def judge(path: Path, estate_id: bytes) -> Soundness:
    """Check a database that nobody else writes.

    Raises:
        OfficeError: what is broken.
    """
    try:
        # The hub's part first: it says by name what is no store at all, or one of a later version.
        store = HubStore(path)
        try:
            if store.gates.estate_id() != estate_id:
                raise OfficeError(f"{path.name}: is of estate {store.gates.estate_id().hex()}")
        finally:
            store.close()
    except sqlite3.Error as error:
        raise OfficeError(f"{path.name}: {error}; take another backup") from None
    return judge_tables(path)


def judge_tables(path: Path) -> Soundness:
    """The same of a database of this version or an earlier one, in use or not, which is left as it is."""
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")  # one state, whatever is written meanwhile
            return _judge(path, connection)
    except sqlite3.Error as error:
        raise OfficeError(f"{path.name}: {error}; take another backup") from None


def _judge(path: Path, connection: sqlite3.Connection) -> Soundness:
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise OfficeError(f"{path.name}: SQLite finds damage: {found}; take another backup")
    dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
    if dangling is not None:
        raise OfficeError(f"{path.name}: a row of {dangling[0]} refers to nothing; take another backup")
    return state_of(path.name, connection.execute)


def state_of(where: str, ask: Callable[[str], Iterable[Row]]) -> Soundness:
    """What every database is asked, and checked by; raises ``OfficeError`` if the trail is broken."""
    entries, head = _chain(where, ask(_TRAIL))
    ((cards, persons),) = ask(_COUNTS)
    return Soundness(entries, head.hex(), cards, persons, tuple(GateVersion(*row) for row in ask(_GATES)))


def _chain(where: str, entries: Iterable[Row]) -> tuple[int, bytes]:
    previous, expected = GENESIS, 0
    for number, at, user, rule, action, subject, facts, hashed in entries:
        expected += 1
        moment = at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC)
        made = link(previous, number, moment, user, rule, action, subject, json.loads(facts))
        if number != expected or made != hashed:
            raise OfficeError(
                f"{where}: the audit trail is broken at entry {expected}: one was changed or is missing."
                " Keep this file as evidence, and take another backup"
            )
        previous = hashed
    return expected, previous
