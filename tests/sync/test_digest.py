"""The two-level digest: pinned values, and every field counts."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.digest import BUCKETS, EMPTY_BUCKET, bucket_digest, bucket_digests, bucket_of, list_digest
from sync.encoding import stored
from sync.records import Record
from sync.update import ListVersion, StoredRecord
from tests.support import strategies

ESTATE = b"estate-1"
NO_RECORDS = [EMPTY_BUCKET] * BUCKETS


def test_a_bucket_is_the_first_ten_bits_of_the_keys_hash() -> None:
    key = b"\x01\x04\xa1\xb2\xc3"
    bits = f"{int.from_bytes(sha256(key).digest(), 'big'):0256b}"[:10]
    assert bucket_of(key) == int(bits, 2)


def test_digests_are_pinned() -> None:
    one = StoredRecord(b"\x01\x02", 3, b"\x04")
    assert sha256(b"gatehouse bucket v1\0").digest() == EMPTY_BUCKET
    fields = b"\x02" + (3).to_bytes(8, "big") + b"\x00\x01" + b"\x01\x02" + b"\x04"
    assert bucket_digest([one]) == sha256(b"gatehouse bucket v1\0" + fields).digest()
    header = ESTATE + (9).to_bytes(4, "big") + (1).to_bytes(8, "big") + (2).to_bytes(8, "big")
    whole = b"gatehouse list digest v1\0" + header + sha256(b"s").digest() + EMPTY_BUCKET * BUCKETS
    found = list_digest(
        estate_id=ESTATE, gate_id=9, version=ListVersion(1, 2), settings=b"s", buckets=NO_RECORDS
    )
    assert found == sha256(whole).digest()


@given(st.lists(st.builds(StoredRecord, st.binary(max_size=3), st.integers(0, 9), st.binary(max_size=3))))
def test_fields_cannot_run_into_each_other(records: list[StoredRecord]) -> None:
    regrouped = [StoredRecord(one.key + one.data, one.grant_id, b"") for one in records]
    assert (bucket_digest(records) == bucket_digest(regrouped)) == (records == regrouped)


@settings(max_examples=20)
@given(strategies.record_sets())
def test_each_bucket_has_the_digest_of_its_own_records(records: list[Record]) -> None:
    ordered = sorted(stored(one) for one in records)
    for number, digest in enumerate(bucket_digests(ordered)):
        assert digest == bucket_digest([one for one in ordered if bucket_of(one.key) == number])


def test_every_part_of_a_list_changes_its_digest() -> None:
    one = ListVersion(1, 1)
    parts = [
        (ESTATE, 1, one, b"s", NO_RECORDS),
        (b"estate-2", 1, one, b"s", NO_RECORDS),
        (ESTATE, 2, one, b"s", NO_RECORDS),
        (ESTATE, 1, ListVersion(2, 1), b"s", NO_RECORDS),
        (ESTATE, 1, ListVersion(1, 2), b"s", NO_RECORDS),
        (ESTATE, 1, one, b"t", NO_RECORDS),
        (ESTATE, 1, one, b"s", [bytes(32), *NO_RECORDS[1:]]),
        (ESTATE, 1, one, b"s", [*NO_RECORDS[1:], bytes(32)]),
    ]
    digests = {
        list_digest(estate_id=estate, gate_id=gate, version=version, settings=settings, buckets=buckets)
        for estate, gate, version, settings, buckets in parts
    }
    assert len(digests) == len(parts)


@pytest.mark.parametrize(
    ("estate", "gate", "revision", "buckets"),
    [
        (b"short", 1, 1, NO_RECORDS),
        (ESTATE, 1 << 32, 1, NO_RECORDS),
        (ESTATE, 1, 1 << 64, NO_RECORDS),
        (ESTATE, 1, 1, NO_RECORDS[1:]),
        (ESTATE, 1, 1, [b"", *NO_RECORDS[1:]]),
    ],
)
def test_a_field_of_the_wrong_size_is_refused(
    estate: bytes, gate: int, revision: int, buckets: list[bytes]
) -> None:
    with pytest.raises(ValueError, match=r"estate_id|bucket digests|list header"):
        list_digest(
            estate_id=estate, gate_id=gate, version=ListVersion(1, revision), settings=b"", buckets=buckets
        )
