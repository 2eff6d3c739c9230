"""Frames on a serial line: address, place in the stream, length, CRC-32; COBS between zero bytes.

Pure and bounded. Whatever a line delivers, the decoder raises nothing: what is no frame
is counted and passed over, and the next zero byte begins anew. docs/serial.md has the layout.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final
from zlib import crc32

from msgspec import Struct

from sync.line import MAX_PAYLOAD_BYTES, MAX_WIRE_BYTES

END: Final = b"\0"
"""Ends each frame; sent before a turn's first frame as well, to end whatever noise came before."""
EVERYONE: Final = 0
MAX_ADDRESS: Final = 127
TURN_OF_ANYONE: Final = 15
"""In a frame of the hub: after it, any gate whose news the hub cannot know of may say HERE."""

_HEADER_BYTES: Final = 6
_CRC_BYTES: Final = 4
_MAX_STUFFED_BYTES: Final = MAX_WIRE_BYTES - len(END)
_FROM_GATE: Final = 0x80
OVERHEAD_BYTES: Final = _HEADER_BYTES + _CRC_BYTES + 2
"""What a frame adds to its payload: COBS costs exactly one byte up to 254."""


class Kind(IntEnum):
    """What a frame is for; the low half of its second byte."""

    DATA = 1
    """Bytes of the stream, from ``place`` on."""
    ACK = 2
    """What arrived: all before ``place``. From the hub it is the poll, from a gate the end of its turn."""
    HELLO = 3
    """The hub opens a connection."""
    WELCOME = 4
    """The gate's answer to it."""
    CLOSED = 5
    """The gate knows no connection with this tag: open one."""
    ANYONE = 6
    """Carries nothing but the question to all gates, when there is no data frame to carry it."""
    HERE = 7
    """A gate's answer to that."""


class Frame(Struct, frozen=True):
    """One frame."""

    address: int
    """The gate's, in both directions; ``EVERYONE`` in an ``ANYONE``."""
    kind: Kind
    from_gate: bool = False
    turn: int = 0
    """0 to 15. From the hub: how many data frames the gate may send now (0: it stays silent; 15: see
    ``TURN_OF_ANYONE``; in a HELLO: among how many slots it picks). From a gate in an ACK: 1 if more waits."""
    tag: int = 0
    """One byte of the connection: a frame of an older one is told by it."""
    place: int = 0
    """16 bits: where the payload begins in the stream, or what is expected next."""
    payload: bytes = b""


class FrameError(ValueError):
    """These bytes are no frame."""


def encode(frame: Frame) -> bytes:
    """The frame as it goes over the wire, its end mark included."""
    if not 0 <= frame.address <= MAX_ADDRESS or len(frame.payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"no frame can hold address {frame.address} and {len(frame.payload)} bytes")
    head = bytes(
        (
            frame.address | (_FROM_GATE if frame.from_gate else 0),
            frame.kind | frame.turn << 4,
            frame.tag,
            *frame.place.to_bytes(2, "big"),
            len(frame.payload),
        )
    )
    body = head + frame.payload
    body += crc32(body).to_bytes(_CRC_BYTES, "big")
    # A body has 254 bytes at most, so that one group of COBS never overflows.
    return b"".join(bytes((len(part) + 1,)) + part for part in body.split(END)) + END


def decode(stuffed: bytes) -> Frame:
    """The frame between two end marks.

    Raises:
        FrameError: it is none.
    """
    body = _unstuffed(stuffed)
    if len(body) < _HEADER_BYTES + _CRC_BYTES:
        raise FrameError("too short")
    content, crc = body[:-_CRC_BYTES], body[-_CRC_BYTES:]
    if crc32(content) != int.from_bytes(crc, "big"):
        raise FrameError("wrong CRC")
    if content[5] != len(content) - _HEADER_BYTES:
        raise FrameError("wrong length")
    try:
        kind = Kind(content[1] & 0x0F)
    except ValueError:
        raise FrameError(f"unknown kind {content[1] & 0x0F}") from None
    return Frame(
        address=content[0] & ~_FROM_GATE,
        kind=kind,
        from_gate=bool(content[0] & _FROM_GATE),
        turn=content[1] >> 4,
        tag=content[2],
        place=int.from_bytes(content[3:5], "big"),
        payload=content[_HEADER_BYTES:],
    )


class FrameDecoder:
    """Finds frames in whatever arrives."""

    def __init__(self) -> None:
        self._rest = b""
        self.garbled = 0
        """Pieces between end marks that were no frame."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now."""
        *pieces, rest = (self._rest + data).split(END)
        # A longer piece can never become a frame; one byte beyond the limit remembers that.
        self._rest = rest[: _MAX_STUFFED_BYTES + 1]
        frames = []
        for piece in filter(None, pieces):
            try:
                frames.append(decode(piece))
            except FrameError:
                self.garbled += 1
        return frames

    @property
    def partial(self) -> bool:
        """Whether something has begun that may become a frame."""
        return bool(self._rest)


def _unstuffed(stuffed: bytes) -> bytes:
    if len(stuffed) > _MAX_STUFFED_BYTES:
        raise FrameError("too long")
    parts = []
    at = 0
    while at < len(stuffed):
        end = at + stuffed[at]
        if end > len(stuffed):
            raise FrameError("cut short")
        parts.append(stuffed[at + 1 : end])
        at = end
    return END.join(parts)
