"""What was signed for each gate, in the store.

Envelopes are kept until the gate has confirmed them; of older updates version and digest
stay, so that a gate which comes back with one of them is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from office.errors import OfficeError
from office.hub.adoption import adopt_records
from office.hub.database import Database
from office.hub.facts import Held, SignedList
from office.hub.list_content import HELD, StoredContent
from sync.digest import bucket_of
from sync.encoding import split_issue
from sync.envelope import UpdateKind
from sync.update import ListContent, ListVersion

KEPT_VERSIONS: Final = 1_000
"""Versions and digests remembered of one gate; a gate with an older list gets a snapshot."""

_SIGNED: Final = "gate_id, epoch, revision, previous, kind, digest, issued_at, change"
_PUT: Final = (
    "INSERT INTO records (gate_id, bucket, key, grant_id, issue_id, held, held_id, differs, change)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, TRUE, 0) ON CONFLICT (gate_id, bucket, key, grant_id) DO UPDATE"
    " SET differs = records.wanted IS DISTINCT FROM excluded.held, held_id = excluded.held_id,"
    " held = CASE WHEN records.wanted IS DISTINCT FROM excluded.held THEN excluded.held ELSE NULL END"
)


class SignedRows:
    """`office.hub.port.SignedLists`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def held(self, gate_id: int) -> Held | None:
        """The list at the end of the signed chain; ``None`` before the first."""
        row = self._database.one(
            "SELECT s.epoch, s.revision, s.digest, s.issued_at, held_settings, digests, held_memory"
            " FROM lists l JOIN signed s ON s.id = l.held_id JOIN held_buckets b ON b.gate_id = l.gate_id"
            " WHERE l.gate_id = ?",
            (gate_id,),
        )
        return None if row is None else Held(ListVersion(row[0], row[1]), *row[2:])

    def held_content(self, gate_id: int) -> ListContent:
        """Its content, read as it is asked for."""
        return StoredContent(self._database, gate_id, HELD)

    def top(self, gate_id: int) -> ListVersion:
        """The highest version that was ever signed for the gate or seen at it; 0.0 at first."""
        row = self._database.one("SELECT top_epoch, top_revision FROM lists WHERE gate_id = ?", (gate_id,))
        return ListVersion(0, 0) if row is None else ListVersion(*row)

    def newest(self, gate_id: int) -> ListVersion:
        """The highest version that this office has signed for the gate; 0.0 at first."""
        row = self._database.one(
            "SELECT epoch, revision FROM signed WHERE gate_id = ? ORDER BY epoch DESC, revision DESC LIMIT 1",
            (gate_id,),
        )
        return ListVersion(0, 0) if row is None else ListVersion(*row)

    def known(self, gate_id: int, version: ListVersion) -> SignedList | None:
        """What was signed under this version, if it is remembered."""
        found = self._read("epoch = ? AND revision = ?", gate_id, version.epoch, version.revision)
        return found[0] if found else None

    def kept(self, gate_id: int) -> list[SignedList]:
        """Updates whose bytes are kept: those that the gate has not confirmed, oldest first."""
        return self._read("envelope IS NOT NULL", gate_id)

    def confirmed(self, gate_id: int, version: ListVersion) -> None:
        """The gate has this version: what leads to it need not be kept."""
        with self._database.transaction():
            self._raise_top(gate_id, version)
            self._database.execute(
                "UPDATE signed SET envelope = NULL, settings = NULL, buckets = NULL, memory = NULL"
                " WHERE gate_id = ? AND envelope IS NOT NULL AND (epoch, revision) <= (?, ?)"
                " AND kind = ?",
                (gate_id, version.epoch, version.revision, int(UpdateKind.DELTA)),
            )

    def envelopes(self, gate_id: int, after: ListVersion) -> list[bytes]:
        """The deltas that lead from a version of the chain to its end; raises ``OfficeError`` if none do."""
        held = self.held(gate_id)
        steps = {} if held is None else chain(self.kept(gate_id), held.version)
        found: list[bytes] = []
        at = None if held is None else held.version
        while at is not None and at > after:
            data = self.envelope(steps[at]) if at in steps else None
            if data is None:
                raise OfficeError(f"gate {gate_id}: no deltas lead from {after} to the newest list")
            found.append(data)
            at = ListVersion(at.epoch, steps[at].previous)
        return found[::-1]

    def envelope(self, signed: SignedList) -> bytes | None:
        """The signed bytes, as long as they are kept."""
        row = self._database.one(
            "SELECT envelope FROM signed WHERE gate_id = ? AND epoch = ? AND revision = ?", _name(signed)
        )
        return None if row is None else row[0]

    def add_delta(self, signed: SignedList, envelope: bytes, held: Held) -> None:
        """A delta on the held list, which it moves on, in one transaction."""
        with self._database.transaction():
            number = self._insert(signed, envelope, held)
            rows = [
                (
                    signed.gate_id,
                    bucket_of(one.key),
                    one.key,
                    one.grant_id,
                    split_issue(one.data)[1],
                    one.data,
                    number,
                )
                for one in held.puts
            ]
            self._database.many(_PUT, rows)
            gone = [(signed.gate_id, bucket_of(key), key, grant_id) for key, grant_id in held.removed]
            where = "WHERE gate_id = ? AND bucket = ? AND key = ? AND grant_id = ?"
            self._database.many(
                f"UPDATE records SET held = NULL, held_id = NULL, differs = TRUE {where}", gone
            )
            self._database.many(f"DELETE FROM records {where} AND wanted IS NULL", gone)
            self._database.checkpoint("delta laid down")
            self._move_held(signed.gate_id, number, held)
            self._database.write_digests(signed.gate_id, held.touched)
            # A snapshot still on its way has a lower number now: the gate would refuse it. Its bytes stay
            # until the next one, because the gate may have taken it before this delta reaches it.

    def add_snapshot(self, signed: SignedList, envelope: bytes, held: Held) -> None:
        """A snapshot on its way to the gate; ``held`` is what it leads to once adopted."""
        with self._database.transaction():
            # The last one stays: the gate may have taken it before this one reaches it.
            self._database.execute(
                "UPDATE signed SET envelope = NULL, settings = NULL, buckets = NULL, memory = NULL"
                " WHERE gate_id = ? AND kind = ? AND id < (SELECT max(id) FROM signed"
                " WHERE gate_id = ? AND kind = ? AND envelope IS NOT NULL)",
                (signed.gate_id, int(UpdateKind.SNAPSHOT)) * 2,
            )
            self._insert(signed, envelope, held)

    def adopt(self, signed: SignedList) -> None:
        """The gate has taken this snapshot: it is the held list from now on."""
        gate_id = signed.gate_id
        with self._database.transaction():
            row = self._database.one(
                "SELECT id, envelope, settings, buckets, memory FROM signed"
                " WHERE gate_id = ? AND epoch = ? AND revision = ?",
                _name(signed),
            )
            if row is None or row[1] is None:
                raise OfficeError(f"gate {gate_id}: the snapshot {signed.version} is not kept any more")
            number, envelope, settings, buckets, memory = row
            adopt_records(self._database, gate_id, number, signed.change, envelope)
            self._database.execute(
                "UPDATE lists SET base_id = ? WHERE gate_id = ? AND base_id IS NULL", (number, gate_id)
            )
            self._database.checkpoint("snapshot laid down")
            held = Held(signed.version, signed.digest, signed.issued_at, settings, buckets, memory)
            self._move_held(gate_id, number, held)
            self._database.execute(
                "INSERT INTO held_buckets VALUES (?, ?)"
                " ON CONFLICT (gate_id) DO UPDATE SET digests = excluded.digests",
                (gate_id, buckets),
            )
            self._database.execute(
                "UPDATE signed SET envelope = NULL, settings = NULL, buckets = NULL, memory = NULL"
                " WHERE gate_id = ? AND envelope IS NOT NULL",
                (gate_id,),
            )

    def _insert(self, signed: SignedList, envelope: bytes, held: Held) -> int:
        whole = signed.kind is UpdateKind.SNAPSHOT
        number = self._database.insert(
            f"INSERT INTO signed ({_SIGNED}, envelope, settings, buckets, memory)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *_name(signed),
                signed.previous,
                int(signed.kind),
                signed.digest,
                signed.issued_at,
                signed.change,
                envelope,
                *((held.settings, held.buckets, held.memory) if whole else (None, None, None)),
            ),
            "id",
        )
        self._raise_top(signed.gate_id, signed.version)
        if number % KEPT_VERSIONS == 0:
            self._forget(signed.gate_id, number - KEPT_VERSIONS)
        return number

    def _forget(self, gate_id: int, before: int) -> None:
        self._database.execute(
            "DELETE FROM signed WHERE gate_id = ? AND id < ? AND envelope IS NULL AND id NOT IN"
            " (SELECT held_id FROM records WHERE gate_id = ? AND held_id IS NOT NULL)"
            " AND id NOT IN (SELECT held_id FROM lists WHERE held_id IS NOT NULL)"
            " AND id NOT IN (SELECT base_id FROM lists WHERE base_id IS NOT NULL)",
            (gate_id, before, gate_id),
        )

    def _read(self, where: str, gate_id: int, *values: object) -> list[SignedList]:
        rows = self._database.all(
            f"SELECT {_SIGNED}, envelope IS NOT NULL FROM signed WHERE gate_id = ? AND {where}"
            " ORDER BY epoch, revision",
            (gate_id, *values),
        )
        return [
            SignedList(
                one, ListVersion(epoch, number), base, UpdateKind(kind), digest, at, change, bool(kept)
            )
            for one, epoch, number, base, kind, digest, at, change, kept in rows
        ]

    def _move_held(self, gate_id: int, number: int, held: Held) -> None:
        self._database.execute(
            "UPDATE lists SET held_id = ?, held_settings = ?, held_memory = ? WHERE gate_id = ?",
            (number, held.settings, held.memory, gate_id),
        )

    def _raise_top(self, gate_id: int, version: ListVersion) -> None:
        self._database.execute(
            "UPDATE lists SET top_epoch = ?, top_revision = ? WHERE gate_id = ?"
            " AND (top_epoch, top_revision) < (?, ?)",
            (version.epoch, version.revision, gate_id, version.epoch, version.revision),
        )


def chain(kept: Sequence[SignedList], end: ListVersion) -> dict[ListVersion, SignedList]:
    """The kept deltas that lead to ``end``, by the version that each gives."""
    deltas = {one.version: one for one in kept if one.kind is UpdateKind.DELTA and one.kept}
    found = {}
    at = end
    while at in deltas:
        found[at] = deltas[at]
        at = ListVersion(at.epoch, deltas[at].previous)
    return found


def _name(signed: SignedList) -> tuple[int, int, int]:
    return signed.gate_id, signed.version.epoch, signed.version.revision
