"""A gate speaks only when asked, and only if nobody spoke since."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.bus_master import BusMaster
from sync.bus_station import BusStation
from sync.connection import Opened
from sync.frame_payloads import VERSION, Hello, parse_welcome
from sync.frames import END, EVERYONE, TURN_OF_ANYONE, Frame, FrameDecoder, Kind, encode
from sync.line import BAUDS, MAX_WIRE_BYTES, Line

LINE = Line(9_600)
HELLO = Frame(3, Kind.HELLO, turn=1, payload=Hello(VERSION, b"hub1").to_bytes())
OTHERS_POLL = Frame(4, Kind.ACK, turn=2, payload=b"\xff")
QUESTION = Frame(EVERYONE, Kind.ANYONE, turn=TURN_OF_ANYONE)


def station(seed: int = 1) -> BusStation:
    random = Random(seed)
    return BusStation(3, LINE, lambda: random.randbytes(4))


def heard(gate: BusStation, *frames: Frame, now: float = 10.0) -> list[Frame]:
    """What the gate answers to frames that come in one go."""
    gate.receive(END + b"".join(map(encode, frames)), now)
    return FrameDecoder().feed(gate.next_output(now + LINE.turnaround_s))


def opened(gate: BusStation) -> int:
    """The tag of a new connection."""
    (welcome,) = heard(gate, HELLO)
    return parse_welcome(welcome.payload).tag


def poll(tag: int, turn: int = 2) -> Frame:
    return Frame(3, Kind.ACK, turn=turn, tag=tag, payload=b"\xff")


def test_it_answers_a_poll_after_the_turnaround_and_once() -> None:
    gate = station()
    tag = opened(gate)
    gate.receive(encode(poll(tag)), 20.0)
    assert gate.next_output(20.0) == b""
    assert gate.next_deadline() == 20.0 + LINE.turnaround_s
    assert gate.next_output(20.0 + LINE.turnaround_s) != b""
    assert gate.next_output(21.0) == b""


@pytest.mark.parametrize("later", [OTHERS_POLL, Frame(4, Kind.DATA, payload=b"x"), QUESTION])
def test_a_poll_that_others_followed_is_too_old_to_be_answered(later: Frame) -> None:
    gate = station()
    assert heard(gate, poll(opened(gate)), later) == []


def test_answers_of_other_gates_do_not_make_a_poll_too_old() -> None:
    gate = station()
    other = Frame(4, Kind.ACK, from_gate=True, payload=b"\xff")
    assert [one.kind for one in heard(gate, poll(opened(gate)), other)] == [Kind.ACK]


def test_frames_without_a_turn_are_never_answered() -> None:
    gate = station()
    tag = opened(gate)
    assert heard(gate, Frame(3, Kind.DATA, tag=tag, payload=b"x"), poll(tag, turn=0)) == []


def test_it_says_no_more_than_it_may() -> None:
    gate = station()
    tag = opened(gate)
    event = gate.next_event()
    assert isinstance(event, Opened)
    event.connection.send(bytes(5_000))
    event.connection.send(bytes(5_000))
    kinds = [one.kind for one in heard(gate, poll(tag, turn=1))]
    assert kinds == [Kind.DATA, Kind.ACK]


def test_a_common_question_is_answered_only_with_news_the_hub_cannot_know() -> None:
    gate = station()
    tag = opened(gate)
    event = gate.next_event()
    assert isinstance(event, Opened)
    assert heard(gate, QUESTION) == []
    event.connection.send(b"news")
    assert [one.kind for one in heard(gate, QUESTION)] == [Kind.HERE]
    assert [one.kind for one in heard(gate, poll(tag))] == [Kind.DATA, Kind.ACK]
    event.connection.send(b"more")
    assert heard(gate, QUESTION) == [], "what it sent is not acknowledged: the hub will ask anyway"


def test_a_poll_for_an_unknown_connection_is_answered_closed() -> None:
    (answer,) = heard(station(), poll(77))
    assert (answer.kind, answer.tag) == (Kind.CLOSED, 77)


def test_a_repeated_hello_changes_nothing_and_a_new_one_begins_anew() -> None:
    gate = station()
    first = heard(gate, HELLO)
    assert heard(gate, HELLO) == first
    other = Frame(3, Kind.HELLO, turn=1, payload=Hello(VERSION, b"hub2").to_bytes())
    assert heard(gate, other) != first
    events = [gate.next_event() for _ in range(4)]
    assert [type(one).__name__ for one in events] == ["Opened", "Closed", "Opened", "NoneType"]


def test_another_version_is_told_and_not_spoken() -> None:
    gate = station()
    later = Frame(3, Kind.HELLO, turn=1, payload=Hello(VERSION + 1, b"hub1").to_bytes())
    (welcome,) = heard(gate, later)
    assert parse_welcome(welcome.payload).version == VERSION
    assert gate.next_event() is None
    assert gate.diagnostics().hub_version == VERSION + 1


def test_the_hub_tells_a_gate_of_another_version() -> None:
    master = BusMaster(LINE, [3], lambda: b"hub1")
    assert master.next_output(0.0)
    payload = bytes((VERSION + 1,)) + b"hub1" + b"gate"
    master.receive(encode(Frame(3, Kind.WELCOME, from_gate=True, payload=payload)), 0.05)
    assert master.next_event() is None
    assert master.diagnostics().gates[0].gate_version == VERSION + 1


@given(st.lists(st.binary(max_size=400), max_size=8), st.integers(0, 5))
def test_noise_neither_raises_nor_is_answered(noise: list[bytes], seed: int) -> None:
    gate, master = station(seed), BusMaster(LINE, [3], lambda: b"hub1")
    opened(gate)
    master.next_output(0.0)
    for number, data in enumerate(noise):
        now = 20.0 + number
        gate.receive(data, now)
        master.receive(data, now)
        gate.on_time(now)
        master.on_time(now)
        assert gate.next_output(now + 0.5) == b""
        assert len(master.next_output(now)) <= MAX_WIRE_BYTES + 1


@pytest.mark.parametrize("address", [0, 128, -1])
def test_an_impossible_address_is_refused_with_the_possible_ones(address: int) -> None:
    with pytest.raises(ValueError, match="1 to 127"):
        BusStation(address, LINE, lambda: b"gate")
    with pytest.raises(ValueError, match="1 to 127"):
        BusMaster(LINE, [address], lambda: b"hub1")


def test_an_impossible_speed_is_refused_with_the_possible_ones() -> None:
    with pytest.raises(ValueError, match="9600, 19200, 38400, 57600, 115200"):
        Line(4_800)


@pytest.mark.parametrize("baud", BAUDS)
def test_a_turn_never_lasts_much_longer_than_half_a_second(baud: int) -> None:
    line = Line(baud)
    assert line.turn_frames * MAX_WIRE_BYTES * line.byte_s <= 0.54
    assert line.turn_frames < TURN_OF_ANYONE
