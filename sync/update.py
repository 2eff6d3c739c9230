"""What a trusted update changes: the hand-over between trust (pure) and a list store.

`sync.trust` verifies an envelope against the content it is shown and answers with an
`Accepted`; a store makes it durable in one step. Neither knows how the other works.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct


class ListVersion(Struct, frozen=True, order=True):
    """Position of a list in its history; only a root-signed statement raises the epoch."""

    epoch: int
    revision: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.revision}"


class StoredRecord(Struct, frozen=True, order=True):
    """One record as stores and digests see it; order is the canonical order."""

    key: bytes
    """The credential's key (`Credential.key`)."""
    grant_id: int
    data: bytes
    """Canonical encoding of the rest (`sync.encoding.encode_record`)."""


class Accepted(Struct, frozen=True):
    """A verified update, ready to be stored in one atomic step."""

    version: ListVersion
    digest: bytes
    """SHA-256 of the resulting list (`sync.digest.list_digest`)."""
    issued_at: int
    """Signed issue time, UTC seconds."""
    is_snapshot: bool
    envelope: bytes
    """The signed bytes exactly as received; stores keep them."""
    settings: bytes | None
    """Canonical settings; ``None`` when a delta leaves them as they are."""
    puts: Collection[StoredRecord]
    """Records to insert or replace by (key, grant_id); for a snapshot all of them, bucket by bucket."""
    removed: Sequence[tuple[bytes, int]]
    """(key, grant_id) of records that go without leaving a tombstone; deltas only."""
    bucket_digests: Mapping[int, bytes]
    """Digest of each bucket the update touched; for a snapshot, of all 1,024."""
    later: Sequence[StoredRecord]
    """What to lay over the previous list, together with the settings, so that it opens nothing this
    one would not: all records of each credential changed here, a tombstone for every grant gone."""
    memory: bytes
    """What trust must remember besides the list (`sync.trust.TrustMemory`)."""


class Unchanged(Struct, frozen=True):
    """The same revision with the same digest came again: answer with its receipt."""

    version: ListVersion
    digest: bytes
    memory: bytes | None = None
    """Trust memory to keep, when this copy of the list brought newer withdrawals."""


class ListContent(Protocol):
    """Read access to the list an update builds on."""

    def settings(self) -> bytes:
        """Canonical settings bytes."""

    def credential(self, key: bytes) -> Sequence[StoredRecord]:
        """All records of one credential, in canonical order."""

    def bucket(self, number: int) -> Sequence[StoredRecord]:
        """All records of one digest bucket, in canonical order."""

    def bucket_digests(self) -> Sequence[bytes]:
        """The 1,024 bucket digests."""

    def records(self) -> Iterator[StoredRecord]:
        """Every record; any order."""
