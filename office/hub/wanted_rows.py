"""What the office wants each gate to have, in the store; a change and its outbox row are one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from office.hub.database import Database, Row
from office.hub.facts import Change, Difference, GrantRow, Pair
from office.hub.list_content import HELD_DATA, WANTED, StoredContent
from sync.digest import bucket_of
from sync.encoding import decode_record, split_issue
from sync.records import Grant
from sync.update import ListContent, ListVersion, StoredRecord

MAX_PAIRS: Final = 20_001
"""Beyond what a delta may have, only the count matters: it will be a snapshot."""
KEYS_AT_ONCE: Final = 400
"""Two values each; some builds of SQLite take no more than 999."""

_CHANGES_HELD: Final = f"(excluded.differs AND {HELD_DATA} IS DISTINCT FROM excluded.wanted)"
_PUT: Final = (
    "INSERT INTO records (gate_id, bucket, key, grant_id, issue_id, wanted, change, differs)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (gate_id, bucket, key, grant_id) DO UPDATE"
    " SET wanted = excluded.wanted, issue_id = excluded.issue_id, change = excluded.change,"
    f" differs = {_CHANGES_HELD}, held = CASE WHEN {_CHANGES_HELD} THEN {HELD_DATA} ELSE NULL END"
    " WHERE records.wanted IS DISTINCT FROM excluded.wanted"
)
"""A row that comes differs from the held list, if there is one."""
_REMOVE: Final = (
    f"UPDATE records SET held = {HELD_DATA}, differs = TRUE, wanted = NULL, change = ?"
    " WHERE gate_id = ? AND bucket = ? AND key = ? AND grant_id = ? AND wanted IS NOT NULL"
)
_ROWS: Final = (
    "SELECT records.gate_id, key, grant_id, wanted,"
    f" CASE WHEN l.held_id IS NULL THEN NULL ELSE {HELD_DATA} END, s.epoch, s.revision"
    " FROM records JOIN lists l ON l.gate_id = records.gate_id"
    " LEFT JOIN signed s ON s.id = coalesce(records.held_id, l.base_id)"
)


class WantedRows:
    """`office.hub.port.WantedLists`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self,
        gate_id: int,
        records: Iterable[StoredRecord] = (),
        *,
        removed: Iterable[tuple[bytes, int]] = (),
        settings: bytes | None = None,
        urgent: bool,
        at: int,
    ) -> Change | None:
        """Change a gate's list, with the outbox row in the same transaction; ``None`` if nothing changed."""
        database = self._database
        with database.transaction():
            number = self._announce(gate_id, urgent, at)
            has_list = database.one("SELECT held_id IS NOT NULL FROM lists WHERE gate_id = ?", (gate_id,))
            differs = has_list is not None and bool(has_list[0])
            wanted = list(records)
            puts = [_put_row(gate_id, one, number, differs=differs) for one in wanted]
            changed = database.many(_PUT, puts)
            changed += database.many(
                _REMOVE, [(number, gate_id, bucket_of(key), key, grant_id) for key, grant_id in removed]
            )
            if settings is not None:
                changed += database.execute(
                    "UPDATE lists SET wanted_settings = ?"
                    " WHERE gate_id = ? AND wanted_settings IS DISTINCT FROM ?",
                    (settings, gate_id, settings),
                ).rowcount
            database.checkpoint("records changed")
            if not changed:
                database.execute("DELETE FROM outbox WHERE number = ?", (number,))
                return None
            self._forget_unsent(gate_id, number)
            database.execute("UPDATE lists SET change = ? WHERE gate_id = ?", (number, gate_id))
            self._note_given(max((one.grant_id for one in wanted), default=0))
        return Change(number, gate_id, urgent, at)

    def _forget_unsent(self, gate_id: int, number: int) -> None:
        """What was taken off and never was on the gate's own list leaves no row."""
        self._database.execute(
            # SQLite would rather walk through all of the gate's records.
            "DELETE FROM records INDEXED BY records_that_differ"
            " WHERE gate_id = ? AND change = ? AND differs AND wanted IS NULL"
            " AND (held IS NULL OR (SELECT held_id FROM lists WHERE gate_id = ?) IS NULL)",
            (gate_id, number, gate_id),
        )

    def announce(self, gate_id: int, at: int) -> Change:
        """Have every hub look at the gate again, though what is wanted is the same."""
        with self._database.transaction():
            number = self._announce(gate_id, urgent=False, at=at)
        return Change(number, gate_id, urgent=False, at=at)

    def content(self, gate_id: int) -> ListContent:
        """The wanted list, read as it is asked for."""
        return StoredContent(self._database, gate_id, WANTED)

    def under(self, gate_id: int, keys: Iterable[bytes]) -> list[StoredRecord]:
        """What is wanted at a gate under these credential keys."""
        found: list[StoredRecord] = []
        stream = iter(keys)
        while some := list(islice(stream, KEYS_AT_ONCE)):
            places = ", ".join(["(?, ?)"] * len(some))
            rows = self._database.all(
                # CROSS: SQLite would rather walk through all of the gate's records.
                f"WITH asked (bucket, key) AS (VALUES {places}) SELECT r.key, r.grant_id, r.wanted FROM asked"
                " CROSS JOIN records r WHERE r.gate_id = ? AND r.bucket = asked.bucket AND r.key = asked.key"
                " AND r.wanted IS NOT NULL",
                (*(value for key in some for value in (bucket_of(key), key)), gate_id),
            )
            found += [StoredRecord(*row) for row in rows]
        return found

    def difference(self, gate_id: int) -> Difference:
        """Where the wanted list differs from the held one."""
        row = self._database.one(
            "SELECT change, wanted_settings, held_settings, held_id FROM lists WHERE gate_id = ?", (gate_id,)
        )
        change, wanted, held, held_id = (0, None, None, None) if row is None else row
        settings = wanted if wanted is not None and wanted != held else None
        differs = "FROM records INDEXED BY records_that_differ WHERE gate_id = ? AND differs"
        if held_id is None:
            return Difference(gate_id, change, (), settings)
        pairs = self._database.all(
            f"SELECT key, grant_id, held, wanted, change {differs} ORDER BY change, key, grant_id LIMIT ?",
            (gate_id, MAX_PAIRS),
        )
        return Difference(gate_id, change, tuple(Pair(*one) for one in pairs), settings)

    def size(self, gate_id: int) -> int:
        """How many records are wanted at this gate."""
        row = self._database.one(
            "SELECT count(*) FROM records WHERE gate_id = ? AND wanted IS NOT NULL", (gate_id,)
        )
        return 0 if row is None else row[0]

    def rows(self, *, key: bytes | None = None, issue_id: int | None = None) -> list[GrantRow]:
        """Records of one credential or of one issue, at every gate."""
        if key is not None:
            # Gate by gate: the primary key begins with the gate, and a second index would cost as much again.
            gates = self._database.all("SELECT gate_id FROM lists ORDER BY gate_id")
            where = " WHERE records.gate_id = ? AND bucket = ? AND key = ?"
            found = [
                row
                for (gate_id,) in gates
                for row in self._database.all(_ROWS + where, (gate_id, bucket_of(key), key))
            ]
        else:
            found = self._database.all(_ROWS + " WHERE issue_id = ? ORDER BY records.gate_id", (issue_id,))
        return [_row(one) for one in found if one[3] is not None]

    def counted(self, gate_id: int) -> list[GrantRow]:
        """Wanted grants of one gate that have uses."""
        rows = [
            _row(one)
            for one in self._database.all(_ROWS + " WHERE records.gate_id = ?", (gate_id,))
            if one[3] is not None
        ]
        return [one for one in rows if _is_counted(one.record)]

    def unused_grant_id(self) -> int:
        """A grant id above every one that was ever wanted or promised; it counts as given."""
        with self._database.transaction():
            row = self._database.one("SELECT grant_id FROM given")
            number = 1 if row is None else row[0] + 1
            self._note_given(number)
        return number

    def changes_after(self, number: int, limit: int = 1000) -> list[Change]:
        """The outbox from a number on, in order."""
        rows = self._database.all(
            "SELECT number, gate_id, urgent, at FROM outbox WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        return [Change(one, gate_id, bool(urgent), at) for one, gate_id, urgent, at in rows]

    def _announce(self, gate_id: int, urgent: bool, at: int) -> int:
        return self._database.insert(
            "INSERT INTO outbox (gate_id, urgent, at) VALUES (?, ?, ?)", (gate_id, urgent, at), "number"
        )

    def _note_given(self, grant_id: int) -> None:
        if grant_id:
            self._database.execute(
                "INSERT INTO given VALUES (1, ?) ON CONFLICT (id) DO UPDATE"
                " SET grant_id = excluded.grant_id WHERE excluded.grant_id > given.grant_id",
                (grant_id,),
            )


def _put_row(gate_id: int, one: StoredRecord, change: int, *, differs: bool) -> tuple[object, ...]:
    issue_id = split_issue(one.data)[1]
    return gate_id, bucket_of(one.key), one.key, one.grant_id, issue_id, one.data, change, differs


def _row(row: Row) -> GrantRow:
    gate_id, key, grant_id, wanted, held, epoch, revision = row
    since = None if epoch is None or held is None else ListVersion(epoch, revision)
    return GrantRow(gate_id, StoredRecord(key, grant_id, wanted), held, since)


def _is_counted(record: StoredRecord) -> bool:
    grant = decode_record(record)
    return isinstance(grant, Grant) and grant.spends
