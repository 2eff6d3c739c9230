"""From falling edges to cards and keys. Pure: edges and times in, events and the next deadline out.

A frame is what stands between two silences. It is a card only if its length, its spacing and
its parity all hold; noise near a frame spoils that frame and no other. Whatever comes in, one
frame's bits and counters are all that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from drivers.ports import CardRead, DigitsEntered, ReadFailed, Technology
from drivers.readers._keypad import Entry
from drivers.readers._wiegand_formats import MAX_BITS, Format, fitting, payload

SHORTEST_INTERVAL_NS: Final = 100_000
"""Readers keep 200 us and more between pulses; half of it is ringing, or both lines at once."""
MAX_UNEVENNESS: Final = 3
"""A reader's own clock paces its pulses: the longest interval of a frame over its shortest."""
LIKE_A_CARD_BITS: Final = 20
"""An even train of so many pulses was a card: that it could not be read is told, once."""
KEYS: Final = "0123456789*#"
"""Key codes 0 to 11."""
NS: Final = 1_000_000_000


class Edge(Struct, frozen=True):
    """A line fell: 0 or 1, and when, on the monotonic clock."""

    line: int
    at_ns: int


class _Frame(Struct):
    """What came since the last silence."""

    value: int
    bits: int
    last_ns: int
    shortest_ns: int
    longest_ns: int = 0
    broken: bool = False

    def take(self, edge: Edge) -> None:
        interval = edge.at_ns - self.last_ns
        self.last_ns = edge.at_ns
        if self.broken or interval < SHORTEST_INTERVAL_NS or self.bits == MAX_BITS:
            self.broken = True
            return
        self.value = self.value << 1 | edge.line
        self.bits += 1
        self.shortest_ns = min(self.shortest_ns, interval)
        self.longest_ns = max(self.longest_ns, interval)

    @property
    def is_even(self) -> bool:
        """Whether one clock paced it."""
        return not self.broken and self.longest_ns <= MAX_UNEVENNESS * self.shortest_ns


Event = CardRead | DigitsEntered | ReadFailed


class WiegandDecoder:
    """One reader's two lines; ``key_bits`` is 0, 4 or 8, ``gap_s`` the silence that ends a frame."""

    def __init__(self, formats: Sequence[Format], *, key_bits: int, gap_s: float) -> None:
        self._formats = tuple(formats)
        self._key_bits = key_bits
        self._gap_ns = round(gap_s * NS)
        self._frame: _Frame | None = None
        self._entry = Entry()
        self.noise = 0
        """Frames dropped without a word."""

    def feed(self, edges: Iterable[Edge]) -> list[Event]:
        """Take edges in the order the kernel tells them."""
        events: list[Event] = []
        for edge in edges:
            if self._frame is not None and edge.at_ns - self._frame.last_ns >= self._gap_ns:
                events += self._end(self._frame)
            if self._frame is None:
                self._frame = _Frame(edge.line, 1, edge.at_ns, self._gap_ns)
            else:
                self._frame.take(edge)
        return events

    def deadline(self) -> float | None:
        """Monotonic second at which ``on_time`` has something to end."""
        pause = self._entry.deadline()
        if self._frame is None:
            return pause
        silence = self._silent_at(self._frame)
        return silence if pause is None else min(silence, pause)

    def on_time(self, now: float) -> list[Event]:
        """End what ``now`` ends. Feed first whatever the kernel knew at ``now``."""
        events: list[Event] = []
        if self._frame is not None and now >= self._silent_at(self._frame):
            events += self._end(self._frame)
        entered = self._entry.on_time(now)
        return events if entered is None else [*events, entered]

    def _silent_at(self, frame: _Frame) -> float:
        return (frame.last_ns + self._gap_ns) / NS

    def _end(self, frame: _Frame) -> list[Event]:
        self._frame = None
        at = frame.last_ns / NS
        event: Event | None = None
        if frame.is_even and frame.bits == self._key_bits:
            key = _key(frame.value, frame.bits)
            event = None if key is None else self._entry.press(key, at)
            self.noise += key is None
        elif frame.is_even:
            event = self._card(frame, at)
            self.noise += event is None
        else:
            self.noise += 1
        return [] if event is None else [event]

    def _card(self, frame: _Frame, at: float) -> Event | None:
        found = fitting(self._formats, frame.value, frame.bits)
        if found is not None:
            number, bits = payload(found, frame.value)
            return CardRead(Technology.WIEGAND, number.to_bytes((bits + 7) // 8, "big"), bits, at)
        if frame.bits < LIKE_A_CARD_BITS:
            return None
        if any(one.bits == frame.bits for one in self._formats):
            return ReadFailed(f"a frame of {frame.bits} bits with wrong parity; hold the card again", at)
        lengths = ", ".join(sorted({str(one.bits) for one in self._formats}))
        return ReadFailed(f"a frame of {frame.bits} bits, and 'formats' has only {lengths}", at)


def _key(value: int, bits: int) -> str | None:
    """The key of a burst; in 8 bits the upper four are the lower ones inverted."""
    if bits == 8 and value >> 4 != ~value & 0xF:
        return None
    code = value & 0xF
    return KEYS[code] if code < len(KEYS) else None
