"""Texts of scanners and the numbers they stand for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import DriverSettingsError, Technology
from drivers.readers._text_number import TextNumber
from drivers.settings import load_settings


def rule(**table: object) -> TextNumber:
    return load_settings(TextNumber, {"technology": "em4100", **table}, where="test: number")


def number(text: str, **table: object) -> tuple[str, int] | None:
    read = rule(**table).read(text, 5.0)
    if read is None:
        return None
    assert read.read_at == 5.0
    return read.number.hex(), read.bits


DEC4: dict[str, Any] = {"base": "dec", "width_bytes": 4}
HEX5: dict[str, Any] = {"base": "hex", "width_bytes": 5}
WIEGAND: dict[str, Any] = {"base": "dec", "groups": [8, 16]}
CODE: dict[str, Any] = {"technology": "code"}


@pytest.mark.parametrize(
    ("text", "table", "read"),
    [
        ("0015805244", DEC4, ("00f12b3c", 32)),
        ("15805244", DEC4, ("00f12b3c", 32)),
        (" 15805244 ", DEC4, ("00f12b3c", 32)),
        ("15805244", {**DEC4, "byte_order": "lsb"}, ("3c2bf100", 32)),
        ("4294967295", DEC4, ("ffffffff", 32)),
        ("4294967296", DEC4, None),
        ("-1", DEC4, None),
        ("1_000", DEC4, None),
        ("١٢٣", DEC4, None),
        ("²", DEC4, None),
        ("", DEC4, None),
        ("0A00F12B3C", HEX5, ("0a00f12b3c", 40)),
        ("0a00f12b3c", {**HEX5, "byte_order": "lsb"}, ("3c2bf1000a", 40)),
        ("00F12B3C", HEX5, None),
        ("0A00F12B3C00", HEX5, None),
        ("0A00F12B3", {"base": "hex"}, None),
        ("0A 00F12B3", HEX5, None),
        ("04112233445566", {"base": "hex"}, ("04112233445566", 56)),
        ("241,11068", WIEGAND, ("f12b3c", 24)),
        ("241:11068", WIEGAND, ("f12b3c", 24)),
        ("24111068", WIEGAND, ("f12b3c", 24)),
        ("1,2", WIEGAND, ("010002", 24)),
        ("00100002", WIEGAND, ("010002", 24)),
        ("256,1", WIEGAND, None),
        ("1,65536", WIEGAND, None),
        ("1,2,3", WIEGAND, None),
        ("1,", WIEGAND, None),
        ("0100002", WIEGAND, None),
        ("00241,11068", {"base": "dec", "groups": [16, 16]}, ("00f12b3c", 32)),
        ("2097151", {"base": "dec", "groups": [21]}, ("1fffff", 21)),
        ("GH:1", CODE, ("47483a31", 32)),
        ("é", CODE, ("c3a9", 16)),
        (" x ", CODE, ("207820", 24)),
        ("a\x07b", CODE, None),
        ("a" * 64, CODE, ("61" * 64, 512)),
        ("a" * 65, CODE, None),
        ("访" * 100, {**CODE, "max_length": 255}, None),
        ("]Q1pass", {**CODE, "prefix": "]Q1"}, ("70617373", 32)),
        ("]E0pass", {**CODE, "prefix": "]Q1"}, None),
        ("]Q1", {**CODE, "prefix": "]Q1"}, None),
        ("N15805244;", {**DEC4, "prefix": "N", "suffix": ";"}, ("00f12b3c", 32)),
        ("N15805244", {**DEC4, "prefix": "N", "suffix": ";"}, None),
        ("ab", {**CODE, "prefix": "ab", "suffix": "b"}, None),
        ("1234567", {**DEC4, "min_length": 8}, None),
        ("123456789", {**DEC4, "max_length": 8}, None),
    ],
)
def test_a_text_gives_its_number_or_none(
    text: str, table: dict[str, Any], read: tuple[str, int] | None
) -> None:
    assert number(text, **table) == read


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ({"technology": "keypad"}, "'technology' cannot be 'keypad'"),
        ({"technology": "code", "base": "hex"}, "'technology' is 'code'.*set 'base' to 'text'"),
        ({"base": "dec"}, "needs 'width_bytes' or 'groups'"),
        ({"base": "dec", "width_bytes": 4, "groups": [8]}, "exclude each other"),
        ({"base": "hex", "groups": [8]}, "'groups' mean nothing"),
        ({"base": "dec", "groups": [65]}, "1 to 64 bits"),
        ({"base": "dec", "groups": [0, 8]}, "1 to 64 bits"),
        ({"base": "dec", "groups": [64] * 9}, "512 together"),
        ({"width_bytes": 4}, "'width_bytes' means nothing"),
        ({"byte_order": "lsb"}, "'byte_order' means nothing"),
        ({"base": "dec", "groups": [8], "byte_order": "lsb"}, "'byte_order' means nothing"),
        ({"min_length": 9, "max_length": 8}, "'min_length' is above"),
    ],
)
def test_contradictions_are_refused_with_their_place(table: dict[str, Any], wrong: str) -> None:
    with pytest.raises(DriverSettingsError, match=f"test: number: .*{wrong}"):
        rule(**table)


@given(st.integers(0, 2**40 - 1))
def test_a_number_is_the_same_in_every_base(value: int) -> None:
    expected = value.to_bytes(5, "big").hex(), 40
    assert number(f"{value:010X}", **HEX5) == expected
    assert number(str(value), base="dec", width_bytes=5) == expected
    assert number(f"{value >> 24},{value & 0xFFFFFF}", base="dec", groups=[16, 24]) == expected
    assert number(f"{value >> 24:05}{value & 0xFFFFFF:08}", base="dec", groups=[16, 24]) == expected


@given(st.text(max_size=400))
def test_any_text_gives_a_sound_number_or_none(text: str) -> None:
    for table in (DEC4, HEX5, WIEGAND, CODE, {**CODE, "max_length": 255}):
        read = rule(**table).read(text, 0.0)
        assert read is None or 1 <= len(read.number) <= 255
        assert read is None or read.technology in (Technology.EM4100, Technology.CODE)
