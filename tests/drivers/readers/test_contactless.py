"""ATRs and answers as real readers give them, and every other byte string."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import Technology
from drivers.readers._contactless import NoNumberError, number_of, technology_of


@pytest.mark.parametrize(
    ("atr", "technology"),
    [
        ("3B8F8001804F0CA000000306030001000000006A", Technology.ISO14443A),  # MIFARE Classic 1K
        ("3B8F8001804F0CA0000003060300030000000068", Technology.ISO14443A),  # MIFARE Ultralight
        ("3B8F8001804F0CA000000306070007000000006A", Technology.ISO14443B),  # SRIX4K
        ("3B8F8001804F0CA0000003060B001400000000 77", Technology.ISO15693),  # ICODE SLI
        ("3B8F8001804F0CA0000003060C001400000000 70", Technology.ISO15693),  # ISO 15693 part 4
        (
            "3B8F8001804F0CA0000003061100 3B00000000 42",
            Technology.ISO14443A,
        ),  # FeliCa: the default
        ("3B8180018080", Technology.ISO14443A),  # DESFire: a processor card does not say
        ("3B8F8001804F0CA000000306", Technology.ISO14443A),  # cut off before the standard byte
        ("", Technology.ISO14443A),
    ],
)
def test_technology_stands_in_the_storage_cards_atr(atr: str, technology: Technology) -> None:
    assert technology_of(bytes.fromhex(atr)) is technology


@pytest.mark.parametrize("number", ["01020304", "04112233445566", "0102030405060708", "04112233445566778899"])
def test_number_is_the_answer_without_its_status(number: str) -> None:
    assert number_of(bytes.fromhex(number + "9000")) == bytes.fromhex(number)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ("", "taken away too early"),
        ("9000", "0 bytes"),
        ("0102039000", "3 bytes"),
        ("00112233445566778899AA9000", "11 bytes"),
        ("6A81", "status 6a81"),
        ("010203046300", "status 6300"),
        ("90", "status 90"),
    ],
)
def test_no_number_is_told_with_its_cause(answer: str, cause: str) -> None:
    with pytest.raises(NoNumberError, match=cause):
        number_of(bytes.fromhex(answer))


@given(st.binary(max_size=300))
def test_any_bytes_give_a_number_or_the_one_error(answer: bytes) -> None:
    technology_of(answer)
    try:
        number = number_of(answer)
    except NoNumberError:
        return
    assert answer == number + b"\x90\x00"
    assert 4 <= len(number) <= 10
