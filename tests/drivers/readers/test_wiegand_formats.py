"""Formats against frames from data sheets, and each bit's share in the parity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import DriverSettingsError
from drivers.readers._wiegand_formats import (
    FORMATS,
    Format,
    Parity,
    Span,
    fitting,
    parity_holds,
    payload,
    split,
)
from drivers.readers.wiegand import Settings
from drivers.settings import load_settings
from tests.support.wiegand import frame_of

TABLE = {"data0": "5", "data1": "6", "chip": "sim"}


@pytest.mark.parametrize(
    ("name", "frame", "facility", "number", "raw"),
    [
        # H10301: facility 123, number 4567, as the format's own worked examples lay the bits.
        ("26", "10111101100010001110101110", 123, 4567, "7b11d7"),
        ("26", "00000000000000000000000001", 0, 0, "000000"),
        ("26", "01111111111111111111111111", 255, 65535, "ffffff"),
        ("34", "0" + "0" * 32 + "1", 0, 0, "00000000"),
        ("34", "1" + "1" + "0" * 31 + "1", 32768, 0, "80000000"),
        # Bit 19 is under both parities.
        ("37", "1" + "0" * 17 + "1" + "0" * 17 + "0", None, 1 << 17, "0000020000"),
        ("37-facility", "1" + "0" * 17 + "1" + "0" * 17 + "0", 0, 1 << 17, "0000020000"),
        ("32", "00000001000000100000001100000100", None, 0x01020304, "01020304"),
    ],
)
def test_known_frames(name: str, frame: str, facility: int | None, number: int, raw: str) -> None:
    one = FORMATS[name]
    value = int(frame, 2)
    assert len(frame) == one.bits
    assert parity_holds(one, value)
    assert split(one, value) == (facility, number)
    assert payload(one, value) == (int(raw, 16), one.bits - len(one.parity))


@pytest.mark.parametrize("name", ["26", "34", "37", "37-facility"])
@given(st.data())
def test_any_single_wrong_bit_breaks_the_parity(name: str, data: st.DataObject) -> None:
    one = FORMATS[name]
    number = data.draw(st.integers(0, 2 ** (one.bits - 2) - 1))
    value = frame_of(one, number)
    assert parity_holds(one, value)
    assert payload(one, value) == (number, one.bits - 2)
    assert not parity_holds(one, value ^ 1 << data.draw(st.integers(0, one.bits - 1)))


def test_of_two_formats_with_one_length_the_one_whose_parity_holds_is_taken() -> None:
    odd = Format("odd", 26, (Parity(1, 2, 26, odd=True),))
    assert fitting([FORMATS["26"], odd], 1 << 25, 26) is odd
    assert fitting([odd, FORMATS["26"]], 0b01, 26) is odd
    assert fitting([FORMATS["26"]], 0, 26) is None
    assert fitting([FORMATS["26"]], 1, 27) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x", "bits": 26, "parity": [{"bit": 27, "first": 1, "last": 2}]},
        {"name": "x", "bits": 26, "parity": [{"bit": 2, "first": 1, "last": 3}]},
        {"name": "x", "bits": 26, "number": {"first": 5, "last": 4}},
        {"name": "x", "bits": 26, "facility": {"first": 5, "last": 27}},
        {"name": "x", "bits": 15},
        {"name": "x", "bits": 65},
    ],
)
def test_a_format_that_contradicts_itself_is_refused_with_its_place(wrong: dict[str, object]) -> None:
    with pytest.raises(DriverSettingsError, match=r"here: own_formats\[0\]"):
        load_settings(Settings, {**TABLE, "own_formats": [wrong]}, where="here")


def test_a_format_of_ones_own_is_taken() -> None:
    own = {"name": "x", "bits": 20, "parity": [{"bit": 1, "first": 2, "last": 20}]}
    settings = load_settings(Settings, {**TABLE, "own_formats": [own], "formats": []}, where="here")
    assert settings.own_formats == (Format("x", 20, (Parity(1, 2, 20),)),)
    assert settings.own_formats[0].number is None
    assert Span(1, 2) != Span(1, 3)
