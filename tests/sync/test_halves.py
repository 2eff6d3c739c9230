"""Sending and receiving half of a connection: any order, any loss, the same stream; and nothing grows."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sync.incoming import Incoming
from sync.line import MAX_PAYLOAD_BYTES, WINDOW_BYTES
from sync.outgoing import MIN_PAYLOAD_BYTES, MIN_ROOM_BYTES, WINDOW_FRAMES, Outgoing


def answer(outgoing: Outgoing, incoming: Incoming) -> None:
    outgoing.acknowledge(incoming.place, incoming.room, incoming.blocks())


@given(st.integers(0, 10_000), st.floats(0, 0.8), st.integers(0, 80_000))
def test_the_stream_arrives_whatever_is_lost_repeated_or_shuffled(seed: int, loss: float, size: int) -> None:
    random = Random(seed)
    data = random.randbytes(size)
    outgoing, incoming = Outgoing(2_000), Incoming()
    sent, received = 0, bytearray()
    while len(received) < size:
        sent += outgoing.send(data[sent : sent + 5_000])
        segments = []
        while (segment := outgoing.next_segment()) is not None:
            segments += [segment] * random.choice((1, 1, 2))
        random.shuffle(segments)
        for segment in segments:
            if random.random() >= loss:
                incoming.receive(*segment)
        if random.random() < 0.8:
            received += incoming.take()
        if random.random() >= loss:
            answer(outgoing, incoming)
    assert received == data
    answer(outgoing, incoming)
    assert outgoing.is_empty


def test_no_more_waits_than_the_buffer_holds() -> None:
    outgoing = Outgoing(300)
    assert outgoing.send(bytes(1_000)) == 300
    assert outgoing.send(b"x") == 0
    assert outgoing.next_segment() is not None
    assert outgoing.send(bytes(1_000)) == MAX_PAYLOAD_BYTES


def test_the_window_bounds_what_is_on_its_way() -> None:
    outgoing, sent = Outgoing(10_000), 0
    outgoing.send(bytes(10_000))
    while (segment := outgoing.next_segment()) is not None:
        sent += len(segment[1])
    assert sent == WINDOW_BYTES
    assert outgoing.window_is_full
    assert not outgoing.has_segment


def test_a_reader_that_does_not_read_stops_the_sender_and_loses_nothing() -> None:
    outgoing, incoming, sent = Outgoing(2_000), Incoming(), 0
    for _ in range(50):
        sent += outgoing.send(bytes(2_000))
        while (segment := outgoing.next_segment()) is not None:
            incoming.receive(*segment)
        answer(outgoing, incoming)
    assert len(incoming._ready) <= MIN_ROOM_BYTES
    assert not outgoing.has_segment
    received = 0
    for _ in range(5):
        received += len(incoming.take())
        answer(outgoing, incoming)
        while (segment := outgoing.next_segment()) is not None:
            incoming.receive(*segment)
    assert received == sent


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=MAX_PAYLOAD_BYTES)), max_size=60))
def test_whatever_segments_come_memory_is_bounded(segments: list[tuple[int, bytes]]) -> None:
    incoming = Incoming()
    for place, data in segments:
        incoming.receive(place, data)
        assert len(incoming._ahead) <= WINDOW_BYTES
        assert len(incoming._ready) <= MIN_ROOM_BYTES
        assert len(incoming._blocks) <= WINDOW_BYTES


PLACES = st.integers(0, 0xFFFF)


@given(PLACES, st.integers(0, 4080), st.lists(st.tuples(PLACES, PLACES), max_size=8))
def test_no_answer_makes_the_sender_lose_its_place(
    place: int, room: int, blocks: list[tuple[int, int]]
) -> None:
    outgoing = Outgoing(1_000)
    outgoing.send(bytes(1_000))
    for _ in range(3):
        outgoing.next_segment()
    outgoing.acknowledge(place, room, blocks)
    assert 0 <= outgoing._acknowledged <= outgoing._next <= 3 * MAX_PAYLOAD_BYTES


def payload_after(loss: float, frames: int = 300) -> int:
    """The frame size on a line that loses this share of single bytes."""
    random, outgoing, incoming = Random(7), Outgoing(2_000), Incoming()
    for _ in range(frames):
        outgoing.send(bytes(2_000))
        while (segment := outgoing.next_segment()) is not None:
            if all(random.random() >= loss for _ in range(len(segment[1]) + 12)):
                incoming.receive(*segment)
        incoming.take()
        answer(outgoing, incoming)
    return outgoing.payload_bytes


def test_the_frame_size_follows_the_lines_errors_down_and_up_again() -> None:
    sizes = [payload_after(loss) for loss in (0.0, 0.001, 0.005, 0.02)]
    assert sizes[0] == MAX_PAYLOAD_BYTES
    assert sizes == sorted(sizes, reverse=True)
    assert MIN_PAYLOAD_BYTES <= sizes[-1] < 60
    outgoing, incoming = Outgoing(2_000), Incoming()
    outgoing.send(bytes(2_000))
    for _ in range(8):  # nothing arrives
        while outgoing.next_segment() is not None:
            pass
        answer(outgoing, incoming)
    worst = outgoing.payload_bytes
    assert worst == MIN_PAYLOAD_BYTES
    for _ in range(200):
        outgoing.send(bytes(2_000))
        while (segment := outgoing.next_segment()) is not None:
            incoming.receive(*segment)
        incoming.take()
        answer(outgoing, incoming)
    assert outgoing.payload_bytes == MAX_PAYLOAD_BYTES


def test_a_long_frame_that_never_passes_is_cut_smaller() -> None:
    outgoing, incoming = Outgoing(2_000), Incoming()
    data = bytes(range(250)) * 4
    outgoing.send(data)
    for _ in range(400):
        while (segment := outgoing.next_segment()) is not None:
            if len(segment[1]) <= 64:
                incoming.receive(*segment)
        answer(outgoing, incoming)
    assert incoming.take() == data
    assert WINDOW_FRAMES * MIN_PAYLOAD_BYTES < WINDOW_BYTES
