"""Two ends of a session joined by a link of our own making, with time of our own making."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from sync.messages import PROTOCOL_VERSION, Hello, LogStored, Message, Role
from sync.session import Session
from sync.session_events import Ended, Pace, Received, SessionEvent
from sync.transfer import MemoryPieces, PieceStore

ESTATE = b"estate-1"
GATE = 7
PACE = Pace(piece_bytes=100, window_bytes=1_000, pulse_s=20.0, silence_s=65.0)

Link = Callable[[bytes], list[bytes]]
"""What becomes of bytes on the way: the chunks in which they arrive."""


def whole(data: bytes) -> list[bytes]:
    """As they were sent."""
    return [data]


def single_bytes(data: bytes) -> list[bytes]:
    """One at a time."""
    return [data[at : at + 1] for at in range(len(data))]


def ragged(seed: int) -> Link:
    """In chunks of any length."""
    draw = Random(seed)

    def cut(data: bytes) -> list[bytes]:
        chunks = []
        while data:
            length = draw.randint(1, 40)
            chunks.append(data[:length])
            data = data[length:]
        return chunks

    return cut


def hello(role: Role, **changes: object) -> Hello:
    """A hello that fits the other end's."""
    plain = Hello((PROTOCOL_VERSION,), role, ESTATE, GATE, bytes([role]) * 16, "test 1")
    return replace(plain, **changes)


class Pair:
    """A gate's and an office's session on one link."""

    def __init__(
        self,
        link: Link = whole,
        *,
        pace: Pace = PACE,
        pieces: PieceStore | None = None,
        gate: Hello | None = None,
        office: Hello | None = None,
        now: float = 1_000.0,
    ) -> None:
        self.now = now
        self._link = link
        counter = iter(range(1 << 20))
        self.gate = Session(
            gate or hello(Role.GATE),
            pace=pace,
            now=now,
            random_bytes=lambda count: next(counter).to_bytes(count, "big"),
            pieces=pieces or MemoryPieces(),
        )
        self.office = Session(office or hello(Role.OFFICE), pace=pace, now=now, random_bytes=bytes)
        self.at_gate: list[SessionEvent] = []
        self.at_office: list[SessionEvent] = []
        self.sent: list[bytes] = []
        """What the office sent, helping by helping."""
        self.cut_after: int | None = None
        """Bytes, both ways together, after which the link is cut."""

    def settle(self, helping: int = 64) -> None:
        """Carry bytes both ways until neither end has any more."""
        while self.carry(helping):
            pass

    def carry(self, helping: int = 64) -> bool:
        """One helping each way; whether there was any."""
        down = self.office.data_to_send(helping)
        self.sent.append(down)
        up = self.gate.data_to_send(helping)
        self._arrive(self.gate, down)
        self._arrive(self.office, up)
        self._take()
        return bool(down or up)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, with what is due at each end and an answered pulse left to the test."""
        end = self.now + seconds
        while True:
            deadlines = [
                one for one in (self.gate.next_deadline(), self.office.next_deadline()) if one is not None
            ]
            if not deadlines or min(deadlines) > end:
                break
            self.now = max(self.now, min(deadlines))
            self.gate.on_time(self.now)
            self.office.on_time(self.now)
            self._take()
        self.now = end

    def messages(self, events: list[SessionEvent]) -> list[Message]:
        """The messages among ``events``."""
        return [one.message for one in events if isinstance(one, Received)]

    def ended(self, events: list[SessionEvent]) -> Ended | None:
        """How it ended there, if it did."""
        return next((one for one in events if isinstance(one, Ended)), None)

    def acknowledge(self, epoch: bytes, number: int) -> None:
        """The office has the log so far."""
        self.office.send(LogStored(epoch, number))

    def _arrive(self, end: Session, data: bytes) -> None:
        for chunk in self._link(data) if data else ():
            if self.cut_after is not None:
                chunk = chunk[: self.cut_after]  # noqa: PLW2901
                self.cut_after -= len(chunk)
            if chunk:
                end.receive(chunk, self.now)
        if self.cut_after == 0:
            self.gate.receive(b"", self.now)
            self.office.receive(b"", self.now)

    def _take(self) -> None:
        for session, events in ((self.gate, self.at_gate), (self.office, self.at_office)):
            while (event := session.next_event()) is not None:
                events.append(event)
