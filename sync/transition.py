"""What an update does to each credential: who stops opening, which grants end.

A delta shows the credentials it touches; a snapshot, and new settings, show all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from sync.brake import Conditions, Opening, opens_until
from sync.codec import CodecError
from sync.delta import Touched
from sync.digest import BUCKETS
from sync.encoding import decode_record, stored
from sync.records import Grant, Record, RevocationReason, Tombstone
from sync.update import ListContent, StoredRecord

_KEY = attrgetter("key")


def touched_by_snapshot(before: ListContent | None, records: Iterable[StoredRecord]) -> Iterator[Touched]:
    """Every credential of either list; ``records`` in canonical order."""
    after = {key: tuple(group) for key, group in groupby(records, _KEY)}
    if before is not None:
        for key, group in _credentials(before):
            yield Touched(key, group, after.pop(key, ()))
    for key, group in after.items():
        yield Touched(key, (), group)


def touched_by_settings(before: ListContent, touched: Sequence[Touched]) -> Iterator[Touched]:
    """Every credential, as a delta leaves it that replaces the settings."""
    changed = {one.key: one for one in touched}
    for key, group in _credentials(before):
        yield changed.pop(key) if key in changed else Touched(key, group, group)
    yield from changed.values()


def weigh(
    touched: Iterable[Touched], before: Conditions, after: Conditions, *, ended_at: int
) -> tuple[list[Opening], list[StoredRecord]]:
    """Until when each credential opens on both sides, and tombstones of the grants that end.

    A grant that goes without a tombstone of its own gets one, `WITHDRAWN` at ``ended_at``.
    """
    openings: list[Opening] = []
    ended: list[StoredRecord] = []
    for one in touched:
        old = _readable(one.before)
        new = old if one.after is one.before else [decode_record(record) for record in one.after]
        openings.append(Opening(one.key, opens_until(old, before), opens_until(new, after)))
        if new is not old:
            ended.extend(_ended(old, new, ended_at))
    return openings, ended


def _credentials(content: ListContent) -> Iterator[tuple[bytes, tuple[StoredRecord, ...]]]:
    for number in range(BUCKETS):
        for key, group in groupby(content.bucket(number), _KEY):
            yield key, tuple(group)


def _readable(records: Iterable[StoredRecord]) -> list[Record]:
    """The records that decode: a damaged list opens nothing there, and must stay replaceable.

    A delta cannot hide behind this: its resulting digest covers the damaged bytes.
    """
    found: list[Record] = []
    for one in records:
        try:
            found.append(decode_record(one))
        except CodecError:
            continue
    return found


def _ended(before: Sequence[Record], after: Sequence[Record], at: int) -> Iterator[StoredRecord]:
    now = {one.grant_id: one for one in after}
    for one in before:
        match one, now.get(one.grant_id):
            case Grant(), Tombstone() as tombstone:
                yield stored(tombstone)
            case Grant(), None:
                reason = RevocationReason.WITHDRAWN
                yield stored(Tombstone(one.grant_id, one.issue_id, one.credential, reason, at))
