"""Wiegand frames and noise, and what the decoder makes of them in simulated time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import Final

from bench.figures import Figure, p99
from drivers.ports import CardRead
from drivers.readers import wiegand
from drivers.readers.wiegand import Edge

NS: Final = 1_000_000_000
SETTINGS: Final = wiegand.Settings("D0", "D1", "sim")
GAP_NS: Final = round(SETTINGS.gap_s * NS)


def decoding(frames: int) -> Iterator[Figure]:
    """Cards with random noise in the silences between them."""
    draw = Random("gatehouse wiegand cards")
    decoder = wiegand.decoder(SETTINGS)
    at_ns, took_us, lost = NS, [], 0
    for _ in range(frames):
        at_ns, noise = _noise_frame(draw, at_ns)
        decoder.feed(noise)
        decoder.on_time((at_ns + 2 * GAP_NS) / NS)
        number = draw.getrandbits(24)
        edges = train(h10301(number), 26, at_ns + 2 * GAP_NS, draw.choice((200_000, 1_000_000, 2_000_000)))
        at_ns = edges[-1].at_ns + GAP_NS
        began = time.perf_counter_ns()
        decoder.feed(edges)
        events = decoder.on_time(at_ns / NS)
        took_us.append((time.perf_counter_ns() - began) / 1_000)
        lost += [one.number for one in events if isinstance(one, CardRead)] != [number.to_bytes(3, "big")]
    yield p99("wiegand_decode", took_us, "us")
    yield Figure("wiegand_cards_lost", lost, f"of {frames}", 0)


def noise(frames: int) -> Iterator[Figure]:
    """Noise alone: how much of it is taken for a card, and whether any was without all three checks."""
    for name, draw_frame in (("random", _noise_frame), ("paced_as_a_card", _paced_noise)):
        draw = Random(f"gatehouse wiegand noise {name}")
        decoder = wiegand.decoder(SETTINGS)
        at_ns, accepted, against = NS, 0, 0
        for _ in range(frames):
            at_ns, pulses = draw_frame(draw, at_ns)
            events = [*decoder.feed(pulses), *decoder.on_time((at_ns + 2 * GAP_NS) / NS)]
            cards = sum(isinstance(one, CardRead) for one in events)
            accepted += cards
            against += cards > 0 and not _may_be_a_card(pulses)
        yield Figure(f"wiegand_noise_{name}_accepted", 100 * accepted / frames, f"% of {frames}")
        yield Figure(f"wiegand_noise_{name}_accepted_against_a_check", against, f"of {frames}", 0)


def h10301(number: int) -> int:
    """A 26-bit frame: even parity over the first twelve bits, odd over the last twelve."""
    first, last = number >> 12, number & 0xFFF
    return (first.bit_count() & 1) << 25 | number << 1 | (last.bit_count() + 1) & 1


def train(value: int, bits: int, first_ns: int, interval_ns: int) -> list[Edge]:
    """The edges of one frame, first bit first."""
    return [Edge(value >> (bits - 1 - i) & 1, first_ns + i * interval_ns) for i in range(bits)]


def _noise_frame(draw: Random, after_ns: int) -> tuple[int, list[Edge]]:
    """Pulses at random; answers the last one's time, too."""
    at_ns, edges = after_ns + 2 * GAP_NS, []
    for _ in range(draw.randint(1, 70)):
        at_ns += draw.randint(20_000, 12_000_000)
        edges.append(Edge(draw.getrandbits(1), at_ns))
    return at_ns, edges


def _paced_noise(draw: Random, after_ns: int) -> tuple[int, list[Edge]]:
    """The worst noise there can be: as many pulses as a card has, as even as a card's, with random bits."""
    bits = draw.choice((26, 34, 37))
    edges = train(draw.getrandbits(bits), bits, after_ns + 2 * GAP_NS, draw.randint(200_000, 2_000_000))
    return edges[-1].at_ns, edges


def _may_be_a_card(edges: Sequence[Edge]) -> bool:
    """Length, spacing and parity, judged apart from the driver."""
    gaps = [later.at_ns - edge.at_ns for edge, later in pairwise(edges)]
    half = {26: 12, 34: 16, 37: 18}.get(len(edges))
    if half is None or min(gaps) < 100_000 or max(gaps) > 3 * min(gaps):
        return False
    bits = [edge.line for edge in edges]
    return sum(bits[: half + 1]) % 2 == 0 and sum(bits[-half - 1 :]) % 2 == 1
