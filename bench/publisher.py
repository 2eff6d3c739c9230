"""Signs the bench's lists as an office does, with keys that are the same at every run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench.loads import ISSUED_AT, settings
from sync.chain import Anchor
from sync.codec import decode, encode
from sync.delegation import Delegation, Role, sign_delegation
from sync.delta import Step, encode_delta
from sync.digest import BUCKETS, bucket_digests, list_digest
from sync.envelope import ListStatement, UpdateKind, seal
from sync.fields import array, octets
from sync.keys import SigningKey
from sync.snapshot import encode_content
from sync.update import ListVersion, StoredRecord

ESTATE_ID: Final = bytes.fromhex("62656e6368303031")
GATE_ID: Final = 1
EPOCH: Final = 1
FOREVER: Final = ISSUED_AT * 2


def _key(name: str) -> SigningKey:
    return SigningKey(sha256(b"gatehouse bench key " + name.encode()).digest())


ROOT: Final = _key("root")
LIST_KEY: Final = _key("list")
ANCHOR: Final = Anchor(ESTATE_ID, GATE_ID, (ROOT.public,))
CHAIN: Final = (
    sign_delegation(Delegation(ESTATE_ID, LIST_KEY.public, Role.LIST, None, ISSUED_AT, FOREVER, 1), ROOT),
)


class Publisher(Struct, frozen=True):
    """A list's content, encoded once: each revision of it is then signed in milliseconds."""

    content: bytes
    digests: tuple[bytes, ...]
    """The 1,024 bucket digests."""

    @classmethod
    def of(cls, records: Sequence[StoredRecord]) -> Publisher:
        """The publisher of this list; ``records`` in canonical order."""
        return cls(encode_content(settings(), records), tuple(bucket_digests(records)))

    @classmethod
    def load(cls, path: Path) -> Publisher:
        """Inverse of ``save``."""
        size = path.stat().st_size
        content, digests = array(decode(path.read_bytes(), max_bytes=size), path.name, length=2)
        return cls(
            octets(content, "content"),
            tuple(octets(one, "digest") for one in array(digests, "digests", length=BUCKETS)),
        )

    def save(self, path: Path) -> None:
        """Keep it for another process."""
        path.write_bytes(encode([self.content, list(self.digests)]))

    def snapshot(self, revision: int) -> bytes:
        """The signed whole list as this revision."""
        return self._seal(revision, 0, UpdateKind.SNAPSHOT, self.digests, self.content)

    def deltas(self, changes: Iterator[tuple[Step, int, bytes]], first: int) -> Iterator[bytes]:
        """Signed updates from revision ``first`` on; each is a step, its bucket and what that comes to."""
        digests = list(self.digests)
        for revision, (step, bucket, digest) in enumerate(changes, first):
            digests[bucket] = digest
            yield self._seal(revision, revision - 1, UpdateKind.DELTA, digests, encode_delta([step]))

    def _seal(
        self, revision: int, previous: int, kind: UpdateKind, digests: Sequence[bytes], content: bytes
    ) -> bytes:
        version = ListVersion(EPOCH, revision)
        digest = list_digest(
            estate_id=ESTATE_ID, gate_id=GATE_ID, version=version, settings=settings(), buckets=digests
        )
        statement = ListStatement(
            ESTATE_ID, GATE_ID, version, previous, ISSUED_AT + revision, kind, digest, content
        )
        return seal(statement, [LIST_KEY], delegations=CHAIN)
