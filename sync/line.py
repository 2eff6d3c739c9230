"""Times and sizes that follow from the speed of a serial line; both sides derive the same ones."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

BAUDS: Final = (9_600, 19_200, 38_400, 57_600, 115_200)
BITS_PER_BYTE: Final = 10
"""8N1: start bit, eight bits, stop bit."""

MAX_PAYLOAD_BYTES: Final = 244
MAX_WIRE_BYTES: Final = 256
"""The longest frame with its stuffing and end mark (`sync.frames`): 0.27 s at 9600 baud."""
WINDOW_BYTES: Final = 3_904
"""Sixteen full frames: the most that is on its way unacknowledged in one direction of one connection."""

_TURN_S: Final = 0.54
"""A gate's longest turn at 9600 baud, two full frames: what an urgent message may have to wait for."""
_MAX_TURN_FRAMES: Final = 8
_MAX_BUFFER_BYTES: Final = 2_048
_BUFFER_S: Final = 0.25
"""Little waits below the session, so that a revocation can still overtake what is not yet sent."""


class Line(Struct, frozen=True):
    """One serial line, 8N1."""

    baud: int
    turnaround_s: float = 0.002
    """Quiet time before the other side speaks: its driver must have let go of the pair."""

    def __post_init__(self) -> None:
        if self.baud not in BAUDS:
            raise ValueError(
                f"baud = {self.baud} is not possible here; use one of {', '.join(map(str, BAUDS))}"
            )

    @property
    def byte_s(self) -> float:
        """How long one byte takes."""
        return BITS_PER_BYTE / self.baud

    @property
    def bytes_per_s(self) -> float:
        """The line's capacity."""
        return self.baud / BITS_PER_BYTE

    @property
    def turn_frames(self) -> int:
        """How many data frames a gate may send when it is polled."""
        return max(1, min(_MAX_TURN_FRAMES, int(_TURN_S / (MAX_WIRE_BYTES * self.byte_s))))

    @property
    def send_buffer_bytes(self) -> int:
        """How much may wait unsent at the hub for one gate: at least one frame."""
        return max(MAX_PAYLOAD_BYTES, min(_MAX_BUFFER_BYTES, int(_BUFFER_S / self.byte_s)))

    @property
    def turn_bytes(self) -> int:
        """How much may wait unsent at a gate: what it can say in one turn."""
        return self.turn_frames * MAX_PAYLOAD_BYTES

    @property
    def slot_s(self) -> float:
        """Length of a welcome slot: a short frame, and the time it may be late by."""
        return 32 * self.byte_s + 0.04
