"""Verified updates built directly, for tests of what stores do with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from sync.brake import BrakeState, Census, Conditions
from sync.content import MemoryContent
from sync.delta import Touched
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
from sync.transition import weigh
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
        after = ListBuilder(MemoryContent(settings, puts), self._next())
        keys = {one.key for one in (*puts, *self.content.records())}
        digests = dict(enumerate(after.content.bucket_digests()))
        return after._accepted(settings, puts, (), digests, self._later(keys, after), "snapshot"), after

    def delta(
        self, puts: Iterable[Record] = (), removed: Iterable[Record] = (), settings: bytes | None = None
    ) -> tuple[Accepted, ListBuilder]:
        """Some records put, some removed."""
        rows = sorted(stored(one) for one in puts)
        gone = [(one.credential.key, one.grant_id) for one in removed]
        records = self.records()
        for name in gone:
            del records[name]
        records |= {(one.key, one.grant_id): one for one in rows}
        content = MemoryContent(self.content.settings() if settings is None else settings, records.values())
        after = ListBuilder(content, self._next())
        keys = {key for key, _ in gone} | {one.key for one in rows}
        digests = {number: bucket_digest(content.bucket(number)) for number in map(bucket_of, keys)}
        return after._accepted(settings, rows, gone, digests, self._later(keys, after), "delta"), after

    def _next(self) -> ListVersion:
        return replace(self.version, revision=self.version.revision + 1)

    def _later(self, keys: Iterable[bytes], after: ListBuilder) -> list[StoredRecord]:
        touched = [
            Touched(key, self.content.credential(key), after.content.credential(key)) for key in sorted(keys)
        ]
        nothing = Conditions(frozenset(), frozenset())
        return weigh(touched, nothing, nothing, ended_at=1)[1]

    def _accepted(
        self,
        settings: bytes | None,
        puts: list[StoredRecord],
        removed: Iterable[tuple[bytes, int]],
        digests: dict[int, bytes],
        later: list[StoredRecord],
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
            later=later,
            memory=memory(self.version.revision),
        )


def open_store(directory: Path, checkpoint: Checkpoint = pass_by) -> ListStore:
    """The list store of the gate these lists are for."""
    return ListStore(directory, estate_id=ESTATE_ID, gate_id=GATE_ID, checkpoint=checkpoint)
