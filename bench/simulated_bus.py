"""A two-wire serial line in simulated time: exact pacing, everybody hears everybody, talkers collide."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Sequence
from math import inf
from random import Random
from typing import Final, Protocol

from msgspec import Struct

from sync.frames import END
from sync.line import Line

Fault = Callable[[bytes, float, Random], Iterable[tuple[float, bytes]]]
"""What becomes of a frame sent at a time: each copy that arrives, with how much it is late."""

LUMP_BYTES: Final = 8
"""UARTs deliver several bytes at once: half the FIFO of a Raspberry Pi's."""
_TICK_S: Final = 1e-6


class Node(Protocol):
    """A side of the bus."""

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the line."""

    def next_output(self, now: float) -> bytes:
        """Give bytes to the line."""

    def on_time(self, now: float) -> None:
        """A deadline came."""

    def next_deadline(self) -> float | None:
        """The next one."""


class _Span(Struct, frozen=True, eq=False):
    """When a node drives the pair."""

    sender: Node
    start: float
    end: float


def perfect(data: bytes, _now: float, _random: Random) -> Iterable[tuple[float, bytes]]:
    """Everything arrives."""
    return [(0.0, data)]


class SimulatedBus:
    """Joins nodes by a line; time goes on by ``run``."""

    def __init__(
        self,
        line: Line,
        nodes: Sequence[Node],
        *,
        latency_s: float = 0.005,
        lump_bytes: int = LUMP_BYTES,
        fault: Fault = perfect,
        seed: int = 1,
        echo: bool = False,
    ) -> None:
        """``latency_s``: from the wire into the program, at each side."""
        self.nodes = list(nodes)
        self.fault = fault
        self.now = 0.0
        self.sent_bytes = 0
        self.collisions = 0
        self.turns = 0
        """Of the simulation: to see that nobody spins."""
        self._line = line
        self._latency_s = latency_s
        self._lump_bytes = lump_bytes
        self._echo = echo
        self._random = Random(seed)
        self._free_at: dict[int, float] = {}
        self._arrived_at: dict[int, float] = {}
        self._spans: list[_Span] = []
        self._queue: list[tuple[float, int, Node, bytes, _Span]] = []
        self._order = itertools.count()

    def run(self, done: Callable[[], bool], limit_s: float) -> bool:
        """Let time go on until ``done`` holds after some step; whether that was within ``limit_s``."""
        end = self.now + limit_s
        while not done():
            self._pump()
            at = min([self._queue[0][0] if self._queue else inf, *self._deadlines()])
            if max(at, self.now) >= end:
                self.now = end
                return done()
            self.turns += 1
            self.now = max(at, self.now + _TICK_S)
            self._deliver()
        return True

    def run_for(self, duration_s: float) -> None:
        """Let time go on."""
        self.run(lambda: False, duration_s)

    def _deadlines(self) -> list[float]:
        return [at for node in self.nodes if (at := node.next_deadline()) is not None]

    def _pump(self) -> None:
        for node in self.nodes:
            node.on_time(self.now)
            while data := node.next_output(self.now):
                self._transmit(node, data)

    def _transmit(self, node: Node, data: bytes) -> None:
        start = max(self.now, self._free_at.get(id(node), 0.0))
        end = start + len(data) * self._line.byte_s
        self._free_at[id(node)] = end
        self.sent_bytes += len(data)
        span = _Span(node, start, end)
        self._spans = [*(one for one in self._spans if one.end > self.now - 1), span]
        for frame in data.split(END):
            piece = frame + END
            for late_s, copy in self.fault(piece, start, self._random):
                self._spread(span, copy, start + late_s)
            start += len(piece) * self._line.byte_s

    def _spread(self, span: _Span, data: bytes, start: float) -> None:
        """Queue the bytes for all listeners, in lumps, never overtaking earlier ones."""
        for at in range(0, len(data), self._lump_bytes):
            lump = data[at : at + self._lump_bytes]
            arrival = start + (at + len(lump)) * self._line.byte_s + self._latency_s
            arrival = max(arrival, self._arrived_at.get(id(span.sender), 0.0))
            self._arrived_at[id(span.sender)] = arrival
            heapq.heappush(self._queue, (arrival, next(self._order), span.sender, lump, span))

    def _deliver(self) -> None:
        while self._queue and self._queue[0][0] <= self.now:
            _, _, sender, lump, span = heapq.heappop(self._queue)
            others = [one for one in self._spans if one.sender is not sender]
            if any(one.start < span.end and span.start < one.end for one in others):
                self.collisions += 1
                lump = bytes(byte ^ self._random.randrange(1, 256) for byte in lump)
            for node in self.nodes:
                if node is not sender or self._echo:
                    node.receive(lump, self.now)
