"""Reader drivers: an event complete on the wire until the gate has it; noise that becomes a card.

A reader kind is measured by a function ``Workshop → figures`` in `_KINDS`; one that needs a
library that is not installed gives no figures.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from importlib.util import find_spec
from itertools import pairwise
from random import Random
from typing import Final

from bench.figures import Figure, middle, p99
from bench.rig import Workshop
from drivers.ports import CardRead, HealthChanged, Reader
from drivers.readers import osdp, wiegand
from drivers.readers.wiegand import Edge, SimEdges
from drivers.virtual_osdp import OsdpBus

HANDED_OVER_MS: Final = 2.0
"""Issue's bar for each kind: event complete on the wire to the decision, in our code."""
FRAMES: Final = 10_000
WITHIN_S: Final = 5.0
NS: Final = 1_000_000_000
KEY: Final = "8f1c3a5be2d4967780aabb1122cc33dd"
WIEGAND: Final = wiegand.Settings("D0", "D1", "sim")
GAP_NS: Final = round(WIEGAND.gap_s * NS)


def measure(workshop: Workshop) -> list[Figure]:
    """Figures of every kind of reader that can be measured here."""
    return [figure for kind in _KINDS for figure in kind(workshop)]


def _wiegand(workshop: Workshop) -> list[Figure]:
    frames = FRAMES // 50 if workshop.quick else FRAMES
    return [*_decoding(frames), *_noise(frames), *_on_the_wire(20 if workshop.quick else 300)]


def _decoding(frames: int) -> Iterator[Figure]:
    """Cards with random noise in the silences between them."""
    draw = Random("gatehouse wiegand cards")
    decoder = wiegand.decoder(WIEGAND)
    at_ns, took_us, lost = NS, [], 0
    for _ in range(frames):
        at_ns, noise = _noise_frame(draw, at_ns)
        decoder.feed(noise)
        decoder.on_time((at_ns + 2 * GAP_NS) / NS)
        number = draw.getrandbits(24)
        edges = _train(_h10301(number), 26, at_ns + 2 * GAP_NS, draw.choice((200_000, 1_000_000, 2_000_000)))
        at_ns = edges[-1].at_ns + GAP_NS
        began = time.perf_counter_ns()
        decoder.feed(edges)
        events = decoder.on_time(at_ns / NS)
        took_us.append((time.perf_counter_ns() - began) / 1_000)
        lost += [one.number for one in events if isinstance(one, CardRead)] != [number.to_bytes(3, "big")]
    yield p99("wiegand_decode", took_us, "us")
    yield Figure("wiegand_cards_lost", lost, f"of {frames}", 0)


def _noise(frames: int) -> Iterator[Figure]:
    """Noise alone: how much of it is taken for a card, and whether any was without all three checks."""
    for name, draw_frame in (("random", _noise_frame), ("paced_as_a_card", _paced_noise)):
        draw = Random(f"gatehouse wiegand noise {name}")
        decoder = wiegand.decoder(WIEGAND)
        at_ns, accepted, against = NS, 0, 0
        for _ in range(frames):
            at_ns, noise = draw_frame(draw, at_ns)
            events = [*decoder.feed(noise), *decoder.on_time((at_ns + 2 * GAP_NS) / NS)]
            cards = sum(isinstance(one, CardRead) for one in events)
            accepted += cards
            against += cards > 0 and not _may_be_a_card(noise)
        yield Figure(f"wiegand_noise_{name}_accepted", 100 * accepted / frames, f"% of {frames}")
        yield Figure(f"wiegand_noise_{name}_accepted_against_a_check", against, f"of {frames}", 0)


