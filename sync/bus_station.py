"""A gate's side of the serial bus: it speaks only when the hub polls it, and only if nobody spoke since.

Pure: bytes and the time go in, bytes come out; the randomness of its nonces is passed in.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from msgspec import Struct

from sync.connection import BusEvent, Closed, Connection, Opened
from sync.frame_payloads import VERSION, Hello, Nonce, Welcome, parse_hello
from sync.frames import (
    END,
    EVERYONE,
    MAX_ADDRESS,
    TURN_OF_ANYONE,
    Frame,
    FrameDecoder,
    FrameError,
    Kind,
    encode,
)
from sync.line import Line

SILENCE_S: Final = 30.0
"""A hub asks each gate every few seconds: after this long without a word from it, it is gone."""


class StationDiagnostics(Struct, frozen=True):
    """What a technician at the gate wants to know about its line."""

    is_open: bool
    frames: int
    """Good frames from the hub to this gate."""
    garbled: int
    resent: int
    connections: int
    heard_at: float | None
    """When the hub was last heard, to whomever it spoke."""
    payload_bytes: int | None
    hub_version: int | None
    """Set if the hub speaks another version than this gate."""


class _Answer(Struct, frozen=True):
    """What the gate will say, and when at the earliest."""

    frame: Frame
    at: float


class BusStation:
    """Bytes in by ``receive``, bytes out by ``next_output``; ``on_time`` at ``next_deadline``."""

    def __init__(self, address: int, line: Line, nonce: Nonce) -> None:
        if not EVERYONE < address <= MAX_ADDRESS:
            raise ValueError(
                f"address = {address} is not possible on the bus; use one from 1 to {MAX_ADDRESS}"
            )
        self.address = address
        self._line = line
        self._nonce = nonce
        self._decoder = FrameDecoder()
        self._events: deque[BusEvent] = deque()
        self._connection: Connection | None = None
        self._welcome: Welcome | None = None
        self._answer: _Answer | None = None
        self._heard_at: float | None = None
        self._frames = self._connections = self._resent = 0
        self._hub_version: int | None = None

    def receive(self, data: bytes, now: float) -> None:
        """Take what the line delivered. Only the last frame counts as a poll: after it nobody spoke."""
        for frame in self._decoder.feed(data):
            if frame.from_gate:
                continue
            self._heard_at = now
            self._answer = None
            if frame.address == self.address:
                self._frames += 1
                self._take(frame, now)
            if frame.turn == TURN_OF_ANYONE:
                self._consider(now)

    def next_output(self, now: float) -> bytes:
        """What is to be written now; the whole turn at once."""
        if self._answer is None or now < self._answer.at:
            return b""
        answer, self._answer = self._answer.frame, None
        return END + (self._turn(answer) if answer.kind is Kind.ACK else encode(answer))

    def on_time(self, now: float) -> None:
        """Notice that the hub has fallen silent, or that this side wants to begin anew."""
        connection = self._connection
        if connection is None:
            return
        if connection.is_over(now):
            self._end("closed here")
        elif self._heard_at is not None and now >= self._heard_at + SILENCE_S:
            self._end(f"not a word from the hub for {SILENCE_S:.0f} s")

    def next_deadline(self) -> float | None:
        """When ``next_output`` or ``on_time`` is to be called at the latest."""
        if self._answer is not None:
            return self._answer.at
        if self._connection is None or self._heard_at is None:
            return None
        if self._connection.lingers_until is not None:
            return self._connection.lingers_until
        return self._heard_at + SILENCE_S

    def wants_more(self, connection: Connection) -> bool:
        """Whether its sender is to hand over what comes next: always, for its turn may come at any time."""
        return connection is self._connection

    def next_event(self) -> BusEvent | None:
        """What happened to the connection, oldest first."""
        return self._events.popleft() if self._events else None

    def diagnostics(self) -> StationDiagnostics:
        """The counters of this moment."""
        connection = self._connection
        return StationDiagnostics(
            is_open=connection is not None,
            frames=self._frames,
            garbled=self._decoder.garbled,
            resent=self._resent + (0 if connection is None else connection.outgoing.resent),
            connections=self._connections,
            heard_at=self._heard_at,
            payload_bytes=None if connection is None else connection.outgoing.payload_bytes,
            hub_version=self._hub_version,
        )

    def _take(self, frame: Frame, now: float) -> None:
        connection = self._connection
        if frame.kind is Kind.HELLO:
            self._greet(frame, now)
            return
        if frame.kind not in (Kind.DATA, Kind.ACK):
            return
        if connection is None or connection.tag != frame.tag:
            answer = Frame(self.address, Kind.CLOSED, from_gate=True, tag=frame.tag)
        else:
            if frame.kind is Kind.DATA:
                connection.receive_data(frame)
            else:
                connection.receive_ack(frame)
            answer = Frame(self.address, Kind.ACK, from_gate=True, turn=frame.turn)
        if 0 < frame.turn < TURN_OF_ANYONE:
            self._answer = _Answer(answer, now + self._line.turnaround_s)

    def _turn(self, poll: Frame) -> bytes:
        """As many frames as the poll allows, and an ACK that ends the turn."""
        connection = self._connection
        if connection is None:
            return b""
        frames: list[bytes] = []
        while len(frames) < poll.turn and (frame := connection.data_frame(from_gate=True)) is not None:
            frames.append(encode(frame))
        more = int(connection.outgoing.has_segment)
        return b"".join([*frames, encode(connection.ack_frame(more, from_gate=True))])

    def _consider(self, now: float) -> None:
        """Answer the question to all, if the hub does not know yet that something waits here."""
        connection = self._connection
        if connection is not None and connection.outgoing.unsent and not connection.outgoing.in_flight:
            here = Frame(self.address, Kind.HERE, from_gate=True, tag=connection.tag)
            self._answer = _Answer(here, now + self._line.turnaround_s)

    def _greet(self, frame: Frame, now: float) -> None:
        try:
            hello = parse_hello(frame.payload)
        except FrameError:
            return
        welcome = self._open(hello)
        # In one of several slots, two gates at one address are heard one after the other.
        slot = int.from_bytes(self._nonce(), "big") % max(1, frame.turn)
        answer = Frame(self.address, Kind.WELCOME, from_gate=True, payload=welcome.to_bytes())
        self._answer = _Answer(answer, now + self._line.turnaround_s + slot * self._line.slot_s)

    def _open(self, hello: Hello) -> Welcome:
        """The welcome to this hello; a repeated one gets the same answer and changes nothing."""
        known = self._welcome
        if known is not None and known.hub_nonce == hello.hub_nonce and self._connection is not None:
            return known
        welcome = Welcome(VERSION, hello.hub_nonce, self._nonce())
        self._hub_version = None if hello.version == VERSION else hello.version
        self._end("the hub began anew")
        if hello.version == VERSION:
            self._welcome = welcome
            self._connection = Connection(self.address, welcome.tag, self._line.turn_bytes)
            self._connections += 1
            self._events.append(Opened(self._connection))
        return welcome

    def _end(self, reason: str) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.is_open = False
            self._resent += connection.outgoing.resent
            self._events.append(Closed(connection, reason))
