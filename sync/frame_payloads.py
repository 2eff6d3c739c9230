"""What acknowledgements and greetings carry; any other bytes are a ``FrameError``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zlib import crc32

from msgspec import Struct

from sync.frames import FrameError
from sync.incoming import MAX_BLOCKS, ROOM_UNIT, Incoming
from sync.outgoing import Outgoing

VERSION: Final = 1
"""Of everything in docs/serial.md."""
NONCE_BYTES: Final = 4

Nonce = Callable[[], bytes]
"""Draws ``NONCE_BYTES`` random bytes. They tell restarts and doubled addresses apart; they are no secret."""

_BLOCK_BYTES: Final = 4


class Hello(Struct, frozen=True):
    """The hub's wish to connect; its nonce is drawn anew for each connection."""

    version: int
    hub_nonce: bytes

    def to_bytes(self) -> bytes:
        """As a payload."""
        return bytes((self.version,)) + self.hub_nonce


class Welcome(Struct, frozen=True):
    """The gate's consent: both nonces, so that it fits one HELLO and one gate."""

    version: int
    hub_nonce: bytes
    gate_nonce: bytes

    def to_bytes(self) -> bytes:
        """As a payload."""
        return bytes((self.version,)) + self.hub_nonce + self.gate_nonce

    @property
    def tag(self) -> int:
        """The tag of the connection's frames."""
        return crc32(self.hub_nonce + self.gate_nonce) & 0xFF


def parse_hello(payload: bytes) -> Hello:
    """Inverse of ``Hello.to_bytes``; later versions may append to it."""
    if len(payload) < 1 + NONCE_BYTES:
        raise FrameError("hello: too short")
    return Hello(payload[0], payload[1 : 1 + NONCE_BYTES])


def parse_welcome(payload: bytes) -> Welcome:
    """Inverse of ``Welcome.to_bytes``; later versions may append to it."""
    if len(payload) < 1 + 2 * NONCE_BYTES:
        raise FrameError("welcome: too short")
    return Welcome(payload[0], payload[1:5], payload[5:9])


def acknowledgement(incoming: Incoming) -> bytes:
    """The payload that tells what has arrived beyond the frame's place, and how much more may come."""
    blocks = [number.to_bytes(2, "big") for block in incoming.blocks() for number in block]
    return bytes((incoming.room // ROOM_UNIT,)) + b"".join(blocks)


def acknowledge(outgoing: Outgoing, place: int, payload: bytes) -> None:
    """Let ``outgoing`` know what the other side has."""
    rest = payload[1:]
    if not payload or len(rest) % _BLOCK_BYTES or len(rest) > MAX_BLOCKS * _BLOCK_BYTES:
        raise FrameError("acknowledgement: wrong length")
    numbers = [int.from_bytes(rest[at : at + 2], "big") for at in range(0, len(rest), 2)]
    outgoing.acknowledge(place, payload[0] * ROOM_UNIT, list(zip(numbers[::2], numbers[1::2], strict=True)))
