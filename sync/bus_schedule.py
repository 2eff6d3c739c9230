"""Whose turn it is on the serial bus: data shared fairly, everybody asked each second.

After each poll comes data, if there is any, and after data at most one poll: neither
holds up the other. What is sent to a gate that was quiet so far goes before polls. While the
line is busy, one common question a second to all gates replaces a poll of each: seven of
them are a fifth of a 9600 baud line in bytes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

from msgspec import Struct

from sync.bus_gate import BusGate
from sync.line import MAX_WIRE_BYTES

COMMON_QUESTION_S: Final = 1.0
PRESENCE_S: Final = 4.0
"""While the line is busy, one quiet gate is polled by itself so often: is it still there?"""
_BUSY_S: Final = 1.0
"""For so long after data was sent the line counts as busy."""
_HEAD_START_BYTES: Final = 2 * MAX_WIRE_BYTES
"""A gate that was silent so far goes first with this much: the length of a revocation."""


class SendData(Struct, frozen=True):
    """Send this gate its next DATA frame, and with it the common question if asked to."""

    gate: BusGate
    asks_everyone: bool = False


class Ask(Struct, frozen=True):
    """Poll this gate, or look for it."""

    gate: BusGate


class AskEveryone(Struct, frozen=True):
    """Put the common question."""


Move = SendData | Ask | AskEveryone


class Schedule:
    """Chooses the next move; told what was done by ``choose`` itself."""

    def __init__(self, gates: Sequence[BusGate]) -> None:
        self._gates = gates
        self._asked_last = False
        self._busy_until = -inf
        self._everyone_at = -inf
        self._presence_at = -inf

    def choose(self, now: float) -> Move | None:
        """What to do now; ``None``: nothing is due."""
        backlogged = [gate for gate in self._gates if gate.has_data]
        if backlogged and self._asked_last:
            return self._send(backlogged, now)
        if backlogged and self._one_is_fresh(backlogged):
            return self._send(backlogged, now, asks_everyone=self._everyone_due_at() <= now)
        due_at, gate = self._first_due()
        if self._everyone_due_at() <= min(now, due_at):
            if backlogged:
                return self._send(backlogged, now, asks_everyone=True)
            self._everyone_asked(now)
            return AskEveryone()
        self._asked_last = True
        if gate is not None and due_at <= now:
            if gate.is_quiet:
                self._presence_at = now + PRESENCE_S
            return Ask(gate)
        return self._send(backlogged, now) if backlogged else None

    @property
    def is_crowded(self) -> bool:
        """Whether some gate's data waits."""
        return any(gate.has_data for gate in self._gates)

    def next_at(self) -> float:
        """When ``choose`` has something at the earliest."""
        if self.is_crowded:
            return -inf
        return min(self._everyone_due_at(), self._first_due()[0])

    def _send(self, backlogged: Sequence[BusGate], now: float, *, asks_everyone: bool = False) -> SendData:
        self._asked_last = asks_everyone
        if asks_everyone:
            self._everyone_asked(now)
        self._busy_until = now + _BUSY_S
        chosen = min(backlogged, key=lambda gate: gate.charge)
        for gate in self._gates:  # nobody saves up more than the head start
            gate.charge = max(gate.charge, chosen.charge - _HEAD_START_BYTES)
        return SendData(chosen, asks_everyone)

    def _one_is_fresh(self, backlogged: Sequence[BusGate]) -> bool:
        """Whether one of them has most of its head start left: what it is sent does not wait for polls.

        A revocation at all gates would else wait for the first ones' receipts.
        """
        most = max(gate.charge for gate in self._gates)
        return min(gate.charge for gate in backlogged) < most - MAX_WIRE_BYTES

    def _everyone_asked(self, now: float) -> None:
        self._everyone_at = max(self._everyone_at + COMMON_QUESTION_S, now + COMMON_QUESTION_S / 2)

    def _first_due(self) -> tuple[float, BusGate | None]:
        crowded = self.is_crowded
        due = [
            (gate.due_at(self._busy_until, self._presence_at, crowded=crowded), gate) for gate in self._gates
        ]
        return min(due, key=lambda one: (one[0], one[1].asked_at), default=(inf, None))

    def _everyone_due_at(self) -> float:
        open_gates = sum(gate.connection is not None for gate in self._gates)
        return self._everyone_at if open_gates > 1 and self._everyone_at < self._busy_until else inf
