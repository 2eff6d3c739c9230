"""Statements ready to be signed, made from what lies in a store without loading whole lists.

A delta reads the buckets it touches. A snapshot reads its records once; gates whose lists
are equal share the encoding.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct

from office.hub.facts import Held
from sync.delta import Step, apply_steps, encode_delta, touched_buckets
from sync.digest import DIGEST_BYTES, bucket_digests, list_digest
from sync.envelope import ListStatement, UpdateKind
from sync.publishing import Destination
from sync.snapshot import encode_content
from sync.update import ListContent, ListVersion, StoredRecord

CACHED_LISTS: Final = 4
"""Encoded lists kept for gates with equal content; each has some 100 kB at 10,000 cards."""


class Composed(Struct, frozen=True):
    """A statement, and the held list that it leads to."""

    statement: ListStatement
    held: Held


class EncodedList(Struct, frozen=True):
    """A list's bytes and bucket digests: all of a snapshot but its number."""

    content: bytes
    buckets: bytes


class Encoder:
    """Encodes lists, and remembers the last ones."""

    def __init__(self) -> None:
        self._made: OrderedDict[bytes, EncodedList] = OrderedDict()

    def encode(self, settings: bytes, records: Sequence[StoredRecord]) -> EncodedList:
        """The list's bytes; ``records`` in any order, but equal lists in the same."""
        name = _fingerprint(settings, records)
        found = self._made.get(name)
        if found is None:
            # In a bucket, canonical order is that of the store: only between buckets it is not.
            digests = b"".join(bucket_digests(records))
            found = EncodedList(encode_content(settings, records), digests)
            self._made[name] = found
            if len(self._made) > CACHED_LISTS:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(name)
        return found


def compose_delta(
    destination: Destination,
    before: tuple[Held, ListContent],
    version: ListVersion,
    steps: Sequence[Step],
    memory: bytes,
    *,
    issued_at: int,
) -> Composed:
    """A delta on the held list; raises ``CodecError`` if a step does not fit it."""
    held, content = before
    change = apply_steps(steps, content)
    buckets = list(content.bucket_digests())
    touched = touched_buckets(change.touched, content)
    for number, one in touched.items():
        buckets[number] = one
    settings = held.settings if change.settings is None else change.settings
    digest = _digest(destination, version, settings, buckets)
    statement = ListStatement(
        destination.estate_id,
        destination.gate_id,
        version,
        held.version.revision,
        issued_at,
        UpdateKind.DELTA,
        digest,
        encode_delta(steps),
    )
    after = Held(
        version,
        digest,
        issued_at,
        settings,
        b"".join(buckets),
        memory,
        puts=change.puts,
        removed=change.removed,
        touched=tuple((number * DIGEST_BYTES, one) for number, one in touched.items()),
    )
    return Composed(statement, after)


def compose_snapshot(
    destination: Destination,
    encoded: EncodedList,
    settings: bytes,
    version: ListVersion,
    memory: bytes,
    *,
    issued_at: int,
) -> Composed:
    """The whole list."""
    joined = encoded.buckets
    buckets = [joined[at : at + DIGEST_BYTES] for at in range(0, len(joined), DIGEST_BYTES)]
    digest = _digest(destination, version, settings, buckets)
    statement = ListStatement(
        destination.estate_id,
        destination.gate_id,
        version,
        0,
        issued_at,
        UpdateKind.SNAPSHOT,
        digest,
        encoded.content,
    )
    return Composed(statement, Held(version, digest, issued_at, settings, joined, memory))


def _digest(
    destination: Destination, version: ListVersion, settings: bytes, buckets: Sequence[bytes]
) -> bytes:
    return list_digest(
        estate_id=destination.estate_id,
        gate_id=destination.gate_id,
        version=version,
        settings=settings,
        buckets=buckets,
    )


def _fingerprint(settings: bytes, records: Iterable[StoredRecord]) -> bytes:
    # Lengths and ids in one column, so that fields cannot run into each other.
    columns = array("Q", [len(settings)])
    parts = [settings]
    for one in records:
        columns.append(len(one.key))
        columns.append(one.grant_id)
        columns.append(len(one.data))
        parts.append(one.key)
        parts.append(one.data)
    return sha256(columns.tobytes() + b"".join(parts)).digest()
