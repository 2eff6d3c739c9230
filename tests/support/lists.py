"""Verified updates built directly, for tests of what stores do with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from sync.brake import BrakeState, Census
from sync.content import MemoryContent
from sync.digest import BUCKETS, bucket_digest, bucket_of
from sync.encoding import encode_settings, stored
from sync.memory import TrustMemory
from sync.records import (
    Access,
    Credential,
    DoorPolicy,
    Grant,
    GrantKind,
    ListSettings,
    Record,
    RevocationReason,
    Technology,
    Tombstone,
)
from sync.update import Accepted, ListVersion, StoredRecord
from terminal.stores.files import Checkpoint, pass_by
from terminal.stores.list_store import ListStore

ESTATE_ID = b"estate-1"
GATE_ID = 7
SETTINGS = encode_settings(ListSettings("Asia/Shanghai", (DoorPolicy(1),)))
OTHER_SETTINGS = encode_settings(ListSettings("Asia/Shanghai", (DoorPolicy(1), DoorPolicy(2))))


def card(number: int) -> Credential:
    """A card with a four-byte number."""
    return Credential(Technology.ISO14443A, number.to_bytes(4, "big"))


def grant(number: int) -> Grant:
    """A resident's grant for card ``number``, with the same number as its ids."""
    return Grant(number, number, card(number), GrantKind.RESIDENT, (Access(1),))


def lost(number: int) -> Tombstone:
    """The tombstone of ``grant(number)``, reported lost."""
    return Tombstone(number, number, card(number), RevocationReason.LOST, 1_700_000_000)


def memory(withdrawals: int) -> bytes:
    """What trust remembers, told apart by the number of its withdrawals."""
    return TrustMemory(BrakeState(Census(0, 0, {}), ((0, 0),), {}), withdrawals).encode()


class ListBuilder(Struct, frozen=True):
    """A list's history in memory: each step gives the update and the list after it."""

    content: MemoryContent
    version: ListVersion

    @classmethod
    def empty(cls) -> ListBuilder:
        """No list yet."""
        return cls(MemoryContent(SETTINGS, ()), ListVersion(1, 0))

    def records(self) -> dict[tuple[bytes, int], StoredRecord]:
        """The records by name."""
        return {(one.key, one.grant_id): one for one in self.content.records()}

    def digest(self) -> bytes:
        """The list digest now."""
        return self.content.digest(estate_id=ESTATE_ID, gate_id=GATE_ID, version=self.version)

    def snapshot(self, records: Iterable[Record], settings: bytes = SETTINGS) -> tuple[Accepted, ListBuilder]:
        """The whole list replaced."""
        puts = sorted(stored(one) for one in records)
        names = {(one.key, one.grant_id) for one in puts}
        ended = [one for name, one in self.records().items() if name not in names]
        after = ListBuilder(MemoryContent(settings, puts), self._next())
        digests = dict(enumerate(after.content.bucket_digests()))
        return after._accepted(settings, puts, (), digests, self._tombstones(puts, ended), "snapshot"), after

    def delta(
        self, puts: Iterable[Record] = (), removed: Iterable[Record] = (), settings: bytes | None = None
    ) -> tuple[Accepted, ListBuilder]:
        """Some records put, some removed."""
        rows = sorted(stored(one) for one in puts)
        gone = [(one.credential.key, one.grant_id) for one in removed]
        records = self.records()
        ended = [records.pop(name) for name in gone]
        records |= {(one.key, one.grant_id): one for one in rows}
        content = MemoryContent(self.content.settings() if settings is None else settings, records.values())
        after = ListBuilder(content, self._next())
        touched = {bucket_of(key) for key, _ in gone} | {bucket_of(one.key) for one in rows}
        digests = {number: bucket_digest(content.bucket(number)) for number in touched}
        return after._accepted(settings, rows, gone, digests, self._tombstones(rows, ended), "delta"), after

    def _next(self) -> ListVersion:
        return replace(self.version, revision=self.version.revision + 1)

    def _tombstones(self, puts: Iterable[StoredRecord], ended: Iterable[StoredRecord]) -> list[StoredRecord]:
        before = self.records()
        named = [one for one in puts if (one.key, one.grant_id) in before and one.data[1] == 0]
        withdrawn = RevocationReason.WITHDRAWN
        gone = [Tombstone(one.grant_id, 1, Credential.from_key(one.key), withdrawn, 1) for one in ended]
        return named + [stored(one) for one in gone]

    def _accepted(
        self,
        settings: bytes | None,
        puts: list[StoredRecord],
        removed: Iterable[tuple[bytes, int]],
        digests: dict[int, bytes],
        revoked: list[StoredRecord],
        kind: str,
    ) -> Accepted:
        return Accepted(
            version=self.version,
            digest=self.digest(),
            issued_at=1_700_000_000 + self.version.revision,
            is_snapshot=len(digests) == BUCKETS and kind == "snapshot",
            envelope=f"{kind} {self.version}".encode(),
            settings=settings,
            puts=puts,
            removed=tuple(removed),
            bucket_digests=digests,
            revoked=revoked,
            memory=memory(self.version.revision),
        )


def open_store(directory: Path, checkpoint: Checkpoint = pass_by) -> ListStore:
    """The list store of the gate these lists are for."""
    return ListStore(directory, estate_id=ESTATE_ID, gate_id=GATE_ID, checkpoint=checkpoint)
