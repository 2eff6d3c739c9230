"""One EM4100 card, read by every kind of reader, is one credential under the readers' mapping rules.

The readers' shipped decoders are asked, with the bytes that real ones send for the card.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import CardRead
from drivers.ports import Technology as Read
from drivers.readers import em4100_serial, hid_keyboard, serial_text
from sync.records import ByteOrder, Credential, MappingRule, Technology, canonical, project
from tests.drivers.readers import rig_hid_keyboard, rig_serial_text
from tests.drivers.readers.rig_em4100_serial import frame
from tests.support import keystrokes

CARD = bytes.fromhex("0A00F12B3C")
WHOLE = MappingRule()
LOW_24, LOW_32 = MappingRule(low_bits=24), MappingRule(low_bits=32)


def em4100(card: bytes) -> CardRead:
    (read,) = em4100_serial.Decoder().feed(frame(card), 0.0)
    return read


def text(line: str, table: Mapping[str, Any]) -> CardRead:
    number = {"technology": "em4100", **table}
    (read,) = serial_text.Decoder(rig_serial_text.settings(number)).feed(line.encode() + b"\r\n", 0.0)
    return read


def typed(line: str, table: Mapping[str, Any]) -> CardRead:
    number = {"technology": "em4100", **table}
    (read,) = hid_keyboard.Decoder(rig_hid_keyboard.settings(number)).feed(keystrokes.line(line), 0.0)
    assert isinstance(read, CardRead)
    return read


def wiegand_26(card: bytes) -> CardRead:
    """What a reader with a Wiegand output of 26 bits delivers: eight bits of facility, sixteen of number."""
    return CardRead(Read.WIEGAND, card[-3:], 24, 0.0)


def seen(read: CardRead, rule: MappingRule) -> Credential:
    return canonical(Technology[read.technology.name], read.number, rule)


def decimal(card: bytes, width: int, digits: int) -> str:
    return f"{int.from_bytes(card[-width:], 'big'):0{digits}}"


def groups(card: bytes) -> str:
    return f"{card[2]:03},{int.from_bytes(card[3:], 'big'):05}"


DEC4 = {"base": "dec", "width_bytes": 4}
DEC3 = {"base": "dec", "width_bytes": 3}
WIEGAND = {"base": "dec", "groups": [8, 16]}
HEX5 = {"base": "hex", "width_bytes": 5}
DIGITS_ONLY = MappingRule(decimal=True, width_bytes=4, low_bits=24)


def all_reads(card: bytes) -> dict[str, CardRead]:
    return {
        "em4100_serial": em4100(card),
        "serial_text 10H": text(card.hex().upper(), HEX5),
        "serial_text 8H10D": text(decimal(card, 4, 10), DEC4),
        "serial_text 6H8D": text(decimal(card, 3, 8), DEC3),
        "serial_text 2H3D,4H5D": text(groups(card), WIEGAND),
        "hid_keyboard 8H10D": typed(decimal(card, 4, 10), DEC4),
        "wiegand 26": wiegand_26(card),
    }


@given(st.binary(min_size=5, max_size=5))
def test_under_the_low_24_bits_every_reader_means_one_credential(card: bytes) -> None:
    chip = Credential(Technology.EM4100, card)
    for kind, read in all_reads(card).items():
        assert seen(read, LOW_24) == project(chip, LOW_24), kind
    # A keyboard or scanner left to deliver its digits as text, converted by the list's rule alone:
    as_text = typed(decimal(card, 4, 10), {"base": "text"})
    assert seen(as_text, DIGITS_ONLY) == project(chip, LOW_24)


@pytest.mark.parametrize(
    ("kind", "rule", "credential"),
    [
        ("em4100_serial", WHOLE, "em4100:0a00f12b3c"),
        ("serial_text 10H", WHOLE, "em4100:0a00f12b3c"),
        ("em4100_serial", LOW_32, "short:00f12b3c"),
        ("serial_text 8H10D", LOW_32, "short:00f12b3c"),
        ("hid_keyboard 8H10D", LOW_32, "short:00f12b3c"),
        ("serial_text 8H10D", LOW_24, "short:f12b3c"),
        ("serial_text 2H3D,4H5D", LOW_24, "short:f12b3c"),
        ("wiegand 26", LOW_24, "short:f12b3c"),
    ],
)
def test_the_table_in_the_hardware_page(kind: str, rule: MappingRule, credential: str) -> None:
    assert str(seen(all_reads(CARD)[kind], rule)) == credential
    assert seen(all_reads(CARD)[kind], rule) == project(Credential(Technology.EM4100, CARD), rule)


def test_a_reader_that_sends_the_last_byte_first_agrees_by_its_own_setting_or_by_the_rule() -> None:
    backwards = CARD[::-1].hex()
    by_setting = text(backwards, {**HEX5, "byte_order": "lsb"})
    by_rule = text(backwards, HEX5)
    assert seen(by_setting, WHOLE) == seen(em4100(CARD), WHOLE)
    assert seen(by_rule, MappingRule(byte_order=ByteOrder.LSB_FIRST)) == seen(em4100(CARD), WHOLE)


def test_cards_that_differ_only_beyond_the_delivered_bits_are_one_to_that_reader() -> None:
    other = bytes.fromhex("0B77F12B3C")
    assert seen(wiegand_26(other), LOW_24) == seen(wiegand_26(CARD), LOW_24)
    assert seen(em4100(other), WHOLE) != seen(em4100(CARD), WHOLE)
