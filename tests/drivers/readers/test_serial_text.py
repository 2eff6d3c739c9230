"""Lines of text over a serial line: marks, encodings, damage, and settings that contradict each other."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest

from drivers.ports import DriverSettingsError, DriverUnavailableError, Technology
from drivers.readers._serial_port import Baud, Character
from drivers.readers._text_number import Base, TextNumber
from drivers.readers.serial_text import MAX_LINE_BYTES, Decoder, Settings, open_reader
from drivers.settings import load_settings
from tests.drivers.readers.rig_serial_text import settings
from tests.support.damage import DAMAGES, cut
from tests.support.paced_line import PacedLine
from tests.support.waiting import events_until, next_health, next_read

CODE = {"technology": "code"}
PASS = b"GH:8Fq2mZ0xVt5LcWnR7yKdPg"
STX, ETX = "\x02", "\x03"


def texts(data: bytes, **others: object) -> list[str]:
    return [read.number.decode() for read in Decoder(settings(CODE, **others)).feed(data, 0.0)]


@pytest.mark.parametrize(
    ("data", "others", "read"),
    [
        (b"one\rtwo\nthree\r\n\r\n", {}, ["one", "two", "three"]),
        (b"one", {}, []),
        (b"one\rtwo;three;", {"end": ";"}, ["three"]),
        (b"\x02one\x03noise\x02two\x03\r\n", {"start": STX, "end": ETX}, ["one", "two"]),
        (b"one\x03\x02two\x03", {"start": STX, "end": ETX}, ["two"]),
        (b"\x02half\x02whole\x03", {"start": STX, "end": ETX}, ["whole"]),
        (b"\x02one\r\n\x03", {"start": STX, "end": "\r\n" + ETX}, ["one"]),
        (b"one\x00\rtwo\r", {}, ["two"]),
        (b"\xfaone\rtwo\r", {}, ["two"]),
        ("café\r".encode(), {"encoding": "utf-8"}, ["café"]),
        ("café\r".encode("latin-1"), {"encoding": "latin-1"}, ["café"]),
        ("café\r".encode("latin-1") + b"two\r", {"encoding": "utf-8"}, ["two"]),
        ("单元\r".encode("gb18030"), {"encoding": "gb18030"}, ["单元"]),
        (b"x" * 64 + b"\r", {}, ["x" * 64]),
        (b"x" * 65 + b"\rtwo\r", {}, ["two"]),
        (b"x" * (2 * MAX_LINE_BYTES) + b"\rtwo\r", {}, ["two"]),
    ],
    ids=[
        "any line end",
        "not at its end yet",
        "an end of its own; a carriage return is no text",
        "between marks",
        "begun before we listened",
        "the next one glued to half a line",
        "a line end inside the marks",
        "a control character inside",
        "not ASCII",
        "UTF-8",
        "Latin-1",
        "written otherwise than set",
        "GB 18030",
        "as long as allowed",
        "too long",
        "endless",
    ],
)
def test_lines(data: bytes, others: dict[str, Any], read: list[str]) -> None:
    assert texts(data, **others) == read


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ({"start": "é"}, "'start' and 'end' are ASCII"),
        ({"start": STX, "end": STX + ETX}, "'start' and 'end' share a character"),
        ({"start": "\r"}, "'start' and 'end' share a character"),
        ({"end": ";", "encoding": "gb18030"}, "'start' and 'end' could stand inside a character of gb18030"),
        ({"number": {"technology": "em4100", "base": "dec"}}, "number: 'base' is 'dec', which needs"),
        ({"number": {"base": "hex"}}, "number: key 'technology' is missing"),
        ({"baud": 9601}, "baud must be one of 1200"),
        ({"character": "9N1"}, "character must be one of '8N1'"),
    ],
)
def test_contradictions_are_refused_with_their_place(table: dict[str, Any], wrong: str) -> None:
    with pytest.raises(DriverSettingsError, match=f"gate.toml: {wrong}"):
        load_settings(Settings, {"port": "/dev/ttyS0", "number": CODE, **table}, where="gate.toml")


@pytest.mark.parametrize("baud", [9600, 19200, 115200])
def test_over_a_bad_line_of_honest_speed_the_codes_in_between_are_read(baud: int) -> None:
    draw = Random(baud)
    number = TextNumber(Technology.CODE, prefix="GH:", min_length=22, max_length=22)
    with PacedLine(baud) as line:
        reader = open_reader(Settings(line.port, number, baud=Baud(baud)), time.monotonic)
        next_health(reader, ok=True)
        for i in range(5):
            for damage in DAMAGES:
                line.send(damage(PASS + b"\r\n", draw))
            mark = b"%022d" % i
            line.send(b"\r\nGH:%s\r\n" % mark)  # what was cut off ends here
            while (read := next_read(reader)).number != mark:
                assert len(read.number) == 22
        reader.close()


def test_two_codes_of_which_the_first_lost_its_end_are_none_and_the_next_is_read() -> None:
    number = TextNumber(Technology.EM4100, Base.DECIMAL, 4, min_length=10, max_length=10)
    with PacedLine(19200) as line:
        settings = Settings(line.port, number, baud=Baud.B19200, character=Character.C8E1)
        reader = open_reader(settings, time.monotonic)
        next_health(reader, ok=True)
        line.send(b"0015805244" + b"0015805245\r\n" + b"0015805246\r\n")
        assert next_read(reader).number == (15805246).to_bytes(4, "big")
        reader.close()


def test_unplugged_in_the_middle_of_a_line_it_is_told() -> None:
    with PacedLine(115200) as line:
        reader = open_reader(Settings(line.port, TextNumber(Technology.CODE)), time.monotonic)
        next_health(reader, ok=True)
        line.send(cut(PASS + b"\r", Random(1)))
        line.drain()
        line.unplug()
        with pytest.raises(DriverUnavailableError, match="plug the reader"):
            events_until(reader, lambda _: False)
        reader.close()
