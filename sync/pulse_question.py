"""The gate's one open question to the office: what time is it, and which list is the newest?"""

from __future__ import annotations

from collections import deque
from typing import Final

from msgspec import Struct

from sync.messages import Answered, Pulse
from sync.session_events import TimeAnswered
from sync.statements.pulse import claimed_nonce

REMEMBERED_QUESTIONS: Final = 8
"""Forgotten ones whose answers may still be under way."""


class _Asked(Struct, frozen=True):
    nonce: bytes
    boottime_ms: int
    at: float


class Question:
    """Remembers the newest nonce, and when it was asked."""

    def __init__(self) -> None:
        self._asked: _Asked | None = None
        self._answered: Answered | None = None
        self._forgotten: deque[bytes] = deque(maxlen=REMEMBERED_QUESTIONS)

    def ask(self, nonce: bytes, boot_id: bytes, boottime_ms: int, now: float) -> Pulse:
        """The message that asks; an earlier question is forgotten."""
        self.forget()
        self._asked = _Asked(nonce, boottime_ms, now)
        return Pulse(nonce, boot_id, boottime_ms, self._answered)

    def forget(self) -> None:
        """Want no answer to what was asked any more: one that still comes is passed over."""
        if self._asked is not None:
            self._forgotten.append(self._asked.nonce)
        self._asked = None

    def answer(self, signed: bytes, now: float) -> TimeAnswered | None:
        """What came back; ``None`` if nothing was asked: it is late, or answers an older question."""
        if self._asked is None or claimed_nonce(signed) in self._forgotten:
            return None
        asked, self._asked = self._asked, None
        round_trip_s = now - asked.at
        self._answered = Answered(asked.nonce, asked.boottime_ms + round(round_trip_s * 1000))
        return TimeAnswered(asked.nonce, signed, asked.boottime_ms, round_trip_s)
