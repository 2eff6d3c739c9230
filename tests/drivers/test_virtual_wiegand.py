"""A Wiegand reader played by another process: the driver reads it by its own decoder, and tells its end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.ports import (
    CardRead,
    DriverMismatchError,
    DriverPermissionError,
    DriverUnavailableError,
    Reader,
    Technology,
)
from drivers.readers._piped_edges import FALLING, LINE_EVENT, PipedEdges
from drivers.readers._wiegand_decoder import Edge
from drivers.readers._wiegand_formats import FORMATS
from drivers.registry import find_reader
from drivers.virtual_wiegand import VirtualWiegand, frame
from tests.support.waiting import events_until, next_health, next_read
from tests.support.wiegand import frame_of

RISING = 1


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[VirtualWiegand]:
    made = VirtualWiegand(tmp_path / "wire", time.monotonic)
    yield made
    made.close()


def open_reader(chip: str) -> Reader:
    driver = find_reader("wiegand")
    return driver.open(
        driver.settings({"chip": chip, "data0": "0", "data1": "1"}, where="here"), time.monotonic
    )


@pytest.fixture
def reader(wire: VirtualWiegand) -> Iterator[Reader]:
    opened = open_reader(wire.chip)
    next_health(opened, ok=True)
    yield opened
    opened.close()


@pytest.mark.parametrize("number", [0, 1, 0x04A10001, 0xFFFF0000, 0xFFFFFFFF])
def test_a_frame_is_what_the_format_says(number: int) -> None:
    assert frame(number) == frame_of(FORMATS["34"], number)


def test_cards_are_read_one_after_the_other(wire: VirtualWiegand, reader: Reader) -> None:
    numbers = (0x04A10001, 0x0BADCA4D, 0x04A10001)
    for number in numbers:
        wire.tap(number)
    reads: list[CardRead] = []
    while len(reads) < len(numbers):
        events = events_until(reader, lambda event: isinstance(event, CardRead))
        reads += [one for one in events if isinstance(one, CardRead)]
    assert [(one.technology, one.bits, int.from_bytes(one.number, "big")) for one in reads] == [
        (Technology.WIEGAND, 32, number) for number in numbers
    ]


def test_the_wire_outlasts_the_gate(wire: VirtualWiegand, reader: Reader) -> None:
    reader.close()
    again = open_reader(wire.chip)
    wire.tap(7)
    assert next_read(again).number == bytes.fromhex("00000007")
    again.close()


def test_a_wire_that_is_cut_is_told_with_the_cure(wire: VirtualWiegand, reader: Reader) -> None:
    wire.close()
    with pytest.raises(DriverUnavailableError, match="was cut; start its player again"):
        events_until(reader, lambda event: isinstance(event, CardRead))


def test_what_is_no_wire_is_refused_by_its_own_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DriverUnavailableError, match="start its player"):
        open_reader(f"sim:{tmp_path / 'nothing'}")
    (tmp_path / "file").touch()
    with pytest.raises(DriverMismatchError, match="not a fifo"):
        open_reader(f"sim:{tmp_path / 'file'}")
    os.mkfifo(tmp_path / "closed")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(DriverPermissionError, match="see its mode"):
        open_reader(f"sim:{tmp_path / 'closed'}")


def test_events_are_whole_however_they_come_and_others_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "wire"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    source = PipedEdges(path)
    events = [(100, FALLING, 1), (200, RISING, 1), (300, FALLING, 2), (400, FALLING, 0)]
    data = b"".join(LINE_EVENT.pack(at, kind, line, 1, 1) for at, kind, line in events)
    assert LINE_EVENT.size == 48
    assert source.read() == []
    edges = []
    for byte in data:
        os.write(writer, bytes([byte]))
        edges += source.read()
    assert edges == [Edge(1, 100), Edge(0, 400)]
    source.close()
    source.close()
    os.close(writer)
