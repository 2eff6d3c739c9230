"""One suite for every reader that is a stream of bytes: it finds their decoders by their files."""

from __future__ import annotations

import inspect
import tracemalloc
from collections.abc import Iterable
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import MAX_NUMBER_BYTES, CardRead, DigitsEntered, ReaderEvent, Technology
from drivers.registry import reader_kinds
from tests.drivers.readers.contract import Stream

NOW = 1000.0
LEAST_NOISE_BYTES = 200_000
MOST_KEPT_BYTES = 20_000
"""Of memory, not of buffer: a list of a few hundred texts costs that much."""


def takes_bytes(kind: str) -> bool:
    """Whether this reader's decoder is fed with bytes (some take edges of a line)."""
    decoder = getattr(import_module(f"drivers.readers.{kind}"), "Decoder", None)
    if decoder is None:
        return False
    data = inspect.signature(decoder.feed).parameters.get("data")
    return data is not None and data.annotation == "bytes"


KINDS = [kind for kind in reader_kinds() if takes_bytes(kind)]
STREAMS: list[Stream] = [
    stream for kind in KINDS for stream in import_module(f"tests.drivers.readers.rig_{kind}").STREAMS
]
every_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)


def cards(events: Iterable[ReaderEvent]) -> list[tuple[Technology, bytes, int]]:
    return [(one.technology, one.number, one.bits) for one in events if isinstance(one, CardRead)]


def test_the_suite_has_found_the_decoders() -> None:
    assert set(KINDS) >= {"em4100_serial", "hid_keyboard", "serial_text"}


@every_stream
def test_known_answers(stream: Stream) -> None:
    decoder = stream.make()
    for data, expected in stream.samples:
        (read,) = decoder.feed(data, NOW)
        assert isinstance(read, CardRead)
        assert (read.technology, read.number, read.bits) == expected
        assert read.read_at == NOW


@every_stream
def test_known_answers_split_at_every_byte(stream: Stream) -> None:
    for data, expected in stream.samples:
        for cut in range(1, len(data)):
            decoder = stream.make()
            events = [*decoder.feed(data[:cut], NOW), *decoder.feed(data[cut:], NOW + 0.02)]
            assert cards(events) == [expected], cut
        decoder = stream.make()
        assert cards(event for byte in data for event in decoder.feed(bytes([byte]), NOW)) == [expected]


@every_stream
def test_cards_glued_together_are_all_read(stream: Stream) -> None:
    glued = b"".join(data for data, _ in stream.samples) * 3
    assert cards(stream.make().feed(glued, NOW)) == [expected for _, expected in stream.samples] * 3


@every_stream
def test_half_a_card_before_a_long_pause_spoils_nothing(stream: Stream) -> None:
    data, expected = stream.samples[0]
    half = len(data) // 2 // stream.record_bytes * stream.record_bytes
    decoder = stream.make()
    decoder.feed(data[:half], NOW)
    assert cards(decoder.feed(data, NOW + 10)) == [expected]


def noise(stream: Stream) -> st.SearchStrategy[bytes]:
    """Any bytes, and pieces of real cards, in whole records."""
    size = stream.record_bytes
    real = b"".join(data for data, _ in stream.samples)
    records = [real[i : i + size] for i in range(0, len(real), size)]
    piece = st.one_of(st.binary(min_size=size, max_size=size), st.sampled_from(records))
    return st.lists(piece, max_size=80).map(b"".join)


@every_stream
@given(data=st.data())
def test_after_any_noise_the_next_card_but_one_is_read(stream: Stream, data: st.DataObject) -> None:
    decoder = stream.make()
    decoder.feed(data.draw(noise(stream)), NOW)
    first, second = data.draw(st.lists(st.sampled_from(stream.samples), min_size=2, max_size=2))
    decoder.feed(first[0], NOW)  # the noise may have begun something that this ends
    assert cards(decoder.feed(second[0], NOW)) == [second[1]]


@every_stream
@given(data=st.data())
def test_a_card_with_a_lost_doubled_or_changed_piece_costs_no_other(
    stream: Stream, data: st.DataObject
) -> None:
    size = stream.record_bytes
    whole, _ = data.draw(st.sampled_from(stream.samples))
    at = size * data.draw(st.integers(0, len(whole) // size - 1))
    piece = data.draw(
        st.sampled_from([b"", 2 * whole[at : at + size]]) | st.binary(min_size=size, max_size=size)
    )
    decoder = stream.make()
    decoder.feed(whole[:at] + piece + whole[at + size :], NOW)
    decoder.feed(stream.samples[0][0], NOW)
    assert cards(decoder.feed(whole, NOW)) == cards(stream.make().feed(whole, NOW))


@every_stream
@given(data=st.data())
def test_any_bytes_in_any_pieces_at_any_time_give_sound_events_or_none(
    stream: Stream, data: st.DataObject
) -> None:
    decoder = stream.make()
    now = NOW
    for piece in data.draw(st.lists(st.binary(max_size=60) | noise(stream), max_size=10)):
        now += data.draw(st.floats(0, 100))
        for event in decoder.feed(piece, now):
            assert event.read_at == now  # type: ignore[union-attr] # a HealthChanged would have none
            if isinstance(event, CardRead):
                assert 1 <= len(event.number) <= MAX_NUMBER_BYTES
                assert 8 * len(event.number) - 8 < event.bits <= 8 * len(event.number)
            else:
                assert isinstance(event, DigitsEntered)
                assert event.digits.isdecimal()


@every_stream
@pytest.mark.parametrize("repeated", ["half a card", "the last piece of half a card"])
def test_what_is_kept_of_endless_noise_is_bounded(stream: Stream, repeated: str) -> None:
    decoder = stream.make()
    data, expected = stream.samples[0]
    half = data[: len(data) // 2 // stream.record_bytes * stream.record_bytes]
    endless = half if repeated == "half a card" else half[-stream.record_bytes :] * 50
    decoder.feed(half, NOW)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(LEAST_NOISE_BYTES // len(endless)):
            decoder.feed(endless, NOW)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < MOST_KEPT_BYTES
    decoder.feed(data, NOW)
    assert cards(decoder.feed(data, NOW)) == [expected]
