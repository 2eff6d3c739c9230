"""A whole list in little memory: each digest bucket as the bytes its digest is taken of.

A hundred thousand records are 20 MB as objects, and 3 MB so. They become objects again one
bucket at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sync.codec import CodecError
from sync.digest import BUCKETS, bucket_of, pack_records, packed_digest, unpack_records
from sync.update import StoredRecord


class Buckets:
    """Records by digest bucket, each (key, grant id) once; never changes once made."""

    def __init__(self, records: Iterable[StoredRecord]) -> None:
        """``records`` in any order, each taken once.

        Raises:
            CodecError: a record is repeated.
        """
        found = [bytearray() for _ in range(BUCKETS)]
        for one in records:
            found[bucket_of(one.key)] += pack_records((one,))
        self._packed: list[bytes] = []
        self._count = 0
        for number in range(BUCKETS):
            ordered = _in_order(found[number])
            found[number].clear()  # not both at once
            self._packed.append(pack_records(ordered))
            self._count += len(ordered)

    def __len__(self) -> int:
        """How many records there are."""
        return self._count

    def __iter__(self) -> Iterator[StoredRecord]:
        """Every record, bucket by bucket."""
        for packed in self._packed:
            yield from unpack_records(packed)

    def __contains__(self, record: object) -> bool:
        """Whether exactly this record is in the list."""
        return isinstance(record, StoredRecord) and record in self.bucket(bucket_of(record.key))

    def bucket(self, number: int) -> Sequence[StoredRecord]:
        """All records of one bucket, in canonical order."""
        return unpack_records(self._packed[number])

    def digests(self) -> list[bytes]:
        """The 1,024 bucket digests."""
        return [packed_digest(one) for one in self._packed]


def _in_order(packed: bytearray) -> list[StoredRecord]:
    records = sorted(unpack_records(packed))
    if len({(one.key, one.grant_id) for one in records}) < len(records):
        raise CodecError("content: a record is repeated")
    return records
