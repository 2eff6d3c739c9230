"""A list of 10,000 grants to one of eight gates on a 9600 baud pair, and what else is said meanwhile.

The line is simulated (`bench.simulated_bus`), exact to the byte; nothing here depends on the
machine. Streams are measured below TLS, except where the name says so.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Final

from bench.figures import Figure, Spread
from bench.rig import Workshop
from bench.simulated_bus import Fault, SimulatedBus, perfect
from sync.bus_master import BusMaster
from sync.bus_station import BusStation
from sync.connection import BusEvent, Connection, Opened
from sync.frames import TURN_OF_ANYONE, FrameDecoder
from sync.line import Line

GATES: Final = range(1, 9)
LIST_BYTES: Final = 66_000
"""10,000 grants as a compressed snapshot (docs/performance.md, ``wire_10000``)."""
URGENT_BYTES: Final = 250
"""A revocation in all, as the issue allows it."""
LATENCY_S: Final = 0.005
"""From the wire into the program: a UART's FIFO or a USB adapter in low-latency mode, and a busy process."""
USB_LATENCY_S: Final = 0.016
"""A USB adapter in its usual mode, at both ends."""
RECORD_BYTES: Final = 512
TLS_BYTES: Final = 22
"""What TLS adds to a record: header 5, kind 1, tag 16 (RFC 8446, 5.2)."""
BITS_BAD: Final = 1e-4
LOST_BOUND_PERCENT: Final = 15.0
ONE_BOUND_S: Final = 1.0
ALL_BOUND_S: Final = 4.0
ASKED_BOUND_S: Final = 1.55
"""Once a second, and two frames: the one just being sent, and the one that carries the question."""


class Pair:
    """A hub and eight gates that are connected and quiet."""

    def __init__(self, seed: int, *, latency_s: float = LATENCY_S, fault: Fault = perfect) -> None:
        random = Random(seed)
        line = Line(9_600)
        self.master = BusMaster(line, GATES, lambda: random.randbytes(4))
        self.stations = {one: BusStation(one, line, lambda: random.randbytes(4)) for one in GATES}
        self.bus = SimulatedBus(
            line, [self.master, *self.stations.values()], latency_s=latency_s, fault=fault, seed=seed
        )
        self.hub: dict[int, Connection] = {}
        self.gates: dict[int, Connection] = {}
        self.received = {one: bytearray() for one in GATES}
        if not self.bus.run(self._all_open, 60.0):
            raise RuntimeError("the gates did not connect")
        self.bus.run_for(5.0)

    def pump(self) -> None:
        """Take what arrived at the gates."""
        for one, connection in self.gates.items():
            self.received[one] += connection.take()

    def _all_open(self) -> bool:
        _note(self.master.next_event, self.hub)
        for station in self.stations.values():
            _note(station.next_event, self.gates)
        return len(self.hub) == len(self.gates) == len(GATES)


class Stream:
    """Gives a connection as much as it takes, as a session does that never runs dry."""

    def __init__(self, connection: Connection, data: bytes) -> None:
        self._connection = connection
        self._data = data
        self._at = 0

    def pump(self) -> None:
        """Fill the connection's buffer."""
        self._at += self._connection.send(self._data[self._at : self._at + 4096])


def measure(workshop: Workshop) -> list[Figure]:
    """Simulated seconds; then shares of the line."""
    size, repeats = (4_000, 2) if workshop.quick else (LIST_BYTES, 25)
    return [
        _lost("bulk_lost_percent", size, bound=LOST_BOUND_PERCENT),
        _lost("bulk_in_tls_lost_percent", size, records=True),
        _lost("bulk_lost_percent_usb", size, latency_s=USB_LATENCY_S),
        _lost("bulk_lost_percent_noisy", size, fault=_noise),
        _asked(size),
        _urgent("urgent_to_one_s", [2], repeats, ONE_BOUND_S),
        _urgent("urgent_to_the_same_s", [1], repeats, ONE_BOUND_S),
        _urgent("urgent_to_all_s", list(GATES), repeats, ALL_BOUND_S),
        _word(repeats),
    ]


