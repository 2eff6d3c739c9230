"""Canonical credentials: one card read by two kinds of reader is one credential."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.records import (
    MAX_NUMBER_BYTES,
    ByteOrder,
    Credential,
    MappingRule,
    RecordError,
    Technology,
    canonical,
    project,
)

UID = bytes.fromhex("04a2245b")
WHOLE = MappingRule()
REVERSED = MappingRule(byte_order=ByteOrder.LSB_FIRST)
LOW_24 = MappingRule(low_bits=24)
LOW_32_REVERSED = MappingRule(byte_order=ByteOrder.LSB_FIRST, low_bits=32)
DECIMAL = MappingRule(decimal=True, width_bytes=4)
DECIMAL_REVERSED = MappingRule(decimal=True, width_bytes=4, byte_order=ByteOrder.LSB_FIRST)


@pytest.mark.parametrize(
    ("delivered", "rule", "technology", "number"),
    [
        (UID, WHOLE, Technology.ISO14443A, "04a2245b"),
        (UID[::-1], REVERSED, Technology.ISO14443A, "04a2245b"),
        (b"0077734491", DECIMAL, Technology.ISO14443A, "04a2225b"),
        (b"1529127428", DECIMAL_REVERSED, Technology.ISO14443A, "04a2245b"),
        (UID, LOW_24, Technology.SHORT, "a2245b"),
        (b"\xff" + UID[1:], LOW_24, Technology.SHORT, "a2245b"),
        (UID[::-1], LOW_32_REVERSED, Technology.SHORT, "04a2245b"),
        (UID, MappingRule(low_bits=26), Technology.SHORT, "00a2245b"),
    ],
)
def test_each_rule_gives_its_credential(
    delivered: bytes, rule: MappingRule, technology: Technology, number: str
) -> None:
    assert canonical(Technology.ISO14443A, delivered, rule) == Credential(technology, bytes.fromhex(number))


@pytest.mark.parametrize("size", [4, 7, 10])
def test_uids_of_every_standard_length_keep_their_length(size: int) -> None:
    number = bytes(range(1, size + 1))
    assert canonical(Technology.ISO14443A, number, WHOLE).number == number


@given(st.binary(min_size=1, max_size=MAX_NUMBER_BYTES), st.sampled_from(Technology))
def test_a_key_names_its_credential(number: bytes, technology: Technology) -> None:
    credential = Credential(technology, number)
    assert Credential.from_key(credential.key) == credential


@given(st.binary(min_size=1, max_size=10), st.integers(8, 80))
def test_a_projection_of_a_read_is_the_read_of_a_projecting_reader(number: bytes, bits: int) -> None:
    rule = MappingRule(low_bits=bits)
    chip = Credential(Technology.ISO14443A, number)
    assert canonical(Technology.ISO14443A, number, rule) == project(chip, rule)
    assert project(project(chip, rule), rule) == project(chip, rule)


@pytest.mark.parametrize(
    ("delivered", "rule"),
    [
        (b"", WHOLE),
        (bytes(MAX_NUMBER_BYTES + 1), WHOLE),
        (bytes(10_000), LOW_24),
        (b"12a4", DECIMAL),
        ("٣".encode(), DECIMAL),
        (b"", DECIMAL),
        (b"4294967296", DECIMAL),
        (b"9" * 5000, DECIMAL),
    ],
    ids=["empty", "too long", "far too long", "letter", "other digits", "no digit", "too large", "endless"],
)
def test_what_is_no_number_is_refused(delivered: bytes, rule: MappingRule) -> None:
    with pytest.raises(RecordError):
        canonical(Technology.ISO14443A, delivered, rule)


@pytest.mark.parametrize("key", [b"", b"\x01", b"\xff\x01", bytes([1]) + bytes(MAX_NUMBER_BYTES + 1)])
def test_what_is_no_key_is_refused(key: bytes) -> None:
    with pytest.raises(RecordError):
        Credential.from_key(key)


@pytest.mark.parametrize(
    "make",
    [
        lambda: MappingRule(low_bits=7),
        lambda: MappingRule(low_bits=8 * MAX_NUMBER_BYTES + 1),
        lambda: MappingRule(decimal=True),
        lambda: MappingRule(decimal=True, width_bytes=0),
    ],
)
def test_a_contradictory_rule_is_refused(make: object) -> None:
    with pytest.raises(RecordError):
        make()  # type: ignore[operator]


def test_the_hardware_and_the_record_technologies_have_the_same_names() -> None:
    from drivers.ports import Technology as Read  # noqa: PLC0415 - the two packages may not know each other

    assert {one.name for one in Read} == {one.name for one in Technology} - {Technology.SHORT.name}
