"""One session between a gate and the office: bytes in, events out, time passed in.

Knows no socket, no clock and no key. The stream below is reliable, in order and
authenticated (TLS, see docs/network.md and docs/serial.md); statements inside messages
have signatures of their own, which the two ends verify when they act on them.

    session.receive(data, now)         then next_event() until None
    session.send(message)              or send_envelope(bytes)
    session.data_to_send(at_most)      small helpings, so that a revocation overtakes
    session.on_time(now)               at next_deadline()

Whatever is urgent (updates, receipts, orders, answers) goes before whatever is bulk
(pieces of a whole list, batches of the usage log).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from sync.codec import CodecError
from sync.greeting import find_misfit
from sync.message_codec import decode_message
from sync.message_stream import MessageReader, Outbox, framed
from sync.messages import (
    NONCE_BYTES,
    Bye,
    FloorSent,
    Hello,
    LogBatch,
    LogStored,
    Message,
    Piece,
    PulseAnswer,
    Role,
    Taken,
    Transfer,
    Unknown,
    Update,
)
from sync.pulse_question import Question
from sync.session_events import (
    Delivered,
    Ended,
    EnvelopeReceived,
    Greeted,
    Pace,
    PulseDue,
    Received,
    SessionEvent,
)
from sync.session_table import MOVES, OTHER_END, Happening, State, may_come, may_send
from sync.transfer import Incoming, MemoryPieces, Outgoing, PieceStore, TransferError

MAX_URGENT_BYTES: Final = 4 << 20
"""What may wait for a peer that does not read; beyond it the session ends."""
MAX_UNKNOWN: Final = 1_000


class SessionMisuseError(Exception):
    """Our own side asked for what the table does not allow: a bug here, not there."""


class Session:
    """One end of one session. Every method but ``send…`` copes with whatever the other end does."""

    def __init__(
        self,
        hello: Hello,
        *,
        pace: Pace,
        now: float,
        random_bytes: Callable[[int], bytes],
        pieces: PieceStore | None = None,
    ) -> None:
        """``pieces`` keeps a half-received list from one session to the next; for gates."""
        self.hello: Final = hello
        self.peer: Hello | None = None
        self.state = State.GREETING
        self._pace = pace
        self._random_bytes = random_bytes
        self._reader = MessageReader()
        self._events: deque[SessionEvent] = deque()
        self._outbox = Outbox()
        self._incoming = Incoming(pieces or MemoryPieces(), pace.window_bytes)
        self._outgoing: Outgoing | None = None
        self._batches: deque[int] = deque()
        self._unknown = 0
        self._heard_at = now
        self._question = Question()
        self._pulse_at = now
        self._queue(hello)

    def send(self, message: Message) -> None:
        """Say something; raises ``SessionMisuseError`` for what is not ours to say now."""
        if not may_send(message.kind, self.hello.role, self.state):
            raise SessionMisuseError(
                f"{self.hello.role.name} may not send {message.kind.name} in state {self.state.value}"
            )
        if isinstance(message, LogBatch):
            self._batches.append(message.first + len(message.entries) - 1)
            self._outbox.put_bulk(message)
            return
        self._queue(message)
        if isinstance(message, Bye):
            self._end(Happening.LEFT, message.code, message.text, by_peer=False)

    def send_envelope(self, envelope: bytes) -> None:
        """Send an update: at once if it is small, else in pieces, instead of any under way."""
        if len(envelope) <= self._pace.piece_bytes:
            self.send(Update(envelope))
            return
        outgoing = Outgoing(
            envelope, piece_bytes=self._pace.piece_bytes, window_bytes=self._pace.window_bytes
        )
        self.send(outgoing.transfer)
        self._outgoing = outgoing

    def drop_transfer(self) -> None:
        """Send no further piece of an envelope that another has overtaken."""
        self._outgoing = None

    def ask_time(self, boot_id: bytes, boottime_ms: int, now: float) -> None:
        """Ask for time and newest list; a question before it that has no answer is forgotten."""
        self.send(self._question.ask(self._random_bytes(NONCE_BYTES), boot_id, boottime_ms, now))

    @property
    def is_open(self) -> bool:
        """Whether anything but hello and goodbye may be said."""
        return self.state is State.OPEN

    @property
    def log_room(self) -> bool:
        """Whether another log batch may be sent: few are under way and nothing waits before it."""
        return self.state is State.OPEN and len(self._batches) < self._pace.batches and not self._outbox

    @property
    def piece_bytes(self) -> int:
        """About how large a log batch may be."""
        return self._pace.piece_bytes

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the stream; none: it has ended."""
        if self.state in (State.CLOSED, State.FAILED):
            return
        if not data:
            self._end(Happening.ENDED, "ended", "the connection ended", by_peer=True)
            return
        self._reader.feed(data)
        try:
            while (message := self._reader.next_message()) is not None:
                self._heard_at = now
                self._take(message, now)
        except (CodecError, TransferError) as error:
            self._violated(str(error))

    def next_event(self) -> SessionEvent | None:
        """The oldest event that was not taken yet."""
        return self._events.popleft() if self._events else None

    def data_to_send(self, at_most: int) -> bytes:
        """Bytes for the stream, about ``at_most`` (whole messages): urgent ones first, then bulk."""
        out = bytearray()
        while len(out) < at_most:
            message = self._outbox.take()
            if message is None and (piece := self._next_piece()) is not None:
                message = framed(piece)
            if message is None:
                break
            out += message
        return bytes(out)

    def on_time(self, now: float) -> None:
        """Do what is due."""
        limit = self._pace.greeting_s if self.state is State.GREETING else self._pace.silence_s
        if self.state not in (State.GREETING, State.OPEN):
            return
        if now >= self._heard_at + limit:
            self._end(Happening.SILENT, "silent", f"no message for {limit:g} s", by_peer=False)
        elif self.state is State.OPEN and self.hello.role is Role.GATE and now >= self._pulse_at:
            self._pulse_at = now + self._pace.pulse_s
            self._events.append(PulseDue())

    def next_deadline(self) -> float | None:
        """When to call ``on_time``; ``None`` once the session is over."""
        match self.state:
            case State.GREETING:
                return self._heard_at + self._pace.greeting_s
            case State.OPEN:
                silent = self._heard_at + self._pace.silence_s
                return min(silent, self._pulse_at) if self.hello.role is Role.GATE else silent
            case _:
                return None

    def _take(self, data: bytes, now: float) -> None:
        message = decode_message(data)
        if isinstance(message, int):
            self._take_unknown(message)
            return
        if not may_come(message.kind, OTHER_END[self.hello.role], self.state):
            self._violated(f"{message.kind.name} may not come in state {self.state.value}")
            return
        match message:
            case Hello():
                self._greeted(message, now)
            case Bye(code, text):
                self._end(Happening.LEFT, code, text, by_peer=True)
            case PulseAnswer(signed):
                if (answered := self._question.answer(signed, now)) is not None:
                    self._events.append(answered)
            case FloorSent():
                self._question.forget()  # what was said before the root's word counts no longer
                self._events.append(Received(message))
            case Update() | Transfer() | Piece() | Taken():
                self._move_update(message)
            case LogStored():
                self._stored(message)
            case _:
                self._events.append(Received(message))

    def _move_update(self, message: Update | Transfer | Piece | Taken) -> None:
        """Updates, small or in pieces; raises ``TransferError``."""
        match message:
            case Update(envelope):
                self._events.append(EnvelopeReceived(envelope))
            case Transfer():
                self._queue(self._incoming.announced(message))
                self._take_whole()
            case Piece():
                if (taken := self._incoming.piece(message)) is not None:
                    self._queue(taken)
                self._take_whole()
            case Taken():
                self._taken(message)

    def _stored(self, message: LogStored) -> None:
        while self._batches and self._batches[0] <= message.number:
            self._batches.popleft()
        self._events.append(Received(message))

    def _take_unknown(self, kind: int) -> None:
        """Answered, never fatal, so that a newer end can ask; but not without limit."""
        self._unknown += 1
        if self.state is State.GREETING or self._unknown > MAX_UNKNOWN:
            self._violated(f"a message of unknown kind {kind}")
        else:
            self._queue(Unknown(kind))

    def _greeted(self, hello: Hello, now: float) -> None:
        misfit = find_misfit(self.hello, hello)
        if misfit is not None:
            self._refuse(misfit.code, misfit.text)
            return
        self.peer = hello
        self.state = MOVES[self.state, Happening.GREETED]
        self._pulse_at = now
        self._events.append(Greeted(hello))

    def _taken(self, taken: Taken) -> None:
        if self._outgoing is None:
            return
        self._outgoing.taken(taken)
        if self._outgoing.done:
            self._events.append(Delivered(self._outgoing.digest))
            self._outgoing = None

    def _take_whole(self) -> None:
        envelope = self._incoming.take_whole()
        if envelope is not None:
            self._events.append(EnvelopeReceived(envelope))

    def _next_piece(self) -> Piece | None:
        if self._outgoing is None or self.state is not State.OPEN:
            return None
        return self._outgoing.next_piece()

    def _queue(self, message: Message) -> None:
        self._outbox.put(message)
        if self._outbox.urgent_bytes > MAX_URGENT_BYTES:
            self._end(Happening.VIOLATED, "does_not_read", "the other end does not read", by_peer=False)

    def _violated(self, text: str) -> None:
        self._refuse("violation", text)

    def _refuse(self, code: str, text: str) -> None:
        """Say why, and trust nothing any more that comes from there."""
        self._queue(Bye(code, text[:200]))
        self._end(Happening.VIOLATED, code, text, by_peer=False)

    def _end(self, happening: Happening, code: str, text: str, *, by_peer: bool) -> None:
        following = MOVES.get((self.state, happening))
        if following is None:
            return
        self.state = following
        self._reader.clear()
        self._outbox.drop_bulk()
        self._outgoing = None
        self._events.append(Ended(code, text, by_peer))
