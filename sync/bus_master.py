"""The hub's side of the serial bus: it alone decides who speaks, so that nobody starves.

Pure: bytes and the time go in, bytes come out; the randomness of its nonces is passed in.
Frames leave one by one, each just before the line is free for it: little is on its way
when something urgent comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import inf
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sync.bus_floor import Floor, Turn
from sync.bus_gate import BusGate, GateDiagnostics, GateState
from sync.bus_schedule import Ask, AskEveryone, Schedule, SendData
from sync.connection import AddressDoubled, BusEvent, Closed, Connection, Opened
from sync.frame_payloads import VERSION, Hello, Nonce, Welcome, parse_welcome
from sync.frames import (
    EVERYONE,
    MAX_ADDRESS,
    OVERHEAD_BYTES,
    TURN_OF_ANYONE,
    Frame,
    FrameDecoder,
    FrameError,
    Kind,
    encode,
)
from sync.line import MAX_WIRE_BYTES, Line

SLOTS: Final = 4
"""When two gates may share an address, each welcome picks one of so many slots."""
WELCOMES_TO_TRUST: Final = 3
"""A doubled address is served again when this many greetings in a row were answered by one gate."""
REOPEN_S: Final = 5.0
"""A connection closed at this end is opened anew after this: a refused gate must not fill the line."""
_WELCOME_BYTES: Final = OVERHEAD_BYTES + 10


class BusDiagnostics(Struct, frozen=True):
    """What a technician wants to know about the whole line."""

    garbled: int
    """Pieces of noise, garbled and collided frames."""
    strangers: int
    """Good frames from addresses that are not served here."""
    gates: tuple[GateDiagnostics, ...]


class BusMaster:
    """Bytes in by ``receive``, bytes out by ``next_output``; ``on_time`` at ``next_deadline``."""

    def __init__(self, line: Line, addresses: Iterable[int], nonce: Nonce) -> None:
        self._line = line
        self._nonce = nonce
        self._gates = {address: BusGate(address, line) for address in addresses}
        if wrong := [one for one in self._gates if not EVERYONE < one <= MAX_ADDRESS]:
            raise ValueError(f"addresses = {wrong} are not possible on the bus; use 1 to {MAX_ADDRESS}")
        self._schedule = Schedule(list(self._gates.values()))
        self._floor = Floor(line)
        self._decoder = FrameDecoder()
        self._events: deque[BusEvent] = deque()
        self._strangers = 0

    def receive(self, data: bytes, now: float) -> None:
        """Take what the line delivered."""
        garbled = self._decoder.garbled
        frames = self._decoder.feed(data)
        answers = [frame for frame in frames if frame.from_gate]
        if (turn := self._floor.turn) is not None:
            if answers or self._decoder.partial or self._decoder.garbled > garbled:
                turn.prolong(now)
            elif frames:  # what had begun was our own echo
                turn.first_at = None
        for frame in answers:
            self._take(frame, now)

    def next_output(self, now: float) -> bytes:
        """What is to be written now: one frame, or nothing yet."""
        if not self._floor.is_open(now):
            return b""
        self._close_where_wanted(now)
        match self._schedule.choose(now):
            case SendData(gate, asks_everyone):
                return self._send_data(gate, now, asks_everyone=asks_everyone)
            case Ask(gate):
                return self._greet(gate, now) if gate.connection is None else self._poll(gate, now)
            case AskEveryone():
                return self._question(Frame(EVERYONE, Kind.ANYONE), now)
            case _:
                return b""

    def on_time(self, now: float) -> None:
        """End a turn in which nothing more came; ask for more when the line is about to be free."""
        self._floor.look(now)
        turn = self._floor.turn
        if turn is None or now < turn.deadline:
            return
        self._floor.take_back(now)
        if turn.gate is None:
            if turn.disturbed:  # several spoke at once: each is asked by itself
                self._wake_all(now)
        elif turn.welcomes:
            self._welcomed(turn.gate, turn.welcomes, now)
        else:
            self._missed(turn.gate, turn, now)

    def next_deadline(self) -> float | None:
        """When ``on_time`` or ``next_output`` is to be called at the latest."""
        if self._floor.turn is not None:
            return min(self._floor.turn.deadline, self._floor.refill_at)
        deadline = max(min(self._schedule.next_at(), self._next_end_at()), self._floor.speak_at)
        deadline = min(deadline, self._floor.refill_at)
        return None if deadline == inf else deadline

    def wants_more(self, connection: Connection) -> bool:
        """Whether its sender is to hand over what comes next: the line can soon take it."""
        return self._floor.refilling and connection.outgoing.has_room

    def next_event(self) -> BusEvent | None:
        """What happened to the connections, oldest first."""
        return self._events.popleft() if self._events else None

    def diagnostics(self) -> BusDiagnostics:
        """The counters of this moment."""
        gates = tuple(gate.diagnostics() for gate in self._gates.values())
        return BusDiagnostics(self._decoder.garbled, self._strangers, gates)

    def _question(self, frame: Frame, now: float) -> bytes:
        """The frame, after which any gate may answer."""
        longest = max(gate.reply_s for gate in self._gates.values() if gate.connection is not None)
        data = self._floor.speak(encode(replace(frame, turn=TURN_OF_ANYONE)), now)
        self._floor.give(None, longest, OVERHEAD_BYTES)
        return data

    def _send_data(self, gate: BusGate, now: float, *, asks_everyone: bool) -> bytes:
        connection = gate.connection
        frame = None if connection is None else connection.data_frame(from_gate=False)
        if connection is None or frame is None:
            return b""
        gate.charge += len(frame.payload) + OVERHEAD_BYTES
        if asks_everyone:
            gate.sent(frame, now)
            return self._question(frame, now)
        # The frame that fills the window asks for the answer, too. What came from the gate is
        # acknowledged by a poll of its own.
        if connection.outgoing.window_is_full and not connection.owes_answer:
            return self._given(gate, replace(frame, turn=self._line.turn_frames), now)
        gate.sent(frame, now)
        return self._floor.speak(encode(frame), now)

    def _poll(self, gate: BusGate, now: float) -> bytes:
        connection = gate.connection
        if connection is None:
            return b""
        return self._given(gate, connection.ack_frame(self._line.turn_frames, from_gate=False), now)

    def _given(self, gate: BusGate, frame: Frame, now: float) -> bytes:
        """The frame, after which the gate has its turn."""
        gate.asked(now)
        gate.sent(frame, now)
        data = self._floor.speak(encode(frame), now)
        self._floor.give(gate, gate.reply_s, (frame.turn + 1) * MAX_WIRE_BYTES)
        return data

    def _greet(self, gate: BusGate, now: float) -> bytes:
        gate.hub_nonce = gate.hub_nonce or self._nonce()
        slots = SLOTS if gate.suspicious else 1
        hello = Hello(VERSION, gate.hub_nonce).to_bytes()
        frame = Frame(gate.address, Kind.HELLO, turn=slots, payload=hello)
        gate.asked(now)
        gate.sent(frame, now)
        data = self._floor.speak(encode(frame), now)
        turn = self._floor.give(gate, gate.reply_s, _WELCOME_BYTES)
        if slots > 1:
            turn.slotted = True
            turn.deadline = turn.latest = turn.latest + slots * self._line.slot_s
        return data

    def _take(self, frame: Frame, now: float) -> None:
        gate = self._gates.get(frame.address)
        if gate is None:
            self._strangers += 1
            return
        gate.heard(now)
        turn = self._floor.turn_of(gate)
        if turn is not None and turn.first_at is not None and not (turn.slotted or turn.measured):
            gate.measured(max(0.0, turn.first_at - turn.began_at))
            turn.measured = True
        if frame.kind is Kind.WELCOME:
            self._hear_welcome(gate, frame, now)
        elif gate.connection is not None and frame.tag == gate.connection.tag:
            self._hear(gate, gate.connection, frame, now)

    def _hear(self, gate: BusGate, connection: Connection, frame: Frame, now: float) -> None:
        """Take a frame of the gate's connection."""
        turn = self._floor.turn_of(gate)
        if frame.kind is Kind.DATA:
            connection.receive_data(frame)
            if turn is not None:
                turn.carried = True
        elif frame.kind is Kind.ACK and connection.receive_ack(frame) and turn is not None:
            self._floor.take_back(now)
            crowded = self._schedule.is_crowded
            gate.answered(now, more=bool(frame.turn), carried=turn.carried, crowded=crowded)
        elif frame.kind is Kind.CLOSED:
            gate.suspicious |= turn is not None and turn.carried
            self._close(gate, "the gate began anew", now, greet_at=now)
        elif frame.kind is Kind.HERE:
            gate.wake(now)
            if self._floor.turn is not None and self._floor.turn.gate is None:
                self._floor.take_back(now)

    def _hear_welcome(self, gate: BusGate, frame: Frame, now: float) -> None:
        try:
            welcome = parse_welcome(frame.payload)
        except FrameError:
            return
        turn = self._floor.turn_of(gate)
        if welcome.hub_nonce != gate.hub_nonce:
            return
        if gate.connection is not None:
            if welcome != gate.welcome:
                gate.suspicious = True
                self._close(gate, "another gate answers at the same address", now, greet_at=now)
        elif turn is not None and turn.slotted:
            turn.welcomes.add(welcome)
        else:
            if turn is not None:
                self._floor.take_back(now)
            self._welcomed(gate, {welcome}, now)

    def _welcomed(self, gate: BusGate, welcomes: set[Welcome], now: float) -> None:
        """A greeting was answered, by one gate or by more."""
        welcome = next(iter(welcomes))
        if len(welcomes) > 1:
            gate.lone_welcomes = 0
            if gate.state is not GateState.DOUBLED:
                gate.state = GateState.DOUBLED
                self._events.append(AddressDoubled(gate.address))
            gate.missed(now, garbled=True)
        elif welcome.version != VERSION:
            gate.gate_version = welcome.version
            gate.missed(now, garbled=False)
        elif gate.state is GateState.DOUBLED and gate.lone_welcomes + 1 < WELCOMES_TO_TRUST:
            gate.lone_welcomes += 1
            gate.wake(now)
        else:
            gate.gate_version = None
            self._events.append(Opened(gate.opened(welcome, now)))

    def _missed(self, gate: BusGate, turn: Turn, now: float) -> None:
        gate.lone_welcomes = 0
        if gate.missed(now, garbled=turn.disturbed):
            self._close(gate, "the gate does not answer any more", now, greet_at=now)

    def _next_end_at(self) -> float:
        """When the next connection ends that was closed at this end."""
        closing = [
            -inf if connection.lingers_until is None else connection.lingers_until
            for gate in self._gates.values()
            if (connection := gate.connection) is not None and connection.close_wanted
        ]
        return min(closing, default=inf)

    def _close_where_wanted(self, now: float) -> None:
        for gate in self._gates.values():
            if gate.connection is not None and gate.connection.is_over(now):
                self._close(gate, "closed here", now, greet_at=now + REOPEN_S)

    def _close(self, gate: BusGate, reason: str, now: float, *, greet_at: float) -> None:
        if self._floor.turn_of(gate) is not None:
            self._floor.take_back(now)
        connection = gate.closed(greet_at)
        if connection is not None:
            self._events.append(Closed(connection, reason))

    def _wake_all(self, now: float) -> None:
        for gate in self._gates.values():
            if gate.connection is not None:
                gate.wake(now)
