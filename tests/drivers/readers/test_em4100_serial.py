"""EM4100 frames, sound and damaged, over lines of honest speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import CardRead, DriverUnavailableError, Technology
from drivers.readers._serial_port import Baud
from drivers.readers._stream import StreamReader
from drivers.readers.em4100_serial import Decoder, Settings, open_reader
from tests.drivers.readers.rig_em4100_serial import frame
from tests.support.damage import DAMAGES
from tests.support.paced_line import PacedLine
from tests.support.waiting import events_until, next_health, next_read

FIRST = bytes.fromhex("62E3086CED")
SECOND = bytes.fromhex("0A00F12B3C")


def numbers(data: bytes) -> list[bytes]:
    return [read.number for read in Decoder().feed(data, 0.0)]


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (frame(FIRST), [FIRST]),
        (frame(FIRST).lower(), [FIRST]),
        (frame(FIRST, before_end=b"\r\n"), [FIRST]),
        (b"\x02" + frame(FIRST), [FIRST]),
        (frame(FIRST)[:9] + frame(SECOND), [SECOND]),
        (frame(FIRST)[:-1] + frame(SECOND), [SECOND]),
        (frame(FIRST) + b"\r\n\r\n" + frame(SECOND), [FIRST, SECOND]),
        (frame(FIRST)[1:], []),
        (frame(FIRST)[:-1], []),
        (b"\x0262E3086CED09\x03", []),
        (b"\x0262E3086CE08\x03", []),
        (b"\x0262E3086CEDF08\x03", []),
        (b"\x0262E3086CXD08\x03", []),
        (b"\x0262E3086CED08\n\r\x03", []),
        (b"\x02" * 10_000 + b"\x03" * 10_000, []),
    ],
    ids=[
        "a frame",
        "small letters",
        "the ID series",
        "a stray STX before",
        "glued to half a frame",
        "ETX lost, the next glued on",
        "two with rubbish between",
        "STX lost",
        "not at its end yet",
        "wrong checksum",
        "a digit lost",
        "a digit too many",
        "no digit",
        "line ends the wrong way round",
        "only marks",
    ],
)
def test_frames(data: bytes, read: list[bytes]) -> None:
    assert numbers(data) == read


@given(st.binary(min_size=5, max_size=5), st.sampled_from([b"", b"\r\n"]))
def test_a_flipped_bit_never_gives_another_number(number: bytes, before_end: bytes) -> None:
    sound = frame(number, before_end=before_end)
    for bit in range(8 * len(sound)):
        damaged = bytearray(sound)
        damaged[bit // 8] ^= 1 << bit % 8
        assert numbers(bytes(damaged)) in ([], [number])  # a letter may have become small


@given(st.lists(st.binary(min_size=5, max_size=5), max_size=8), st.integers(1, 14))
def test_any_numbers_in_pieces_of_any_size(sent: list[bytes], size: int) -> None:
    data = b"".join(frame(one) for one in sent)
    decoder = Decoder()
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert [read.number for piece in pieces for read in decoder.feed(piece, 0.0)] == sent


@pytest.fixture
def open_on() -> Iterator[Callable[[PacedLine, int], StreamReader]]:
    opened: list[StreamReader] = []

    def open_it(line: PacedLine, baud: int) -> StreamReader:
        opened.append(open_reader(Settings(line.port, Baud(baud)), time.monotonic))
        next_health(opened[-1], ok=True)
        return opened[-1]

    yield open_it
    for reader in opened:
        reader.close()


@pytest.mark.parametrize("baud", [9600, 19200, 115200])
def test_over_a_bad_line_of_honest_speed_only_damaged_cards_are_lost(
    baud: int, open_on: Callable[[PacedLine, int], StreamReader]
) -> None:
    draw = Random(baud)
    with PacedLine(baud) as line:
        reader = open_on(line, baud)
        for _ in range(5):
            for damage in DAMAGES:
                line.send(damage(frame(FIRST), draw))
            line.send(frame(SECOND))
            while (read := next_read(reader)).number != SECOND:
                assert read.number == FIRST, "a number that nobody sent"
            assert (read.technology, read.bits) == (Technology.EM4100, 40)


@pytest.mark.parametrize("sent", range(14))
def test_unplugged_at_any_byte_it_is_told_and_half_a_card_is_none(
    sent: int, open_on: Callable[[PacedLine, int], StreamReader]
) -> None:
    with PacedLine(115200) as line:
        reader = open_on(line, 115200)
        line.send(frame(FIRST)[:sent])
        line.drain()
        line.unplug()
        with pytest.raises(DriverUnavailableError, match="plug the reader"):
            events_until(reader, lambda event: isinstance(event, CardRead))
