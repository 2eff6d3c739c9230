"""Edges become cards and keys, and nothing else does; whatever comes, the next card but one is read."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import CardRead, DigitsEntered, ReadFailed, Technology
from drivers.readers._edges import train
from drivers.readers._keypad import MAX_DIGITS, PAUSE_S
from drivers.readers._wiegand_decoder import (
    MAX_UNEVENNESS,
    NS,
    SHORTEST_INTERVAL_NS,
    Edge,
    Event,
    WiegandDecoder,
)
from drivers.readers._wiegand_formats import FORMATS, MAX_BITS, parity_holds
from tests.support.wiegand import frame_of

GAP_S = 0.025
GAP_NS = round(GAP_S * NS)
MS = 1_000_000
H26 = FORMATS["26"]
CARD = frame_of(H26, 0x7B11D7)
FORMAT_LIST = [FORMATS[name] for name in ("26", "34", "37")]


def decoder(key_bits: int = 0) -> WiegandDecoder:
    return WiegandDecoder(FORMAT_LIST, key_bits=key_bits, gap_s=GAP_S)


def read(edges: list[Edge], key_bits: int = 0) -> list[Event]:
    """Everything the edges become, once the last silence is over."""
    one = decoder(key_bits)
    events = one.feed(edges)
    deadline = one.deadline()
    return events if deadline is None else [*events, *one.on_time(deadline)]


def card_at(first_ns: int, interval_ns: int = 2 * MS) -> list[Edge]:
    return train(CARD, 26, first_ns, interval_ns)


@pytest.mark.parametrize("interval_ns", [200_000, 1 * MS, 2 * MS, 20 * MS])
@pytest.mark.parametrize("name", ["26", "34", "37"])
def test_a_frame_at_any_usual_pace_is_its_number_at_full_length(name: str, interval_ns: int) -> None:
    one = FORMATS[name]
    number = (1 << (one.bits - 3)) | 0x1234
    edges = train(frame_of(one, number), one.bits, 5 * NS, interval_ns)
    bits = one.bits - 2
    assert read(edges) == [
        CardRead(Technology.WIEGAND, number.to_bytes((bits + 7) // 8, "big"), bits, edges[-1].at_ns / NS)
    ]


@pytest.mark.parametrize("cut", range(27))
def test_edges_may_come_in_any_portions(cut: int) -> None:
    edges = card_at(NS)
    one = decoder()
    events = [*one.feed(edges[:cut]), *one.feed(edges[cut:])]
    assert events == []
    assert one.on_time(edges[-1].at_ns / NS + GAP_S / 2) == []
    (card,) = one.on_time(edges[-1].at_ns / NS + GAP_S)
    assert isinstance(card, CardRead)
    assert card.number.hex() == "7b11d7"
    assert one.deadline() is None


def test_two_cards_in_one_portion_are_two_reads() -> None:
    first = card_at(NS)
    events = read([*first, *card_at(first[-1].at_ns + GAP_NS)])
    assert [type(event) for event in events] == [CardRead, CardRead]


@pytest.mark.parametrize(
    ("edges", "cause"),
    [
        (card_at(NS)[:-1], "25 bits, and 'formats' has only 26, 34, 37"),
        (train(CARD ^ 1, 26, NS, MS), "26 bits with wrong parity"),
        (train(CARD, 40, NS, MS), "40 bits"),
    ],
)
def test_what_was_plainly_a_card_and_cannot_be_read_is_told(edges: list[Edge], cause: str) -> None:
    (event,) = read(edges)
    assert isinstance(event, ReadFailed)
    assert cause in event.cause


def test_spacing_alone_refuses_a_frame_whose_length_and_parity_hold() -> None:
    edges = card_at(NS, MS)
    late = MAX_UNEVENNESS * MS + 1 - MS
    shifted = [*edges[:10], *(Edge(edge.line, edge.at_ns + late) for edge in edges[10:])]
    assert read(shifted) == []
    just = [*edges[:10], *(Edge(edge.line, edge.at_ns + late - 1) for edge in edges[10:])]
    assert len(read(just)) == 1


def test_both_lines_at_once_is_no_bit() -> None:
    edges = card_at(NS)
    twin = Edge(1 - edges[7].line, edges[7].at_ns + SHORTEST_INTERVAL_NS - 1)
    assert read([*edges[:8], twin, *edges[8:]]) == []


def test_a_frame_longer_than_any_keeps_no_more_than_its_counters() -> None:
    one = decoder()
    one.feed(train((1 << 10_000) - 1, 10_000, NS, MS))
    assert one._frame is not None
    assert one._frame.value.bit_length() <= MAX_BITS
    assert one.on_time(1e9) == []
    assert one.noise == 1


class TestKeys:
    @staticmethod
    def burst(codes: str, bits: int) -> list[Edge]:
        values = ["0123456789*#".index(code) for code in codes]
        if bits == 8:
            values = [(~value & 0xF) << 4 | value for value in values]
        return [edge for i, value in enumerate(values) for edge in train(value, bits, NS + i * 300 * MS, MS)]

    @pytest.mark.parametrize("bits", [4, 8])
    @pytest.mark.parametrize(
        ("typed", "entries"),
        [
            ("1234#", ["1234"]),
            ("0#9#", ["0", "9"]),
            ("12*34#", ["34"]),
            ("##", []),
            ("1" * (MAX_DIGITS + 1) + "#7#", ["7"]),
            ("567", ["567"]),  # by its pause
            ("56*", []),
        ],
    )
    def test_typed_digits_are_one_entry(self, bits: int, typed: str, entries: list[str]) -> None:
        one = decoder(bits)
        events = one.feed(self.burst(typed, bits))
        while (deadline := one.deadline()) is not None:
            assert one.on_time(deadline - 0.001) == []
            events += one.on_time(deadline)
        assert [event.digits for event in events if isinstance(event, DigitsEntered)] == entries

    def test_the_pause_runs_from_the_last_digit(self) -> None:
        one = decoder(4)
        edges = self.burst("12", 4)
        one.feed(edges)
        silence = one.deadline()
        assert silence is not None
        one.on_time(silence)
        assert one.deadline() == pytest.approx(edges[-1].at_ns / NS + PAUSE_S)

    @pytest.mark.parametrize(
        ("value", "bits", "key_bits"), [(0xC, 4, 4), (0x11, 8, 8), (0x33, 8, 8), (1, 4, 8), (1, 4, 0)]
    )
    def test_a_burst_that_is_no_key_is_noise(self, value: int, bits: int, key_bits: int) -> None:
        one = decoder(key_bits)
        one.feed(train(value, bits, NS, MS))
        assert one.on_time(10.0) == []
        assert (one.noise, one.deadline()) == (1, None)

    def test_a_card_between_digits_is_read_and_the_entry_goes_on(self) -> None:
        first, last = self.burst("1", 4), [Edge(e.line, e.at_ns + NS) for e in self.burst("2#", 4)]
        one = decoder(4)
        events = one.feed([*first, *card_at(NS + 300 * MS), *last])
        events += one.on_time(10.0)
        assert [type(event) for event in events] == [CardRead, DigitsEntered]
        assert isinstance(events[1], DigitsEntered)
        assert events[1].digits == "12"


EDGES = st.lists(
    st.builds(
        Edge,
        st.integers(0, 1),
        st.one_of(
            st.integers(-(2**63), 2**63 - 1),
            st.integers(NS, 2 * NS),
            st.integers(0, 40).map(lambda i: NS + i * MS),
        ),
    ),
    max_size=120,
)


@given(EDGES, st.sampled_from([0, 4, 8]))
def test_after_any_edges_in_any_order_the_next_card_but_one_is_read(edges: list[Edge], keys: int) -> None:
    one = decoder(keys)
    one.feed(edges)
    one.feed(card_at(10 * NS))
    events = one.feed(card_at(11 * NS))
    assert [e for e in (*events, *one.on_time(12.0)) if isinstance(e, CardRead)][-1].number.hex() == "7b11d7"
    assert one._frame is None


@given(EDGES.map(lambda edges: sorted(edges, key=lambda edge: edge.at_ns)))
def test_a_card_means_that_length_spacing_and_parity_held(edges: list[Edge]) -> None:
    assert_no_card_but_by_all_three(edges)


def assert_no_card_but_by_all_three(edges: list[Edge]) -> None:
    """Judge the frames anew, by a plain reading of the rules."""
    frames: list[list[Edge]] = []
    for edge in edges:
        if not frames or edge.at_ns - frames[-1][-1].at_ns >= GAP_NS:
            frames.append([])
        frames[-1].append(edge)
    wanted = 0
    for frame in frames:
        gaps = [b.at_ns - a.at_ns for a, b in pairwise(frame)]
        value = int("".join(str(edge.line) for edge in frame), 2)
        even = all(gap >= SHORTEST_INTERVAL_NS for gap in gaps) and max(gaps, default=0) <= 3 * min(
            gaps, default=0
        )
        wanted += even and any(one.bits == len(frame) and parity_holds(one, value) for one in FORMAT_LIST)
    one = decoder()
    events = one.feed(edges)
    if edges:
        events += one.on_time(edges[-1].at_ns / NS + 2 * GAP_S)
    assert sum(isinstance(event, CardRead) for event in events) == wanted


def test_ten_thousand_frames_of_noise_form_no_card_but_by_length_spacing_and_parity() -> None:
    draw = Random("gatehouse wiegand noise")
    at_ns, edges = NS, []
    for _ in range(10_000):
        at_ns += 2 * GAP_NS
        pace_ns = draw.randint(50_000, 10 * MS)
        for _ in range(draw.choice((draw.randint(1, 70), 26, 34, 37))):
            at_ns += round(pace_ns * draw.uniform(0.4, 1.6))
            edges.append(Edge(draw.getrandbits(1), at_ns))
    assert_no_card_but_by_all_three(edges)
