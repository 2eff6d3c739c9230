"""The receiving half of a connection over a serial line: what came out of order waits for its gap."""

from __future__ import annotations

from typing import Final

from sync.line import WINDOW_BYTES
from sync.outgoing import MIN_ROOM_BYTES, PLACES

ROOM_UNIT: Final = 16
"""Room travels in one byte, in units of this."""
MAX_BLOCKS: Final = 8
"""Most stretches beyond a gap that one acknowledgement names."""


class Incoming:
    """Segments go in by ``receive`` in any order, any number of times; ``take`` gives the stream."""

    def __init__(self) -> None:
        self._ready = bytearray()
        self._next = 0
        self._ahead = bytearray()
        """Bytes from ``_next`` on; only those inside ``_blocks`` are real."""
        self._blocks: list[tuple[int, int]] = []
        self.repeated = 0
        """Segments that brought nothing new."""

    def receive(self, place: int, data: bytes) -> None:
        """Take a segment; what does not fit is dropped and will come again."""
        distance = (place - self._next + PLACES // 2) % PLACES - PLACES // 2
        data, distance = data[max(0, -distance) :], max(0, distance)
        if not data or any(
            start <= distance and distance + len(data) <= end for start, end in self._relative()
        ):
            self.repeated += 1
            return
        end = distance + len(data)
        if end > min(WINDOW_BYTES, self.room):
            return
        self._ahead.extend(bytes(max(0, end - len(self._ahead))))
        self._ahead[distance:end] = data
        self._blocks = _joined([*self._blocks, (self._next + distance, self._next + end)])
        self._deliver()

    def take(self) -> bytes:
        """What arrived in order since the last call."""
        taken = bytes(self._ready)
        self._ready.clear()
        return taken

    @property
    def room(self) -> int:
        """Bytes that can still be taken, a whole number of units."""
        return (MIN_ROOM_BYTES - len(self._ready)) // ROOM_UNIT * ROOM_UNIT

    @property
    def place(self) -> int:
        """The place of the first byte that is missing."""
        return self._next % PLACES

    def blocks(self) -> list[tuple[int, int]]:
        """Stretches that arrived beyond it, as places."""
        return [(start % PLACES, end % PLACES) for start, end in self._blocks[:MAX_BLOCKS]]

    def _relative(self) -> list[tuple[int, int]]:
        return [(start - self._next, end - self._next) for start, end in self._blocks]

    def _deliver(self) -> None:
        start, end = self._blocks[0]
        if start > self._next:
            return
        count = end - self._next
        self._ready += self._ahead[:count]
        del self._ahead[:count]
        self._next = end
        del self._blocks[0]


def _joined(blocks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same stretches in order, those that touch made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(blocks):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
