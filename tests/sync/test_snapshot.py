"""A whole list as columns: small, whole, and closed to hostile bytes."""

from __future__ import annotations

import zlib
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.codec import CodecError
from sync.encoding import decode_record, encode_settings, stored
from sync.records import Access, Credential, DoorPolicy, Grant, GrantKind, ListSettings, Record, Technology
from sync.snapshot import MAX_CONTENT_BYTES, MAX_RECORDS, decode_content, encode_content
from sync.update import StoredRecord
from sync.varint import append_varint, zigzag
from tests.support import strategies

SETTINGS = encode_settings(ListSettings("Asia/Shanghai", (DoorPolicy(1),)))
COMMON = bytes.fromhex("93019107")
"""A grant of one door without its issue id: ``encode_record`` gives ``93 01 <issue> 91 07``."""


def varints(*values: int) -> bytes:
    body = bytearray()
    for value in values:
        append_varint(body, value)
    return bytes(body)


def body(
    *,
    settings_bytes: bytes = SETTINGS,
    classes: bytes = varints(1, len(COMMON)) + COMMON,
    groups: bytes = varints(1) + b"\x01\x04" + varints(2),
    columns: bytes = varints(5, 0) + varints(0, 0) + varints(zigzag(1), zigzag(1)) + varints(0, 0),
) -> bytes:
    """The uncompressed content of two grants, with parts replaced."""
    return varints(len(settings_bytes)) + settings_bytes + classes + groups + columns


def test_the_layout_is_pinned() -> None:
    card = Credential(Technology.ISO14443A, bytes((0, 0, 0, 5)))
    grants = [Grant(number, number, card, GrantKind.RESIDENT, (Access(1),)) for number in (1, 2)]
    assert decode_content(zlib.compress(body())) == (SETTINGS, [stored(one) for one in grants])
    assert zlib.decompress(encode_content(SETTINGS, (stored(one) for one in grants))) == body()


@settings(max_examples=60)
@given(strategies.record_sets(), st.randoms(use_true_random=False))
def test_content_comes_back_in_canonical_order_whatever_the_order_it_came_in(
    records: list[Record], shuffler: Random
) -> None:
    given_order = [stored(one) for one in records]
    data = encode_content(SETTINGS, given_order)
    assert decode_content(data) == (SETTINGS, sorted(given_order))
    shuffler.shuffle(given_order)
    assert encode_content(SETTINGS, given_order) == data


def test_a_thousand_cards_of_one_kind_cost_little_more_than_their_numbers() -> None:
    step = (1 << 32) // 1000
    cards = [(number * step + number * 7919 % step).to_bytes(4, "big") for number in range(1000)]
    grants = [
        Grant(
            number + 1, number + 1, Credential(Technology.ISO14443A, card), GrantKind.RESIDENT, (Access(1),)
        )
        for number, card in enumerate(cards)
    ]
    assert len(encode_content(SETTINGS, (stored(one) for one in grants))) < 4 * len(grants)


@given(st.binary(max_size=120))
def test_noise_gives_a_codec_error(noise: bytes) -> None:
    for data in (noise, zlib.compress(noise)):
        with pytest.raises(CodecError):
            decode_content(data)


@settings(max_examples=150)
@given(strategies.record_sets(4), st.data())
def test_a_flipped_byte_gives_records_of_the_format_or_a_codec_error(
    records: list[Record], draw: st.DataObject
) -> None:
    changed = bytearray(zlib.decompress(encode_content(SETTINGS, [stored(one) for one in records])))
    changed[draw.draw(st.integers(0, len(changed) - 1))] ^= draw.draw(st.integers(1, 255))
    try:
        _, found = decode_content(zlib.compress(bytes(changed)))
    except CodecError:
        return
    for one in found:
        assert stored(decode_record(one)) == one


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (body() + b"\x00", "trailing bytes"),
        (body()[:-1], "cut short"),
        (body(settings_bytes=b"\x90"), "settings"),
        (body(classes=varints(1, 2) + b"\x93\x01"), "not a value"),
        (body(classes=varints(1, 4) + b"\x93\x0c\x91\x07"), "grant kind: 12"),
        (body(classes=varints(0)), "no class"),
        (body(classes=varints(1 << 40)), "announced"),
        (body(classes=varints(99_999)), "cut short"),
        (body(groups=varints(1) + b"\x00\x04" + varints(2)), "unknown technology"),
        (body(groups=varints(1) + b"\x01\x00" + varints(2)), "allowed are 1 to 64"),
        (body(groups=varints(1) + b"\x01\x41" + varints(2)), "allowed are 1 to 64"),
        (body(groups=varints(1) + b"\x01\x04" + varints(MAX_RECORDS + 1)), "announced"),
        (body(columns=varints(1 << 32, 0) + varints(0, 0, 2, 2, 0, 0)), "longer than its group"),
        (body(columns=b"\xff" * 200), "too long"),
        (body(columns=varints(5, 0) + varints(0, 1, 2, 2, 0, 0)), "no class"),
        (body(columns=varints(5, 0) + varints(0, 0, 2, 0, 0, 0)), "repeated"),
        (body(columns=varints(5, 0) + varints(0, 0, 0, 2, 0, 0)), "id is out of range"),
        (body(columns=varints(5, 0) + varints(0, 0, 2, 2, 1, 0)), "id is out of range"),
        (body(columns=varints(5, 0) + varints(0, 0, 2, 1 << 60, 0, 0)), "id is out of range"),
    ],
)
def test_hostile_columns_are_refused_by_name(content: bytes, named: str) -> None:
    with pytest.raises(CodecError, match=named):
        decode_content(zlib.compress(content))


def test_a_compression_bomb_is_refused_before_it_grows() -> None:
    deflater = zlib.compressobj()
    bomb = b"".join(deflater.compress(bytes(1 << 20)) for _ in range(33)) + deflater.flush()
    assert len(bomb) < MAX_CONTENT_BYTES // 500
    with pytest.raises(CodecError, match="grows beyond"):
        decode_content(bomb)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (zlib.compress(body()) + b"x", "trailing bytes"),
        (zlib.compress(body())[:-2], "cut short"),
        (b"not zlib", "damaged"),
        (bytes(MAX_CONTENT_BYTES + 1), "oversize"),
    ],
)
def test_a_damaged_container_is_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(CodecError, match=named):
        decode_content(data)


def test_a_record_given_twice_is_refused_when_writing() -> None:
    one = StoredRecord(b"\x01\x05", 1, bytes.fromhex("9301019107"))
    with pytest.raises(CodecError, match="repeated"):
        encode_content(SETTINGS, [one, one])
