"""A list packed by buckets says what the records say that it was made of."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.buckets import Buckets
from sync.codec import CodecError
from sync.content import MemoryContent
from sync.digest import BUCKETS, bucket_of
from sync.encoding import stored
from sync.records import Record
from sync.snapshot import decode_buckets, decode_content, encode_content
from sync.update import StoredRecord
from tests.support import strategies
from tests.support.lists import SETTINGS

ONE = StoredRecord(b"\x01\x05", 1, b"a")


@settings(max_examples=30)
@given(strategies.record_sets(), st.randoms(use_true_random=False))
def test_buckets_hold_what_a_list_in_memory_holds(records: list[Record], shuffler: Random) -> None:
    given_order = [stored(one) for one in records]
    shuffler.shuffle(given_order)
    buckets, whole = Buckets(iter(given_order)), MemoryContent(SETTINGS, given_order)
    assert [list(buckets.bucket(number)) for number in range(BUCKETS)] == [
        list(whole.bucket(number)) for number in range(BUCKETS)
    ]
    assert buckets.digests() == list(whole.bucket_digests())
    assert len(buckets) == len(given_order)
    assert list(buckets) == sorted(given_order, key=lambda one: (bucket_of(one.key), one))
    assert all(one in buckets for one in given_order)


@settings(max_examples=30)
@given(strategies.record_sets())
def test_content_decodes_to_the_same_records_either_way(records: list[Record]) -> None:
    content = encode_content(SETTINGS, [stored(one) for one in records])
    settings_bytes, buckets = decode_buckets(content)
    assert (settings_bytes, sorted(buckets)) == decode_content(content)


def test_a_record_of_another_content_or_kind_is_not_in_them() -> None:
    buckets = Buckets([ONE])
    assert StoredRecord(ONE.key, ONE.grant_id, b"b") not in buckets
    assert ONE.key not in buckets


def test_a_repeated_record_is_refused_whatever_lies_between() -> None:
    other = StoredRecord(ONE.key, 2, b"a")
    with pytest.raises(CodecError, match="repeated"):
        Buckets([ONE, other, StoredRecord(ONE.key, ONE.grant_id, b"b")])