def _on_the_wire(count: int) -> Iterator[Figure]:
    """From the end of the silence that ends a frame to the event in the hands of the gate.

    Beside each read, in turns: what this machine takes at that moment to wake one idle thread by
    time and a second one by it. That much of the figure is not ours.
    """
    took_ms, bare_ms = [], []
    with closing(wiegand.open_reader(WIEGAND, time.monotonic)) as reader:
        _until(reader, HealthChanged)
        source = reader.source
        if not isinstance(source, SimEdges):
            raise TypeError("the bench asked for a simulated wire")
        for number in range(count):
            complete_at = source.send(_h10301(number), 26, interval_ns=200_000) / NS + WIEGAND.gap_s
            _until(reader, CardRead)
            took_ms.append((time.monotonic() - complete_at) * 1_000)
            bare_ms.append(_bare_wake() * 1_000)
    yield p99("wiegand_event", took_ms, "ms", HANDED_OVER_MS)
    yield p99("bare_wake", bare_ms, "ms")


def _osdp(workshop: Workshop) -> Iterator[Figure]:
    """From the reply's last byte on the wire to the event in the hands of the gate, and from the tap."""
    if find_spec("osdp_sys") is None:
        return
    key = workshop.directory / "osdp.key"
    key.write_text(KEY, encoding="ascii")
    key.chmod(0o600)
    handed_ms, tapped_ms = [], []
    with (
        OsdpBus({1: KEY}) as bus,
        closing(osdp.open_reader(osdp.Settings(bus.path, str(key), 1), time.monotonic)) as reader,
    ):
        _until(reader, HealthChanged)
        # The first card may be told beside the state of the housing, which is asked for at the start.
        bus.tell("card", 1, data="00")
        _until(reader, CardRead)
        bus.next("card_sent_at")
        for number in range(20 if workshop.quick else 500):
            tapped_at = time.monotonic()
            bus.tell("card", 1, data=f"{number:08x}")
            _until(reader, CardRead)
            read_at = time.monotonic()
            handed_ms.append((read_at - float(bus.next("card_sent_at")["card_sent_at"])) * 1_000)
            tapped_ms.append((read_at - tapped_at) * 1_000)
    key.unlink()
    yield p99("osdp_event", handed_ms, "ms", HANDED_OVER_MS)
    yield middle("osdp_tap_until_event", tapped_ms, "ms")


_KINDS: Final[Sequence[Callable[[Workshop], list[Figure] | Iterator[Figure]]]] = (_wiegand, _osdp)


def _bare_wake() -> float:
    """Seconds from a moment a thread waits for until a second thread, woken by it, runs."""
    fd = os.eventfd(0)
    due_at = time.monotonic() + 0.05

    def wake() -> None:
        select.select([], [], [], due_at - time.monotonic())
        os.eventfd_write(fd, 1)

    waker = threading.Thread(target=wake)
    waker.start()
    select.select([fd], [], [], WITHIN_S)
    woken_at = time.monotonic()
    waker.join()
    os.close(fd)
    return woken_at - due_at


def _until(reader: Reader, kind: type[CardRead | HealthChanged]) -> None:
    """Wait as the gate's loop does, until an event of ``kind`` came."""
    while True:
        if not select.select([reader.fileno()], [], [], WITHIN_S)[0]:
            raise TimeoutError(f"no {kind.__name__} within {WITHIN_S:.0f} s")
        if any(isinstance(event, kind) for event in reader.read_events()):
            return


def _h10301(number: int) -> int:
    """A 26-bit frame: even parity over the first twelve bits, odd over the last twelve."""
    first, last = number >> 12, number & 0xFFF
    return (first.bit_count() & 1) << 25 | number << 1 | (last.bit_count() + 1) & 1


def _train(value: int, bits: int, first_ns: int, interval_ns: int) -> list[Edge]:
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
    edges = _train(draw.getrandbits(bits), bits, after_ns + 2 * GAP_NS, draw.randint(200_000, 2_000_000))
    return edges[-1].at_ns, edges


def _may_be_a_card(edges: Sequence[Edge]) -> bool:
    """Length, spacing and parity, judged apart from the driver."""
    gaps = [later.at_ns - edge.at_ns for edge, later in pairwise(edges)]
    half = {26: 12, 34: 16, 37: 18}.get(len(edges))
    if half is None or min(gaps) < 100_000 or max(gaps) > 3 * min(gaps):
        return False
    bits = [edge.line for edge in edges]
    return sum(bits[: half + 1]) % 2 == 0 and sum(bits[-half - 1 :]) % 2 == 1
