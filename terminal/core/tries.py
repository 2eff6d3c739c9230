"""Wrong tries: five in a row at a reader raise an alarm; wrong PINs block PIN entry.

Nothing here can block a reader: a valid card opens after any number of wrong tries.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sync.records import Reason, RevocationReason

WRONG_TRIES: Final = frozenset(
    {
        Reason.UNKNOWN_CREDENTIAL,
        Reason.WRONG_PIN,
        *(one.reason for one in RevocationReason),
    }
)
"""Outcomes that count. The others are honest mistakes (hours, door) or the gate's own."""
ALARM_EVERY: Final = 5

PIN_LIMIT: Final = 5
PIN_BLOCK_S: Final = 300.0
"""Long enough that 10,000 four-digit PINs take a week of standing at the door."""


class Tries(Struct, frozen=True):
    """Wrong tries in a row at one reader."""

    in_row: int = 0


def after_tap(tries: Tries, reason: Reason) -> tuple[Tries, bool]:
    """Count an outcome; the flag says that the alarm is due (at 5, 10, 15 … in a row)."""
    if reason.granted:
        return Tries(), False
    if reason not in WRONG_TRIES:
        return tries, False
    counted = Tries(tries.in_row + 1)
    return counted, counted.in_row % ALARM_EVERY == 0


class PinTries(Struct, frozen=True):
    """Wrong PINs in a row with one credential."""

    in_row: int = 0
    blocked_until: float | None = None
    """Monotonic second."""

    def blocked(self, now: float) -> bool:
        """Whether PIN entry with this credential is blocked at monotonic ``now``."""
        return self.blocked_until is not None and now < self.blocked_until


def before_pin(tries: PinTries, now: float) -> PinTries:
    """Count an entry before anybody knows what it is: every fifth blocks entry for PIN_BLOCK_S.

    So no more than five are ever compared, however many are typed while the first waits.
    """
    counted = replace(tries, in_row=tries.in_row + 1)
    if counted.in_row % PIN_LIMIT == 0:
        return replace(counted, blocked_until=now + PIN_BLOCK_S)
    return counted


def after_pin(tries: PinTries, reason: Reason) -> PinTries:
    """The outcome of a counted entry: a wrong PIN stays counted, an opening begins anew.

    Any other outcome says nothing about the PIN: the entry is taken back, and its block.
    """
    if reason is Reason.GRANTED:
        return PinTries()
    if reason is Reason.WRONG_PIN or tries.in_row == 0:
        return tries
    blocked_until = None if tries.in_row % PIN_LIMIT == 0 else tries.blocked_until
    return PinTries(tries.in_row - 1, blocked_until)
