"""What a session tells its user, and how it behaves on its kind of line."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.messages import Hello, Message


class Pace(Struct, frozen=True):
    """How a session behaves on its kind of line."""

    piece_bytes: int
    """Payload of one piece or log batch: how long a revocation may have to wait behind it."""
    window_bytes: int
    pulse_s: float
    silence_s: float
    """Without any whole message for so long, the other end is taken for dead."""
    greeting_s: float = 30.0
    batches: int = 4
    """Log batches under way without an acknowledgement."""


NETWORK_PACE: Final = Pace(16_384, 262_144, 20.0, 65.0)
SERIAL_PACE: Final = Pace(454, 16_384, 120.0, 300.0, greeting_s=60.0, batches=2)
"""A piece with its message (12 bytes) and TLS record (22) fills two frames of 244."""


class Greeted(Struct, frozen=True):
    """The session is open."""

    hello: Hello


class Received(Struct, frozen=True):
    """A message for whoever uses the session."""

    message: Message


class EnvelopeReceived(Struct, frozen=True):
    """An update is here, whole; nothing in it has been verified."""

    envelope: bytes


class Delivered(Struct, frozen=True):
    """The gate has all pieces of the envelope with this SHA-256."""

    digest: bytes


class PulseDue(Struct, frozen=True):
    """It is time to ask the office for the time: call ``ask_time``."""


class TimeAnswered(Struct, frozen=True):
    """The office's signed answer to our newest nonce."""

    nonce: bytes
    signed: bytes
    asked_boottime_ms: int
    round_trip_s: float


class Ended(Struct, frozen=True):
    """The session is over; nothing follows."""

    code: str
    text: str
    by_peer: bool


SessionEvent = Greeted | Received | EnvelopeReceived | Delivered | PulseDue | TimeAnswered | Ended
