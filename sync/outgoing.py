"""The sending half of a connection over a serial line: cut, numbered, kept until acknowledged.

The frame size follows the errors of the line: with an error rate of e per byte and h bytes
of overhead, the most gets through at about the square root of h / e.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final

from sync.frames import OVERHEAD_BYTES
from sync.line import MAX_PAYLOAD_BYTES, WINDOW_BYTES

PLACES: Final = 1 << 16
"""A place in the stream travels modulo this; the window is far smaller."""
MIN_ROOM_BYTES: Final = 255 * 16
"""What each side can take at the start of a connection."""
MIN_PAYLOAD_BYTES: Final = 32
WINDOW_FRAMES: Final = 16
"""A smaller frame comes with a smaller window: on a bad line the answer is wanted sooner."""
_MEMORY: Final = 0.97
"""Share that a frame's weight keeps with each later frame: some thirty are remembered."""
_CLEAN_BYTES: Final = MAX_PAYLOAD_BYTES / (1 - _MEMORY)
"""What a line without errors comes to; assumed at the start, so that one bad frame decides nothing."""


class _Segment:
    """A stretch of the stream on its way."""

    __slots__ = ("data", "lost", "start")

    def __init__(self, start: int, data: bytes, *, lost: bool = False) -> None:
        self.start = start
        self.data = data
        self.lost = lost

    @property
    def end(self) -> int:
        return self.start + len(self.data)


class Outgoing:
    """Bytes go in by ``send`` and out by ``next_segment``; ``acknowledge`` lets go of them."""

    def __init__(self, buffer_bytes: int) -> None:
        """``buffer_bytes``: how much may wait unsent."""
        self._buffer_bytes = buffer_bytes
        self._unsent = bytearray()
        self._sent: list[_Segment] = []
        self._acknowledged = 0
        self._next = 0
        self._room = MIN_ROOM_BYTES
        self._seen_bytes = _CLEAN_BYTES
        self._losses = 0.0
        self.resent = 0
        """Segments that had to be sent again."""

    def send(self, data: bytes) -> int:
        """Take as much of ``data`` as there is room for; how much that was."""
        taken = data[: self._buffer_bytes - len(self._unsent)]
        self._unsent += taken
        return len(taken)

    @property
    def unsent(self) -> int:
        """Bytes waiting to be sent for the first time."""
        return len(self._unsent)

    @property
    def has_room(self) -> bool:
        """Whether ``send`` would take a whole frame."""
        return self._buffer_bytes - len(self._unsent) >= MAX_PAYLOAD_BYTES

    @property
    def in_flight(self) -> bool:
        """Whether something was sent that is not acknowledged."""
        return bool(self._sent)

    @property
    def is_empty(self) -> bool:
        """Whether everything has arrived at the other side."""
        return not self._unsent and not self._sent

    @property
    def window_is_full(self) -> bool:
        """Whether no whole frame may follow before an answer."""
        return self._window_left() < self.payload_bytes and not any(one.lost for one in self._sent)

    @property
    def payload_bytes(self) -> int:
        """The frame size at present."""
        if not self._losses:
            return MAX_PAYLOAD_BYTES
        best = sqrt(OVERHEAD_BYTES * self._seen_bytes / self._losses)
        return max(MIN_PAYLOAD_BYTES, min(MAX_PAYLOAD_BYTES, int(best)))

    @property
    def has_segment(self) -> bool:
        """Whether ``next_segment`` has something to give."""
        return any(one.lost for one in self._sent) or self._sendable() > 0

    def next_segment(self) -> tuple[int, bytes] | None:
        """Place and bytes of what is to be sent now: what was lost before what is new."""
        for index, segment in enumerate(self._sent):
            if segment.lost:
                return self._again(index, segment)
        if not (count := self._sendable()):
            return None
        segment = _Segment(self._next, bytes(self._unsent[:count]))
        del self._unsent[:count]
        self._next = segment.end
        self._sent.append(segment)
        return segment.start % PLACES, segment.data

    def acknowledge(self, place: int, room: int, blocks: Sequence[tuple[int, int]] = ()) -> None:
        """Everything before ``place``, and each block beyond it, arrived; the rest in flight was lost.

        A gate speaks only when asked, so an answer always tells of all that was sent before it.
        """
        until = self._absolute(place)
        if until > self._next:
            return  # an answer from long ago
        arrived = [(0, until), *((self._absolute(start), self._absolute(end)) for start, end in blocks)]
        left = []
        for segment in self._sent:
            got = any(start <= segment.start and segment.end <= end for start, end in arrived)
            if not segment.lost:
                self._count(len(segment.data), lost=not got)
            if not got:
                segment.lost = True
                left.append(segment)
        self._sent = left
        self._acknowledged = until
        self._room = room

    def _sendable(self) -> int:
        """Bytes that a new segment would have; 0 if there is to be none."""
        wanted = min(self.payload_bytes, len(self._unsent))
        count = min(wanted, self._window_left())
        # The last bit of a window is not worth a frame: the answer that opens it is on its way.
        return 0 if count <= 0 or (count < wanted and self._sent) else count

    def _window_left(self) -> int:
        window = min(WINDOW_BYTES, WINDOW_FRAMES * self.payload_bytes, self._room)
        return window - (self._next - self._acknowledged)

    def _again(self, index: int, segment: _Segment) -> tuple[int, bytes]:
        size = self.payload_bytes
        if len(segment.data) > size:
            rest = _Segment(segment.start + size, segment.data[size:], lost=True)
            segment = _Segment(segment.start, segment.data[:size])
            self._sent[index : index + 1] = [segment, rest]
        segment.lost = False
        self.resent += 1
        return segment.start % PLACES, segment.data

    def _absolute(self, place: int) -> int:
        return self._acknowledged + (place - self._acknowledged) % PLACES

    def _count(self, length: int, *, lost: bool) -> None:
        self._seen_bytes = self._seen_bytes * _MEMORY + length
        self._losses = self._losses * _MEMORY + lost
        if self._losses < 0.01:  # forgotten
            self._losses = 0.0
