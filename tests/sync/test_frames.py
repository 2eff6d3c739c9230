"""Frames over any wire: what was sent is read, noise is passed over, nothing grows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.frame_payloads import (
    Hello,
    Welcome,
    acknowledge,
    acknowledgement,
    parse_hello,
    parse_welcome,
)
from sync.frames import (
    END,
    EVERYONE,
    MAX_ADDRESS,
    OVERHEAD_BYTES,
    TURN_OF_ANYONE,
    Frame,
    FrameDecoder,
    FrameError,
    Kind,
    decode,
    encode,
)
from sync.incoming import Incoming
from sync.line import MAX_PAYLOAD_BYTES, MAX_WIRE_BYTES
from sync.outgoing import Outgoing

FRAMES = st.builds(
    Frame,
    st.integers(0, MAX_ADDRESS),
    st.sampled_from(Kind),
    st.booleans(),
    st.integers(0, 15),
    st.integers(0, 255),
    st.integers(0, 0xFFFF),
    st.binary(max_size=MAX_PAYLOAD_BYTES),
)


@given(FRAMES)
def test_a_frame_survives_the_wire(frame: Frame) -> None:
    wire = encode(frame)
    assert len(wire) == len(frame.payload) + OVERHEAD_BYTES <= MAX_WIRE_BYTES
    assert wire.index(END) == len(wire) - 1
    assert decode(wire[:-1]) == frame


@pytest.mark.parametrize("byte", [b"\x00", b"\x01", b"\xff"])
def test_the_longest_payload_of_any_byte_fits(byte: bytes) -> None:
    frame = Frame(1, Kind.DATA, payload=byte * MAX_PAYLOAD_BYTES)
    assert FrameDecoder().feed(encode(frame)) == [frame]


def test_the_layout_stays_as_documented() -> None:
    frame = Frame(5, Kind.ACK, from_gate=True, turn=1, tag=0x22, place=0x0102, payload=b"\xff")
    assert encode(frame).hex() == "0c8512220102" + "01ff" + encode(frame)[8:12].hex() + "00"
    assert encode(Frame(1, Kind.DATA, payload=b"\0")).hex()[:16] == "0301010101020105"


HERE, WELCOMED = Path(__file__), Welcome(1, b"hub1", b"gate")
DOCUMENTED = (
    Frame(3, Kind.HELLO, turn=1, payload=Hello(1, b"hub1").to_bytes()),
    Frame(3, Kind.WELCOME, from_gate=True, payload=WELCOMED.to_bytes()),
    Frame(3, Kind.ACK, turn=2, tag=WELCOMED.tag, payload=b"\xff"),
    Frame(3, Kind.DATA, tag=WELCOMED.tag, place=258, payload=b"\0\1"),
    Frame(3, Kind.ACK, from_gate=True, turn=1, tag=WELCOMED.tag, place=258, payload=b"\xfe\x01\xf6\x02\xea"),
    Frame(EVERYONE, Kind.ANYONE, turn=TURN_OF_ANYONE),
)


def test_the_examples_in_the_documentation_are_the_frames_they_are_said_to_be() -> None:
    page = (HERE.parents[2] / "docs" / "serial.md").read_text("utf-8")
    shown = re.findall(r"^    ((?:[0-9a-f]{2} )+)", page, flags=re.MULTILINE)
    assert [bytes.fromhex(one) for one in shown] == [encode(frame) for frame in DOCUMENTED]


@pytest.mark.parametrize(("address", "length"), [(128, 0), (-1, 0), (1, MAX_PAYLOAD_BYTES + 1)])
def test_what_no_frame_can_hold_is_our_own_mistake(address: int, length: int) -> None:
    with pytest.raises(ValueError, match="no frame can hold"):
        encode(Frame(address, Kind.DATA, payload=bytes(length)))


@given(st.lists(FRAMES, max_size=5), st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_frames_are_found_however_the_bytes_are_cut(frames: list[Frame], cuts: list[int]) -> None:
    wire = END + b"".join(map(encode, frames))
    decoder, found, at = FrameDecoder(), list[Frame](), 0
    for cut in cuts:
        found += decoder.feed(wire[at : at + cut])
        at += cut
    found += decoder.feed(wire[at:])
    assert found == frames
    assert decoder.garbled == 0


@given(FRAMES, st.integers(0), st.integers(1, 255))
def test_a_changed_byte_is_never_believed(frame: Frame, place: int, mask: int) -> None:
    wire = bytearray(encode(frame))
    wire[place % (len(wire) - 1)] ^= mask
    assert FrameDecoder().feed(bytes(wire)) == []


@given(FRAMES, st.integers(0))
def test_a_lost_byte_is_never_believed(frame: Frame, place: int) -> None:
    wire = encode(frame)
    place %= len(wire) - 1
    assert FrameDecoder().feed(wire[:place] + wire[place + 1 :]) == []


@given(st.binary(max_size=600), FRAMES)
def test_after_any_noise_the_next_turn_is_read(noise: bytes, frame: Frame) -> None:
    decoder = FrameDecoder()
    decoder.feed(noise)
    assert decoder.feed(END + encode(frame)) == [frame]


def test_endless_noise_takes_no_memory() -> None:
    decoder = FrameDecoder()
    for _ in range(200):
        decoder.feed(b"\xaa" * 1_000)
        assert len(decoder._rest) <= MAX_WIRE_BYTES
    assert decoder.partial
    decoder.feed(END)
    assert (decoder.partial, decoder.garbled) == (False, 1)


def test_an_unknown_kind_and_a_wrong_length_are_no_frames() -> None:
    known = encode(Frame(1, Kind.DATA, payload=b"ab"))
    for changed in (b"\x01\x0f\x01\x01\x01\x01", b"\x01\x01\x01\x01\x01\x09"):
        from zlib import crc32  # noqa: PLC0415 - only to make a frame that no encoder makes

        body = changed + b"ab"
        body += crc32(body).to_bytes(4, "big")
        assert END not in body
        with pytest.raises(FrameError):
            decode(bytes((len(body) + 1,)) + body)
    assert decode(known[:-1]).payload == b"ab"


def test_greetings_survive_and_short_ones_are_refused() -> None:
    hello, welcome = Hello(1, b"abcd"), Welcome(1, b"abcd", b"efgh")
    assert parse_hello(hello.to_bytes() + b"later") == hello
    assert parse_welcome(welcome.to_bytes() + b"later") == welcome
    for size in range(5):
        with pytest.raises(FrameError):
            parse_hello(hello.to_bytes()[:size])
    for size in range(9):
        with pytest.raises(FrameError):
            parse_welcome(welcome.to_bytes()[:size])


def test_an_acknowledgement_names_what_came_beyond_a_gap() -> None:
    incoming, outgoing = Incoming(), Outgoing(1_000)
    outgoing.send(bytes(700))
    segments = [outgoing.next_segment() for _ in range(3)]
    for segment in (segments[0], segments[2]):
        assert segment is not None
        incoming.receive(*segment)
    acknowledge(outgoing, incoming.place, acknowledgement(incoming))
    assert outgoing.next_segment() == segments[1]
    assert outgoing.next_segment() is None


@given(st.binary(max_size=MAX_PAYLOAD_BYTES), st.integers(0, 0xFFFF))
def test_any_acknowledgement_is_taken_or_refused(payload: bytes, place: int) -> None:
    outgoing = Outgoing(1_000)
    outgoing.send(bytes(500))
    outgoing.next_segment()
    try:
        acknowledge(outgoing, place, payload)
    except FrameError:
        assert outgoing.in_flight
    while outgoing.has_segment:
        assert outgoing.next_segment() is not None
