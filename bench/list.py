"""Permission list updates: verified, stored and durable; and what they weigh on the wire."""

from __future__ import annotations

import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from math import lgamma, log, log2
from statistics import median
from typing import Final

from bench.figures import Figure, middle
from bench.loads import ISSUED_AT, settings, stored_estate
from bench.publisher import ANCHOR, Publisher
from bench.rig import GateRig, Workshop
from sync.codec import encode
from sync.delta import Revoke, Step
from sync.digest import bucket_digest, bucket_of
from sync.encoding import decode_record, join_issue, split_issue, stored
from sync.records import Grant, RevocationReason, Tombstone
from sync.update import StoredRecord
from terminal.list_updates import take_update
from terminal.stores.list_store import ListStore

SIZES: Final = (1_000, 10_000, 100_000)
SMALL: Final = SIZES[0]
LARGE: Final = SIZES[-1]
DELTA_GROWTH: Final = 2.0
WIRE_BOUND: Final = 1.3
"""Ours: what docs/adr/0006 promises of the snapshot's encoding."""


def measure(workshop: Workshop) -> list[Figure]:
    """Milliseconds of whole updates; then sizes."""
    rigs = {count: workshop.gate(count) for count in SIZES}
    return [
        *(_snapshots(rig, count, 2 if workshop.quick else 7) for count, rig in rigs.items()),
        *_deltas(rigs, 3 if workshop.quick else 60),
        *(figure for count, rig in rigs.items() for figure in _wire(rig, count)),
    ]


def _snapshots(rig: GateRig, count: int, repeats: int) -> Figure:
    publisher = rig.publisher()
    updates = [publisher.snapshot(revision) for revision in range(2, 2 + repeats)]
    with closing(rig.store()) as store:
        return middle(f"snapshot_{count}", [_taken_ms(store, one) for one in updates], "ms")


def _deltas(rigs: dict[int, GateRig], repeats: int) -> list[Figure]:
    """One card revoked at a time; the sizes take turns, so that a busy moment meets both."""
    with ExitStack() as stack:
        stores = {count: stack.enter_context(closing(rigs[count].store())) for count in (SMALL, LARGE)}
        updates = {count: _one_card_deltas(rigs[count], store) for count, store in stores.items()}
        taken: dict[int, list[float]] = {count: [] for count in stores}
        sizes = []
        for _ in range(repeats):
            for count, store in stores.items():
                update = next(updates[count])
                sizes.append(len(update))
                taken[count].append(_taken_ms(store, update))
    growth = median(taken[LARGE]) / median(taken[SMALL])
    return [
        *(middle(f"one_card_delta_{count}", sample, "ms") for count, sample in taken.items()),
        Figure("one_card_delta_growth", growth, "x", DELTA_GROWTH),
        middle("one_card_delta_size", sizes, "bytes"),
    ]


def _taken_ms(store: ListStore, update: bytes) -> float:
    began = time.perf_counter()
    receipt = take_update(store, ANCHOR, update, floor=ISSUED_AT)
    took = time.perf_counter() - began
    if receipt.unchanged:
        raise RuntimeError("the update changed nothing")
    return took * 1_000


def _one_card_deltas(rig: GateRig, store: ListStore) -> Iterator[bytes]:
    current = store.current()
    if current is None:
        raise RuntimeError("the rig has no list")
    return rig.publisher().deltas(_revocations(stored_estate(rig.count)), current.version.revision + 1)


def _revocations(records: Sequence[StoredRecord]) -> Iterator[tuple[Step, int, bytes]]:
    """One resident's card of each bucket lost: the step, the bucket, and its digest afterwards."""
    buckets: dict[int, list[StoredRecord]] = {}
    for one in records:
        buckets.setdefault(bucket_of(one.key), []).append(one)
    for number, bucket in buckets.items():
        for place, one in enumerate(bucket):
            grant = decode_record(one)
            if isinstance(grant, Grant):
                lost = RevocationReason.LOST
                end = Tombstone(grant.grant_id, grant.issue_id, grant.credential, lost, ISSUED_AT)
                after = [*bucket[:place], stored(end), *bucket[place + 1 :]]
                yield Revoke(one.key, one.grant_id, lost, ISSUED_AT), number, bucket_digest(after)
                break


def _wire(rig: GateRig, count: int) -> list[Figure]:
    """The snapshot beside the least any code could need, and beside plain msgpack."""
    records = stored_estate(rig.count)
    by_card = _renumbered(records)
    least = _least_bytes(records)
    rows = encode([[[one.key, one.grant_id, one.data] for one in part] for part in _parts(records)])
    return [
        Figure(f"wire_{count}", len(rig.publisher().snapshot(2)), "bytes"),
        Figure(f"wire_{count}_msgpack_rows", len(rows), "bytes"),
        Figure(f"wire_{count}_msgpack_rows_zlib", len(zlib.compress(rows, 9)), "bytes"),
        Figure(
            f"wire_{count}_times_least",
            len(Publisher.of(records).content) / (least + _order_bytes(len(records))),
            "x",
        ),
        Figure(
            f"wire_{count}_ids_by_card_times_least",
            len(Publisher.of(by_card).content) / least,
            "x",
            WIRE_BOUND,
        ),
    ]


def _parts(records: Sequence[StoredRecord]) -> Iterator[list[StoredRecord]]:
    rest = iter(records)
    while part := list(islice(rest, 1_000)):
        yield part


def _renumbered(records: Sequence[StoredRecord]) -> list[StoredRecord]:
    """The same list with ids in the order of the cards' numbers: then they say nothing."""
    ordered = sorted(records, key=lambda one: (len(one.key), one.key))
    return sorted(
        StoredRecord(one.key, number, join_issue(split_issue(one.data)[0], number))
        for number, one in enumerate(ordered, 10_000)
    )


def _least_bytes(records: Sequence[StoredRecord]) -> float:
    """Information in the set of card numbers and in the class of each card, in bytes."""
    lengths = Counter(len(one.key) - 1 for one in records)
    # A maker's byte leads the 7-byte numbers: 6 bytes of them are free.
    bits = sum(_set_bits(256 ** min(length, 6), count) for length, count in lengths.items())
    classes = Counter(split_issue(one.data)[0] for one in records)
    bits += sum(count * log2(len(records) / count) for count in classes.values())
    return bits / 8 + len(settings()) + sum(map(len, classes))


def _set_bits(universe: int, count: int) -> float:
    """log2 of the number of sets of ``count`` out of ``universe`` (large against the count)."""
    return count * log2(universe) - lgamma(count + 1) / log(2)


def _order_bytes(count: int) -> float:
    """Information in the order of issue, which has nothing to do with the cards' numbers."""
    return lgamma(count + 1) / log(2) / 8