def _lost(
    name: str,
    size: int,
    *,
    bound: float | None = None,
    latency_s: float = LATENCY_S,
    fault: Fault = perfect,
    records: bool = False,
) -> Figure:
    """Share of the line's capacity that does not carry the list."""
    pair = Pair(1, latency_s=latency_s, fault=fault)
    took_s = _transfer(pair, size + size // RECORD_BYTES * TLS_BYTES if records else size)
    return Figure(name, 100 * (1 - size / (took_s * Line(9_600).bytes_per_s)), "%", bound)


def _transfer(pair: Pair, size: int) -> float:
    data = Random(size).randbytes(size)
    stream = Stream(pair.hub[1], data)
    began = pair.bus.now

    def arrived() -> bool:
        stream.pump()
        pair.pump()
        return len(pair.received[1]) >= size

    if not pair.bus.run(arrived, 1_000.0) or pair.received[1] != data:
        raise RuntimeError("the list did not arrive as it was sent")
    return pair.bus.now - began


def _asked(size: int) -> Figure:
    """The longest time for which some gate had no chance to speak."""
    pair = Pair(1)
    listener = _Listener()
    pair.bus.nodes.append(listener)
    _transfer(pair, size)
    return Figure("longest_unasked_s", max(listener.gaps(pair.bus.now)), "s", ASKED_BOUND_S)


def _urgent(name: str, to: list[int], repeats: int, bound: float) -> Figure:
    """From handing an urgent message over, at any moment of a snapshot, until all have it."""
    return _worst(name, [_urgent_s(seed, to) for seed in range(1, repeats + 1)], bound)


def _urgent_s(seed: int, to: list[int]) -> float:
    pair = Pair(seed)
    bulk = Stream(pair.hub[1], bytes(LIST_BYTES))
    pair.bus.run(_always(bulk.pump), 3.0 + Random(seed).random())
    urgent = bytes(range(1, URGENT_BYTES + 1))
    streams = [Stream(pair.hub[one], urgent) for one in to]
    if 1 in to:  # the session puts it before the rest of its snapshot
        bulk = streams[to.index(1)]
    began = pair.bus.now

    def all_have_it() -> bool:
        for stream in (*streams, bulk):
            stream.pump()
        pair.pump()
        return all(pair.received[one].endswith(urgent) for one in to)

    if not pair.bus.run(all_have_it, 60.0):
        raise RuntimeError("the urgent message did not arrive")
    return pair.bus.now - began


def _word(repeats: int) -> Figure:
    """How long a quiet gate's own message waits while the line is full."""
    return _worst("word_from_a_quiet_gate_s", [_word_s(seed) for seed in range(1, repeats + 1)], None)


def _word_s(seed: int) -> float:
    pair = Pair(seed)
    bulk = Stream(pair.hub[1], bytes(LIST_BYTES))
    pair.bus.run(_always(bulk.pump), 3.0 + Random(seed).random())
    pair.gates[5].send(b"a tap at gate 5")
    began = pair.bus.now

    def heard() -> bool:
        bulk.pump()
        return bool(pair.hub[5].take())

    if not pair.bus.run(heard, 60.0):
        raise RuntimeError("the gate was not heard")
    return pair.bus.now - began


class _Listener:
    """Notes when each gate could speak."""

    def __init__(self) -> None:
        self._decoder = FrameDecoder()
        self._asked: dict[int, list[float]] = {one: [] for one in GATES}

    def receive(self, data: bytes, now: float) -> None:
        for frame in self._decoder.feed(data):
            if not frame.from_gate and frame.turn:
                for one in GATES if frame.turn == TURN_OF_ANYONE else [frame.address]:
                    self._asked[one].append(now)

    def next_output(self, _now: float) -> bytes:
        return b""

    def on_time(self, _now: float) -> None:
        return

    def next_deadline(self) -> float | None:
        return None

    def gaps(self, end: float) -> list[float]:
        times = [[*asked, end] for asked in self._asked.values()]
        return [after - before for one in times for before, after in pairwise(one)]


def _worst(name: str, sample: list[float], bound: float | None) -> Figure:
    spread = Spread.of(sample)
    return Figure(name, spread.max, "s", bound, spread)


def _note(next_event: Callable[[], BusEvent | None], connections: dict[int, Connection]) -> None:
    while (event := next_event()) is not None:
        if isinstance(event, Opened):
            connections[event.connection.address] = event.connection


def _always(pump: Callable[[], None]) -> Callable[[], bool]:
    def never_done() -> bool:
        pump()
        return False

    return never_done


def _noise(data: bytes, _now: float, random: Random) -> list[tuple[float, bytes]]:
    """One bit in ten thousand arrives flipped: one frame in five is lost."""
    flips = [random.randrange(8) if random.random() < 8 * BITS_BAD else None for _ in data]
    noisy = bytes(byte if flip is None else byte ^ 1 << flip for byte, flip in zip(data, flips, strict=True))
    return [(0.0, noisy)]
