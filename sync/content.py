"""A permission list held in memory: what the office signs from, and tests compare with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from sync.digest import BUCKETS, bucket_digest, bucket_of, list_digest
from sync.update import Accepted, ListVersion, StoredRecord


class MemoryContent:
    """`sync.update.ListContent` over plain dictionaries; never changes once made."""

    def __init__(self, settings: bytes, records: Iterable[StoredRecord]) -> None:
        ordered = sorted(records)
        self._settings = settings
        self._records = {key: tuple(group) for key, group in groupby(ordered, attrgetter("key"))}
        self._buckets: list[list[StoredRecord]] = [[] for _ in range(BUCKETS)]
        for one in ordered:
            self._buckets[bucket_of(one.key)].append(one)
        self._digests = [bucket_digest(bucket) for bucket in self._buckets]

    def settings(self) -> bytes:
        """Canonical settings bytes."""
        return self._settings

    def credential(self, key: bytes) -> Sequence[StoredRecord]:
        """All records of one credential, in canonical order."""
        return self._records.get(key, ())

    def bucket(self, number: int) -> Sequence[StoredRecord]:
        """All records of one digest bucket, in canonical order."""
        return self._buckets[number]

    def bucket_digests(self) -> Sequence[bytes]:
        """The 1,024 bucket digests."""
        return self._digests

    def records(self) -> Iterator[StoredRecord]:
        """Every record, in canonical order."""
        for group in self._records.values():
            yield from group

    def digest(self, *, estate_id: bytes, gate_id: int, version: ListVersion) -> bytes:
        """The list digest this content has at ``version`` of a gate."""
        return list_digest(
            estate_id=estate_id,
            gate_id=gate_id,
            version=version,
            settings=self._settings,
            buckets=self._digests,
        )

    def after(self, accepted: Accepted) -> MemoryContent:
        """The content once ``accepted`` is applied."""
        settings = self._settings if accepted.settings is None else accepted.settings
        if accepted.is_snapshot:
            return MemoryContent(settings, accepted.puts)
        records = {(one.key, one.grant_id): one for one in self.records()}
        for gone in accepted.removed:
            del records[gone]
        records.update({(one.key, one.grant_id): one for one in accepted.puts})
        return MemoryContent(settings, records.values())
