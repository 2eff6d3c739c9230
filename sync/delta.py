"""The steps of a delta, and what they make of the list they build on.

    content   [step, …]
    step      [1, key, grant id, record bytes]             put: insert or replace
              [2, key, grant id, reason, since]            revoke: a grant becomes a tombstone
              [3, key, grant id]                           remove: a record goes without trace
              [4, settings bytes]                          replace the settings

A record is named once at most. To revoke is a step of its own because it is all that
the hub's key may do, and because it stays small on a slow line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from sync.codec import CodecError, decode, encode
from sync.digest import bucket_digest, bucket_of
from sync.encoding import decode_record, decode_settings, stored
from sync.fields import array, member, octets, whole
from sync.records import Credential, Grant, RecordError, RevocationReason, Tombstone
from sync.update import ListContent, StoredRecord

MAX_STEPS: Final = 20_000
"""A larger change is cheaper as a snapshot."""
MAX_DELTA_BYTES: Final = 4 << 20

_PUT, _REVOKE, _REMOVE, _SETTINGS = 1, 2, 3, 4
_REASONS: Final = {int(one): one for one in RevocationReason}


class Put(Struct, frozen=True):
    """Insert a record, or replace the one of the same key and grant id."""

    record: StoredRecord


class Revoke(Struct, frozen=True):
    """Turn a grant into a tombstone."""

    key: bytes
    grant_id: int
    reason: RevocationReason
    since: int


class Remove(Struct, frozen=True):
    """Take a record away: a tombstone no longer needed, or a grant that ended by itself."""

    key: bytes
    grant_id: int


class ReplaceSettings(Struct, frozen=True):
    """Replace the settings."""

    settings: bytes


Step = Put | Revoke | Remove | ReplaceSettings


class Touched(Struct, frozen=True):
    """One credential's records before and after an update, in canonical order."""

    key: bytes
    before: Sequence[StoredRecord]
    after: Sequence[StoredRecord]


class Change(Struct, frozen=True):
    """What the steps come to."""

    settings: bytes | None
    puts: tuple[StoredRecord, ...]
    removed: tuple[tuple[bytes, int], ...]
    touched: tuple[Touched, ...]


def encode_delta(steps: Sequence[Step]) -> bytes:
    """The content of a delta; raises ``CodecError`` for more steps than it may have."""
    if len(steps) > MAX_STEPS:
        raise CodecError(f"delta: {len(steps)} steps, allowed are {MAX_STEPS}: sign a snapshot instead")
    return encode([_row(one) for one in steps])


def decode_delta(data: bytes) -> tuple[Step, ...]:
    """The steps of a delta; every record and the settings decode.

    Raises:
        CodecError: not a delta, a step repeated, or a record that breaks its rules.
    """
    value = decode(data, max_bytes=MAX_DELTA_BYTES, max_depth=2, max_items=6 * MAX_STEPS)
    steps = tuple(_step(one) for one in array(value, "delta", at_most=MAX_STEPS))
    names = [_name(one) for one in steps]
    if not steps or len(set(names)) != len(names):
        raise CodecError("delta: needs a step, and no record is named twice")
    return steps


def apply_steps(steps: Sequence[Step], before: ListContent) -> Change:
    """What ``steps`` make of the list ``before``.

    Raises:
        CodecError: a step names a record which is not there, or revokes what is no grant.
    """
    settings: bytes | None = None
    puts: list[StoredRecord] = []
    removed: list[tuple[bytes, int]] = []
    keys: dict[bytes, dict[int, StoredRecord]] = {}
    for step in steps:
        if isinstance(step, ReplaceSettings):
            settings = step.settings
            continue
        key = step.record.key if isinstance(step, Put) else step.key
        records = keys.setdefault(key, {one.grant_id: one for one in before.credential(key)})
        match step:
            case Put(record):
                puts.append(record)
            case Revoke():
                puts.append(_tombstone(step, records))
            case Remove():
                _find(records, step.key, step.grant_id)
                removed.append((step.key, step.grant_id))
                del records[step.grant_id]
                continue
        records[puts[-1].grant_id] = puts[-1]
    touched = tuple(
        Touched(key, before.credential(key), [after[grant_id] for grant_id in sorted(after)])
        for key, after in keys.items()
    )
    return Change(settings, tuple(puts), tuple(removed), touched)


def touched_buckets(touched: Sequence[Touched], before: ListContent) -> Mapping[int, bytes]:
    """New digests of the buckets in which ``touched`` credentials lie, and of no other."""
    numbers: dict[int, dict[bytes, Sequence[StoredRecord]]] = {}
    for one in touched:
        numbers.setdefault(bucket_of(one.key), {})[one.key] = one.after
    digests = {}
    for number, after in numbers.items():
        records = [one for one in before.bucket(number) if one.key not in after]
        records += [one for group in after.values() for one in group]
        digests[number] = bucket_digest(sorted(records))
    return digests


def _find(records: Mapping[int, StoredRecord], key: bytes, grant_id: int) -> StoredRecord:
    found = records.get(grant_id)
    if found is None:
        raise CodecError(f"delta: there is no record {grant_id} of credential {key.hex()}")
    return found


def _tombstone(step: Revoke, records: Mapping[int, StoredRecord]) -> StoredRecord:
    grant = decode_record(_find(records, step.key, step.grant_id))
    if not isinstance(grant, Grant):
        raise CodecError(f"delta: record {step.grant_id} of credential {step.key.hex()} has ended already")
    return stored(Tombstone(grant.grant_id, grant.issue_id, grant.credential, step.reason, step.since))


def _row(step: Step) -> list[object]:
    match step:
        case Put(record):
            return [_PUT, record.key, record.grant_id, record.data]
        case Revoke(key, grant_id, reason, since):
            return [_REVOKE, key, grant_id, int(reason), since]
        case Remove(key, grant_id):
            return [_REMOVE, key, grant_id]
        case ReplaceSettings(settings):
            return [_SETTINGS, settings]


def _step(value: object) -> Step:
    row = array(value, "delta: step")
    match row:
        case [kind, settings] if kind == _SETTINGS:
            decode_settings(octets(settings, "delta: settings"))
            return ReplaceSettings(octets(settings, "delta: settings"))
        case [kind, key, grant_id, data] if kind == _PUT:
            record = StoredRecord(
                _key(key), whole(grant_id, "delta: grant id"), octets(data, "delta: record")
            )
            decode_record(record)
            return Put(record)
        case [kind, key, grant_id, reason, since] if kind == _REVOKE:
            why = member(_REASONS, reason, "delta: reason")
            return Revoke(_key(key), whole(grant_id, "delta: grant id"), why, whole(since, "delta: since"))
        case [kind, key, grant_id] if kind == _REMOVE:
            return Remove(_key(key), whole(grant_id, "delta: grant id"))
    raise CodecError("delta: a step of no known kind")


def _key(value: object) -> bytes:
    key = octets(value, "delta: credential")
    try:
        Credential.from_key(key)
    except RecordError as error:
        raise CodecError(f"delta: {error}") from None
    return key


def _name(step: Step) -> tuple[bytes, int]:
    match step:
        case Put(record):
            return record.key, record.grant_id
        case Revoke(key, grant_id) | Remove(key, grant_id):
            return key, grant_id
        case ReplaceSettings():
            return b"", 0
