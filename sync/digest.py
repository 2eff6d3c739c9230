"""The two-level digest of a permission list.

Records lie in 1,024 buckets by the SHA-256 of their credential's key; the list digest
binds header, settings and all bucket digests. A delta recomputes only the buckets it
touched, and two sides can find where they differ.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from sync.update import ListVersion, StoredRecord

BUCKETS: Final = 1024
DIGEST_BYTES: Final = 32
ESTATE_ID_BYTES: Final = 8

_BUCKET_DOMAIN: Final = b"gatehouse bucket v1\0"
_LIST_DOMAIN: Final = b"gatehouse list digest v1\0"
_HEADER: Final = struct.Struct(f">{ESTATE_ID_BYTES}sIQQ{DIGEST_BYTES}s")
_RECORD_HEAD: Final = struct.Struct(">BQH")
"""Key length, grant id, data length."""


def bucket_of(key: bytes) -> int:
    """Bucket of a credential's key: the first 10 bits of its SHA-256."""
    return int.from_bytes(sha256(key).digest()[:2], "big") >> 6


def bucket_digest(records: Iterable[StoredRecord]) -> bytes:
    """Digest of one bucket; ``records`` come in canonical order (StoredRecord's own)."""
    return packed_digest(pack_records(records))


def packed_digest(packed: bytes | bytearray) -> bytes:
    """Digest of the bucket whose records ``pack_records`` gave these bytes."""
    return sha256(_BUCKET_DOMAIN + packed).digest()


def pack_records(records: Iterable[StoredRecord]) -> bytes:
    """What a bucket's digest is taken of; fields cannot run into each other."""
    parts: list[bytes] = []
    for one in records:
        parts += (_RECORD_HEAD.pack(len(one.key), one.grant_id, len(one.data)), one.key, one.data)
    return b"".join(parts)


def unpack_records(packed: bytes | bytearray) -> list[StoredRecord]:
    """Inverse of ``pack_records``."""
    records = []
    at = 0
    while at < len(packed):
        key_length, grant_id, data_length = _RECORD_HEAD.unpack_from(packed, at)
        key_at = at + _RECORD_HEAD.size
        data_at = key_at + key_length
        at = data_at + data_length
        records.append(StoredRecord(bytes(packed[key_at:data_at]), grant_id, bytes(packed[data_at:at])))
    return records


EMPTY_BUCKET: Final = bucket_digest(())


def bucket_digests(records: Iterable[StoredRecord]) -> list[bytes]:
    """All 1,024 bucket digests of a list; ``records`` in canonical order."""
    buckets: list[list[StoredRecord]] = [[] for _ in range(BUCKETS)]
    for one in records:
        digest = sha256(one.key).digest()  # `bucket_of`, without a call for each of ten thousand
        buckets[digest[0] << 2 | digest[1] >> 6].append(one)
    return [bucket_digest(bucket) if bucket else EMPTY_BUCKET for bucket in buckets]


def list_digest(
    *, estate_id: bytes, gate_id: int, version: ListVersion, settings: bytes, buckets: Sequence[bytes]
) -> bytes:
    """SHA-256 over header, settings and the 1,024 bucket digests.

    Raises:
        ValueError: a field does not have its fixed size.
    """
    if len(estate_id) != ESTATE_ID_BYTES:
        raise ValueError(f"estate_id has {len(estate_id)} bytes, needed are {ESTATE_ID_BYTES}")
    if len(buckets) != BUCKETS or any(len(one) != DIGEST_BYTES for one in buckets):
        raise ValueError(f"a list has {BUCKETS} bucket digests of {DIGEST_BYTES} bytes")
    try:
        header = _HEADER.pack(estate_id, gate_id, version.epoch, version.revision, sha256(settings).digest())
    except struct.error as error:
        raise ValueError(f"list header: {error}") from None
    return sha256(_LIST_DOMAIN + header + b"".join(buckets)).digest()
