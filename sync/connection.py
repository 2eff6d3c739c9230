"""One connection over a serial line, from its greeting to its end: a byte stream in each direction.

A restart of either side, or a silence that is too long, ends it; what follows is another
connection, so that whoever runs on top of it (TLS) knows to begin anew.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.frame_payloads import acknowledge, acknowledgement
from sync.frames import Frame, FrameError, Kind
from sync.incoming import Incoming
from sync.outgoing import Outgoing

LINGER_S: Final = 2.0
"""After ``close``, what was accepted before it is still delivered for so long: it may tell the reason."""


class Connection:
    """Hub and gate each have one end of it."""

    def __init__(self, address: int, tag: int, buffer_bytes: int) -> None:
        """``buffer_bytes``: how much may wait unsent at this end."""
        self.address = address
        self.tag = tag
        self.is_open = True
        self.close_wanted = False
        self.lingers_until: float | None = None
        self.outgoing = Outgoing(buffer_bytes)
        self.incoming = Incoming()
        self.owes_answer = False
        """Whether data came that was not acknowledged yet."""

    def send(self, data: bytes) -> int:
        """Take as much of ``data`` as may wait now; 0 when full or closed."""
        return self.outgoing.send(data) if self.is_open and not self.close_wanted else 0

    def take(self) -> bytes:
        """What arrived since the last call; also after the end."""
        return self.incoming.take()

    def close(self) -> None:
        """End it, as soon as what was accepted has arrived or ``LINGER_S`` is over."""
        self.close_wanted = True

    def is_over(self, now: float) -> bool:
        """Whether a wanted end has come."""
        if not self.close_wanted:
            return False
        if self.lingers_until is None:
            self.lingers_until = now + LINGER_S
        self.incoming.take()  # nobody else does
        return self.outgoing.is_empty or now >= self.lingers_until

    def receive_data(self, frame: Frame) -> None:
        """Take a DATA frame with this connection's tag."""
        self.owes_answer = True
        self.incoming.receive(frame.place, frame.payload)

    def receive_ack(self, frame: Frame) -> bool:
        """Take an ACK frame with this connection's tag; whether it was well formed."""
        try:
            acknowledge(self.outgoing, frame.place, frame.payload)
        except FrameError:
            return False
        return True

    def data_frame(self, *, from_gate: bool) -> Frame | None:
        """The next DATA frame, if there is something to send."""
        segment = self.outgoing.next_segment()
        if segment is None:
            return None
        place, data = segment
        return Frame(self.address, Kind.DATA, from_gate, tag=self.tag, place=place, payload=data)

    def ack_frame(self, turn: int, *, from_gate: bool) -> Frame:
        """The ACK frame of this moment."""
        self.owes_answer = False
        payload = acknowledgement(self.incoming)
        return Frame(self.address, Kind.ACK, from_gate, turn, self.tag, self.incoming.place, payload)


class Opened(Struct, frozen=True):
    """A connection began."""

    connection: Connection


class Closed(Struct, frozen=True):
    """A connection ended; ``reason`` is for people."""

    connection: Connection
    reason: str


class AddressDoubled(Struct, frozen=True):
    """Two gates answer at one address: neither is served until one has another address."""

    address: int


BusEvent = Opened | Closed | AddressDoubled
