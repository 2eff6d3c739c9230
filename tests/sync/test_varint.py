"""Variable-length numbers: they come back, and never run past the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.codec import CodecError
from sync.varint import MAX_BITS, VarintReader, append_varint, unzigzag, zigzag


@given(st.lists(st.integers(0, (1 << MAX_BITS) - 1), max_size=8))
def test_numbers_come_back_one_after_the_other(values: list[int]) -> None:
    body = bytearray()
    for value in values:
        append_varint(body, value)
    reader = VarintReader(bytes(body))
    assert [reader.number() for _ in values] == values
    assert reader.at_end()


@given(st.integers())
def test_zigzag_comes_back_and_starts_at_zero(value: int) -> None:
    assert zigzag(value) >= 0
    assert unzigzag(zigzag(value)) == value


def test_zigzag_counts_from_the_middle_outwards() -> None:
    assert [zigzag(value) for value in (0, -1, 1, -2, 2)] == [0, 1, 2, 3, 4]


def test_a_number_is_read_up_to_its_cap_and_not_beyond() -> None:
    longest = b"\xff" * 73 + b"\x01"
    assert VarintReader(longest).number().bit_length() == 512
    with pytest.raises(CodecError, match="too long"):
        VarintReader(b"\xff" * 80 + b"\x01").number()


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff\xff"])
def test_a_number_cut_short_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError, match="cut short"):
        VarintReader(data).number()


def test_counts_and_byte_strings_stay_within_the_data() -> None:
    assert VarintReader(b"\x02ab").count(2) == 2
    with pytest.raises(CodecError, match="announced"):
        VarintReader(b"\x03abc").count(2)
    with pytest.raises(CodecError, match="cut short"):
        VarintReader(b"\x03ab").count(9)
    with pytest.raises(CodecError, match="cut short"):
        VarintReader(b"ab").take(3)


@given(st.lists(st.lists(st.integers(0, (1 << MAX_BITS) - 1), max_size=8), max_size=4))
def test_columns_are_split_where_their_numbers_end(columns: list[list[int]]) -> None:
    body = bytearray()
    for column in columns:
        for value in column:
            append_varint(body, value)
    reader = VarintReader(bytes(body))
    for column, split in [(one, reader.split(len(one))) for one in columns]:
        assert [split.number() for _ in column] == column
        assert split.at_end()
    assert reader.at_end()


@pytest.mark.parametrize(
    ("data", "named"), [(b"\x01\x80", "cut short"), (b"\x01", "cut short"), (b"\xff" * 600, "too long")]
)
def test_a_column_without_its_end_is_refused(data: bytes, named: str) -> None:
    with pytest.raises(CodecError, match=named):
        VarintReader(data).split(2)
