"""What an update does to each credential: who stops opening, what the list before must learn.

A delta shows the credentials it touches; a snapshot, and new settings, show all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from sync.brake import CANNOT, Conditions, Openings, opens_until
from sync.buckets import Buckets
from sync.codec import CodecError
from sync.delta import Touched
from sync.digest import BUCKETS
from sync.encoding import decode_record, split_issue, stored
from sync.records import Grant, Record, RevocationReason, Tombstone
from sync.update import ListContent, StoredRecord

_KEY = attrgetter("key")


def touched_by_snapshot(before: ListContent | None, records: Buckets) -> Iterator[Touched]:
    """Every credential of either list, bucket by bucket: neither is held as a whole."""
    for number in range(BUCKETS):
        after = {key: tuple(group) for key, group in groupby(records.bucket(number), _KEY)}
        for key, group in () if before is None else _credentials(before, number):
            yield Touched(key, group, after.pop(key, ()))
        for key, group in after.items():
            yield Touched(key, (), group)


def touched_by_settings(before: ListContent, touched: Sequence[Touched]) -> Iterator[Touched]:
    """Every credential, as a delta leaves it that replaces the settings."""
    changed = {one.key: one for one in touched}
    for key, group in (one for number in range(BUCKETS) for one in _credentials(before, number)):
        yield changed.pop(key) if key in changed else Touched(key, group, group)
    yield from changed.values()


def weigh(
    touched: Iterable[Touched], before: Conditions, after: Conditions, *, ended_at: int
) -> tuple[Openings, list[StoredRecord]]:
    """Until when each credential opens on both sides, and what to lay over the list before.

    That is each changed credential as it is now, whole: under the new settings it opens there
    what it opens here. A grant that goes without a tombstone of its own gets one, `WITHDRAWN`
    at ``ended_at``. Credentials that come new stay unknown to the list before.
    """
    until_before, until_after = _Ends(before), _Ends(after)
    openings = Openings()
    later: list[StoredRecord] = []
    for one in touched:
        openings.add(one.key, until_before.of(one.before), until_after.of(one.after))
        if one.before and one.before != one.after:
            later.extend(one.after)
            later.extend(_gone(one, ended_at))
    return openings, later


class _Ends:
    """Until when credentials open under some conditions, with what their records share decoded once.

    Most of a hundred thousand cards have one record each, of a handful of classes.
    """

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._by_class: dict[bytes, int] = {}

    def of(self, records: Sequence[StoredRecord]) -> int:
        if len(records) != 1:
            return opens_until(_readable(records), self._conditions)
        try:
            shared, _ = split_issue(records[0].data)
        except CodecError:
            return CANNOT
        if shared not in self._by_class:
            self._by_class[shared] = opens_until(_readable(records), self._conditions)
        return self._by_class[shared]


def _credentials(content: ListContent, number: int) -> Iterator[tuple[bytes, tuple[StoredRecord, ...]]]:
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


def _gone(touched: Touched, at: int) -> Iterator[StoredRecord]:
    kept = {one.grant_id for one in touched.after}
    for one in _readable(one for one in touched.before if one.grant_id not in kept):
        if isinstance(one, Grant):
            reason = RevocationReason.WITHDRAWN
            yield stored(Tombstone(one.grant_id, one.issue_id, one.credential, reason, at))
