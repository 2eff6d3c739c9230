"""The strict codec: one byte string for a value, and nothing else gets in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.codec import MAX_DEPTH, CodecError, decode, encode

LEAVES = st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.binary() | st.text()


def containers(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Arrays, and maps whose keys ascend."""
    numbered = st.dictionaries(st.integers(0, 1 << 60), inner, max_size=4)
    worded = st.dictionaries(st.text(max_size=4), inner, max_size=4)
    return st.lists(inner, max_size=4) | numbered.map(ascending) | worded.map(ascending)


def ascending(found: dict[Any, object]) -> dict[Any, object]:
    return {key: found[key] for key in sorted(found)}


VALUES = st.recursive(LEAVES, containers, max_leaves=12)


def nested(depth: int) -> bytes:
    return b"\x91" * depth + b"\xc0"


@given(VALUES)
def test_what_is_encoded_comes_back(value: object) -> None:
    try:
        data = encode(value)
    except CodecError as error:
        assert "too deep" in str(error)  # noqa: PT017  # the only refusal a value of the format can meet
        return
    assert decode(data, max_bytes=len(data)) == value


@given(st.binary(max_size=200))
def test_noise_gives_a_value_or_a_codec_error(data: bytes) -> None:
    try:
        value = decode(data, max_bytes=150, max_items=20)
    except CodecError:
        return
    assert encode(value) == data


@given(VALUES.map(msgpack.packb), st.data())
def test_any_change_of_bytes_is_another_value_or_refused(data: bytes, draw: st.DataObject) -> None:
    changed = bytearray(data)
    changed[draw.draw(st.integers(0, len(data) - 1))] ^= draw.draw(st.integers(1, 255))
    try:
        value = decode(bytes(changed), max_bytes=1 << 20)
    except CodecError:
        return
    assert encode(value) == changed


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "not a value"),
        (encode(b"x" * 200), "oversize"),
        (b"\x01\x02", "trailing bytes"),
        (b"\x92\x01", "not a value"),
        (b"\xc1", "not a value"),
        (b"\xcc\x01", "not canonical"),
        (b"\xdc\x00\x01\x01", "not canonical"),
        (b"\xd9\x01a", "not canonical"),
        (b"\x82\x01\x01\x01\x02", "not canonical"),
        (b"\x82\x02\x01\x01\x01", "out of order"),
        (b"\x82\xa1b\x01\xa1a\x01", "out of order"),
        (b"\x82\x01\x01\xa1a\x01", "odd map keys"),
        (b"\x81\xc3\x01", "odd map keys"),
        (b"\x81\xc4\x01k\x01", "odd map keys"),
        (b"\x81\xc0\x01", "odd map keys"),
        (b"\x81\x91\x01\x01", "not a value"),
        (b"\xcb" + bytes(8), "type not allowed: float"),
        (b"\x91\xca" + bytes(4), "not canonical"),
        (b"\xd4\x05\x00", "not a value"),
        (b"\xc7\x00\x05", "type not allowed: ExtType"),
        (b"\xd6\xff" + bytes(4), "not a value"),
        (b"\xa2\xc3\x28", "not a value"),
        (nested(MAX_DEPTH + 1), "too deep"),
        (nested(140), "too deep"),
        (b"\xdd\xff\xff\xff\xff", "not a value"),
        (b"\xdf\xff\xff\xff\xff", "not a value"),
        (b"\xdb\xff\xff\xff\xff", "not a value"),
        (b"\xc6\xff\xff\xff\xff", "not a value"),
        (msgpack.packb([0] * 21), "not a value"),
        (msgpack.packb([[0] * 10, [0] * 10]), "too many items"),
    ],
)
def test_hostile_bytes_are_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(CodecError, match=named):
        decode(data, max_bytes=150, max_items=20)


def test_a_tower_of_arrays_is_refused_without_reserving_what_it_claims() -> None:
    claim = b"\xdd\x00\xff\xff\xff"
    with pytest.raises(CodecError, match="not a value"):
        decode(claim * 20_000, max_bytes=1 << 20)


def test_the_deepest_value_allowed_passes() -> None:
    assert encode(decode(nested(MAX_DEPTH), max_bytes=99)) == nested(MAX_DEPTH)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (1.5, "type not allowed: float"),
        ({1, 2}, "type not allowed: set"),
        (datetime(2024, 1, 1, tzinfo=UTC), "type not allowed: datetime"),
        (1 << 64, "cannot be encoded"),
        ("\ud800", "cannot be encoded"),
        ({2: 0, 1: 0}, "out of order"),
        ({True: 0}, "odd map keys"),
        ({1: 0, "a": 0}, "odd map keys"),
        ([[[[[[[[[]]]]]]]]], "too deep"),
    ],
)
def test_values_outside_the_format_are_refused_when_writing(value: object, named: str) -> None:
    with pytest.raises(CodecError, match=named):
        encode(value)
