"""Records and settings as bytes (format v1). The envelope carries the format version.

    grant      [kind, issue id, [door * 4 + directions, …]]  or with extras
               [kind, issue id, [door * 4 + directions, …], {extra: value, …}]
    tombstone  [0, issue id, reason, since]

Credential and grant id stand beside the bytes (`StoredRecord`), never inside them.
Extras absent from the map have their defaults; a default written out is refused.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from sync.codec import CodecError, encode, unpack
from sync.fields import MAX_WHOLE, member, whole
from sync.records import (
    Access,
    Credential,
    Direction,
    Grant,
    GrantKind,
    Pin,
    Record,
    RecordError,
    RevocationReason,
    Tombstone,
)
from sync.records.grant import MAX_ACCESSES
from sync.settings_encoding import decode_settings, encode_settings
from sync.update import StoredRecord

__all__ = [
    "MAX_RECORD_BYTES",
    "CodecError",
    "decode_record",
    "decode_settings",
    "encode_record",
    "encode_settings",
    "join_issue",
    "split_issue",
    "stored",
]

MAX_RECORD_BYTES: Final = 1024
"""64 doors with 9-byte ids, a PIN and every other extra stay below 800 bytes."""

_TOMBSTONE: Final = 0
_SCHEDULE, _VALID_FROM, _VALID_UNTIL, _USES, _COMPANION, _PIN, _FLAGS = range(1, 8)
_LONG_OPENING, _PASSBACK_EXEMPT, _FIRST_CARD, _OVERRIDES_LOCKDOWN = 1, 2, 4, 8
_KINDS: Final = {int(kind): kind for kind in GrantKind}
_DIRECTIONS: Final = {int(one): one for one in (Direction.IN, Direction.OUT, Direction.BOTH)}
_REASONS: Final = {int(reason): reason for reason in RevocationReason}
_EXTRAS: Final = frozenset(range(_SCHEDULE, _FLAGS + 1))
_ALL_FLAGS: Final = _LONG_OPENING | _PASSBACK_EXEMPT | _FIRST_CARD | _OVERRIDES_LOCKDOWN
_ALL_COMPANIONS: Final = sum(1 << kind for kind in GrantKind)
_INT_WIDTHS: Final = {0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9}
"""Bytes of a msgpack unsigned integer by its first byte; a smaller first byte is the number."""
_LEAST_OF_WIDTH: Final = {2: 1 << 7, 3: 1 << 8, 5: 1 << 16, 9: 1 << 32}
"""The least number that needs so many bytes: a longer form than needed is refused."""


def stored(record: Record) -> StoredRecord:
    """The record as stores and digests see it."""
    return StoredRecord(record.credential.key, record.grant_id, encode_record(record))


def encode_record(record: Record) -> bytes:
    """Canonical bytes of everything except credential and grant id."""
    if isinstance(record, Tombstone):
        return encode([_TOMBSTONE, record.issue_id, int(record.reason), record.since])
    access = [one.door << 2 | int(one.directions) for one in record.access]
    row: list[object] = [int(record.kind), record.issue_id, access]
    if extras := _extras(record):
        row.append(extras)
    return encode(row)


def decode_record(stored_record: StoredRecord) -> Record:
    """Inverse of ``stored``; on the tap's path, so a few microseconds.

    Raises:
        CodecError: the bytes are not what ``encode_record`` gives, or break a record's rules.
    """
    row = unpack(stored_record.data, max_bytes=MAX_RECORD_BYTES, max_items=64)
    if type(row) is not list or not 3 <= len(row) <= 4:
        raise CodecError("record: must be an array of 3 or 4")
    tag, issue_id = whole(row[0], "record tag"), whole(row[1], "issue id")
    try:
        credential = Credential.from_key(stored_record.key)
        if tag != _TOMBSTONE:
            return _grant(
                stored_record.grant_id, credential, member(_KINDS, tag, "grant kind"), issue_id, row
            )
        if len(row) != 4:
            raise CodecError("tombstone: must be an array of 4")
        reason = member(_REASONS, row[2], "revocation reason")
        return Tombstone(stored_record.grant_id, issue_id, credential, reason, whole(row[3], "since"))
    except RecordError as error:
        raise CodecError(str(error)) from None


def split_issue(data: bytes) -> tuple[bytes, int]:
    """Canonical record bytes as (the part other records may share, issue id).

    Raises:
        CodecError: the bytes do not begin as a record does.
    """
    width = _INT_WIDTHS.get(data[2], 1 if data[2] < 0x80 else 0) if len(data) > 3 else 0
    if not width:
        raise CodecError("record: no issue id in its place")
    if width == 1:
        return data[:2] + data[3:], data[2]
    # By hand, not by the library: the office does this for every record of every list.
    issue_id = int.from_bytes(data[3 : 2 + width], "big")
    if len(data) < 2 + width or not _LEAST_OF_WIDTH[width] <= issue_id <= MAX_WHOLE:
        raise CodecError("record: the issue id is cut short, or longer than needed")
    return data[:2] + data[2 + width :], issue_id


def join_issue(shared: bytes, issue_id: int) -> bytes:
    """Inverse of ``split_issue``."""
    return shared[:2] + encode(issue_id) + shared[2:]


def _extras(grant: Grant) -> dict[int, object]:
    flags = (
        _LONG_OPENING * grant.long_opening
        | _PASSBACK_EXEMPT * grant.passback_exempt
        | _FIRST_CARD * grant.first_card
        | _OVERRIDES_LOCKDOWN * grant.overrides_lockdown
    )
    pin = grant.pin
    extras: dict[int, object] = {
        _SCHEDULE: grant.schedule,
        _VALID_FROM: grant.valid_from,
        _VALID_UNTIL: grant.valid_until,
        _USES: grant.uses,
        _COMPANION: sum(1 << kind for kind in grant.companion) or None,
        _PIN: None if pin is None else [pin.salt, pin.digest, pin.duress_digest],
        _FLAGS: flags or None,
    }
    return {key: value for key, value in extras.items() if value is not None}


def _grant(grant_id: int, credential: Credential, kind: GrantKind, issue_id: int, row: list[object]) -> Grant:
    access = _access(row[2])
    if len(row) == 3:
        return Grant(grant_id, issue_id, credential, kind, access)
    extras = row[3]
    if type(extras) is not dict or not extras:
        raise CodecError("grant: extras must be a map that is not empty")
    if list(extras) != sorted(extras, key=lambda key: whole(key, "extra")):
        raise CodecError("grant: extras must ascend")
    if not extras.keys() <= _EXTRAS:
        raise CodecError("grant: unknown extra")
    numbers = {key: whole(value, f"extra {key}") for key, value in extras.items() if key != _PIN}
    flags = _mask(numbers, _FLAGS, _ALL_FLAGS)
    companions = _mask(numbers, _COMPANION, _ALL_COMPANIONS)
    return Grant(
        grant_id,
        issue_id,
        credential,
        kind,
        access,
        schedule=numbers.get(_SCHEDULE),
        valid_from=numbers.get(_VALID_FROM),
        valid_until=numbers.get(_VALID_UNTIL),
        uses=numbers.get(_USES),
        companion=frozenset(one for one in GrantKind if companions >> one & 1) if companions else frozenset(),
        pin=_pin(extras[_PIN]) if _PIN in extras else None,
        long_opening=bool(flags & _LONG_OPENING),
        passback_exempt=bool(flags & _PASSBACK_EXEMPT),
        first_card=bool(flags & _FIRST_CARD),
        overrides_lockdown=bool(flags & _OVERRIDES_LOCKDOWN),
    )


def _access(value: object) -> tuple[Access, ...]:
    if type(value) is not list:
        raise CodecError("grant: access must be an array")
    return tuple([_one_access(whole(one, "access")) for one in value])


@lru_cache(maxsize=MAX_ACCESSES * len(_DIRECTIONS))
def _one_access(packed: int) -> Access:
    """A gate has few doors and every tap decodes some of them; `Access` never changes."""
    return Access(packed >> 2, member(_DIRECTIONS, packed & 3, "directions"))


def _mask(numbers: dict[int, int], extra: int, allowed: int) -> int:
    """Bits of an extra; a written default and an unknown bit are refused."""
    bits = numbers.get(extra)
    if bits is not None and not 0 < bits <= bits & allowed:
        raise CodecError(f"grant: extra {extra} has no bits, or unknown ones")
    return bits or 0


def _pin(value: object) -> Pin:
    match value:
        case [bytes(salt), bytes(digest), bytes() | None as duress]:
            return Pin(salt, digest, duress)
    raise CodecError("grant: pin must be salt, digest and duress digest")
