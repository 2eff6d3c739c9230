"""Variable-length whole numbers: seven bits a byte, least significant first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sync.codec import CodecError

MAX_BITS: Final = 8 * 64
"""The longest number a credential holds."""
_STRETCH: Final = 64
_MOST_BYTES: Final = MAX_BITS // 7 + 1
_GOES_ON: Final = bytes(range(0x80, 0x100))
"""Bytes after which a number is not over."""


def append_varint(body: bytearray, value: int) -> None:
    """Append ``value`` (from 0) to ``body``."""
    while value > 0x7F:
        body.append(value & 0x7F | 0x80)
        value >>= 7
    body.append(value)


def append_varints(body: bytearray, values: Sequence[int]) -> None:
    """Append each of ``values``, as ``append_varint`` does; columns of a list have ten thousands."""
    append = body.append
    for start in range(0, len(values), _STRETCH):
        stretch = values[start : start + _STRETCH]
        if max(stretch) <= 0x7F:  # one byte each: most of most columns
            body += bytes(stretch)
            continue
        for one in stretch:
            value = one
            while value > 0x7F:
                append(value & 0x7F | 0x80)
                value >>= 7
            append(value)


def zigzag(value: int) -> int:
    """A signed number as one from 0: 0, -1, 1, -2 … become 0, 1, 2, 3 …"""
    return value << 1 if value >= 0 else (-value << 1) - 1


def unzigzag(value: int) -> int:
    """Inverse of ``zigzag``."""
    return -(value >> 1) - 1 if value & 1 else value >> 1


class VarintReader:
    """Reads numbers and byte strings one after the other; refuses to run past the end."""

    def __init__(self, data: bytes) -> None:
        """Begin at the first byte of ``data``."""
        self._data = data
        self._at = 0

    def number(self) -> int:
        """The next number; raises ``CodecError`` when it is cut short or too long."""
        data, at = self._data, self._at
        try:
            byte = data[at]
            at += 1
            value = byte & 0x7F
            shift = 7
            while byte > 0x7F:
                byte = data[at]
                at += 1
                value |= (byte & 0x7F) << shift
                shift += 7
                if shift > MAX_BITS + 7:
                    raise CodecError("content: a number is too long")
        except IndexError:
            raise CodecError("content: cut short") from None
        self._at = at
        return value

    def count(self, limit: int) -> int:
        """A number of things that follow, each at least a byte; refused beyond ``limit``."""
        value = self.number()
        if value > limit:
            raise CodecError(f"content: {value} announced, allowed are {limit}")
        if value > len(self._data) - self._at:
            raise CodecError("content: cut short")
        return value

    def take(self, length: int) -> bytes:
        """The next ``length`` bytes."""
        end = self._at + length
        if end > len(self._data):
            raise CodecError("content: cut short")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def split(self, count: int) -> VarintReader:
        """A reader of the next ``count`` numbers, which this one passes over: for columns side by side."""
        data = self._data
        start = at = self._at
        endless = 0
        while count:  # each number has one byte at the least, and one alone without the mark
            stretch = data[at : at + count]
            if len(stretch) < count:
                raise CodecError("content: cut short")
            at += count
            ended = len(stretch.translate(None, _GOES_ON))
            endless = 0 if ended else endless + count
            if endless >= _MOST_BYTES:  # so that megabytes are not searched by steps of a few bytes
                raise CodecError("content: a number is too long")
            count -= ended
        self._at = at
        return VarintReader(data[start:at])

    def at_end(self) -> bool:
        """Whether everything was read."""
        return self._at == len(self._data)
