"""Who has the floor on the serial bus: the hub's own frames in time, and the turns it gives away."""

from __future__ import annotations

from math import inf
from typing import Final

from sync.bus_gate import BusGate
from sync.frame_payloads import Welcome
from sync.frames import END
from sync.line import Line

AHEAD_S: Final = 0.01
"""A frame that follows another is handed over this long before the line is free."""
REFILL_S: Final = 0.03
"""So long before the line is free, those who send are asked for more: what is not asked for yet, something
urgent overtakes. A program that is busy for longer leaves a pause on the line, and nothing else."""
PAUSE_S: Final = 0.05
"""The longest pause between the bytes of an answer; adapters deliver in lumps, every 16 ms."""
_SLOWER: Final = 0.01
"""By how much a line may be slower than its name says; beyond that, answers are missed until the hub has
learnt to wait longer."""


class Turn:
    """Somebody else may speak now."""

    def __init__(self, gate: BusGate | None, began_at: float, deadline: float, latest: float) -> None:
        self.gate = gate
        """``None``: whoever has something to say."""
        self.began_at = began_at
        self.deadline = deadline
        self.latest = latest
        """However much is still coming, noise perhaps, the turn ends then."""
        self.slotted = False
        """Several may answer one after the other: it lasts until its end."""
        self.first_at: float | None = None
        """When the first bytes came."""
        self.measured = False
        self.carried = False
        """Whether data came."""
        self.welcomes: set[Welcome] = set()

    @property
    def disturbed(self) -> bool:
        """Whether something came, if no good answer did."""
        return self.first_at is not None

    def prolong(self, now: float) -> None:
        """Something is coming: wait for the rest of it."""
        if self.first_at is None:
            self.first_at = now
        if not self.slotted:
            self.deadline = min(max(self.deadline, now + PAUSE_S), self.latest)


class Floor:
    """Knows when the line is free; frames written are taken to leave at the line's speed."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._free_at = -inf
        self._burst_at = -inf
        self.turn: Turn | None = None
        self.speak_at = -inf
        """From when on the hub may hand over its next frame, if nobody has the floor."""
        self.refilling = True
        """Whether those who send are to hand over what comes next."""

    def is_open(self, now: float) -> bool:
        """Whether the hub may speak now."""
        return self.turn is None and now >= self.speak_at

    def speak(self, data: bytes, now: float) -> bytes:
        """``data`` as it is to be written now; the time it takes is noted."""
        if now >= self._free_at:  # not on the heels of another frame: end what noise there was
            data = END + data
            self._burst_at = self._free_at = now
        self._free_at += len(data) * self._line.byte_s
        self.speak_at = self._free_at - AHEAD_S
        self.refilling = False
        return data

    @property
    def refill_at(self) -> float:
        """When ``look`` asks for more."""
        return inf if self.refilling else self.speak_at - REFILL_S

    def look(self, now: float) -> None:
        """Ask those who send for more, if the line is about to be free."""
        self.refilling |= now >= self.refill_at

    def give(self, gate: BusGate | None, reply_s: float, most_bytes: int) -> Turn:
        """Let a gate, or whoever wants, speak: the first byte within ``reply_s``, so much in all."""
        late_s = (self._free_at - self._burst_at) * _SLOWER
        deadline = self._free_at + late_s + reply_s
        latest = deadline + 1.5 * most_bytes * self._line.byte_s + 4 * PAUSE_S
        self.turn = Turn(gate, self._free_at, deadline, latest)
        return self.turn

    def take_back(self, now: float) -> None:
        """The turn is over; the other side's driver gets time to let go of the pair."""
        self.turn = None
        self.speak_at = now + self._line.turnaround_s

    def turn_of(self, gate: BusGate) -> Turn | None:
        """The turn, if it is this gate's."""
        return self.turn if self.turn is not None and self.turn.gate is gate else None
