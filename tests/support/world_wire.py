"""Bytes on their way between a gate and its office, and what may happen to them there."""

from __future__ import annotations

from collections import deque
from enum import Enum, unique

from msgspec import Struct

from tests.support.session_pair import Link, whole


@unique
class Way(Enum):
    """Which way bytes go."""

    UP = "to the office"
    DOWN = "to the gate"


class Faults(Struct, frozen=True):
    """What a wire does to bytes; counts are of bytes, both ways together, since it was laid."""

    chunks: Link = whole
    delay_s: float = 0.0
    cut_after: int | None = None
    """Both ends are told that it is cut."""
    flip_at: int | None = None
    """One bit of this byte arrives changed."""
    deaf_after: int | None = None
    """Nothing arrives any more, and nobody is told."""


PERFECT = Faults()


class Wire:
    """One connection, from dialling to its end."""

    def __init__(self, faults: Faults = PERFECT) -> None:
        self._faults = faults
        self._under_way: dict[Way, deque[tuple[float, bytes]]] = {way: deque() for way in Way}
        self.carried = 0
        """Bytes handed to it so far."""

    def put(self, way: Way, data: bytes, now: float) -> None:
        """Hand bytes to the wire."""
        for chunk in self._faults.chunks(data):
            self._put_chunk(way, chunk, now)

    def close(self, way: Way, now: float) -> None:
        """Tell the end which ``way`` leads to that nothing more comes."""
        if not self._is_deaf():
            self._under_way[way].append((now + self._faults.delay_s, b""))

    def cut(self, now: float) -> None:
        """Tell both ends; what is under way is lost."""
        for way in Way:
            self._under_way[way].clear()
            self.close(way, now)

    def due(self, way: Way, now: float) -> list[bytes]:
        """What arrives by now; an empty chunk is the end."""
        queue, arrived = self._under_way[way], []
        while queue and queue[0][0] <= now:
            arrived.append(queue.popleft()[1])
        return arrived

    def next_arrival(self) -> float | None:
        """When the next bytes arrive."""
        return min((queue[0][0] for queue in self._under_way.values() if queue), default=None)

    def _put_chunk(self, way: Way, chunk: bytes, now: float) -> None:
        faults, begin = self._faults, self.carried
        self.carried += len(chunk)
        if faults.flip_at is not None and begin <= faults.flip_at < self.carried:
            at = faults.flip_at - begin
            chunk = chunk[:at] + bytes([chunk[at] ^ 0x10]) + chunk[at + 1 :]
        room = len(chunk)
        for limit in (faults.cut_after, faults.deaf_after):
            room = room if limit is None else min(room, max(0, limit - begin))
        if room:
            self._under_way[way].append((now + faults.delay_s, chunk[:room]))
        if faults.cut_after is not None and begin < faults.cut_after <= self.carried:
            for each in Way:
                self.close(each, now)

    def _is_deaf(self) -> bool:
        return self._faults.deaf_after is not None and self.carried >= self._faults.deaf_after
