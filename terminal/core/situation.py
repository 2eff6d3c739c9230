"""What a decision is about: the time, the request, and the facts the shell knows.

Plain values. The shell fills them from the clock, the readers, the doors and the
stores; the core never asks anybody.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

from msgspec import Struct, field

from sync.records import ClockState, Credential, Direction, DoorMode, GrantKind, Pin, PinMatch

LAST_UTC: Final = 253_370_764_800
"""9999-01-01T00:00:00Z. Past it the calendar ends; a clock that says so is unknown."""


class Now(Struct, frozen=True):
    """One reading of the clocks."""

    monotonic: float
    """Seconds since this boot; never steps."""
    utc: int | None
    """UTC seconds, ``None`` when the gate has no wall time."""
    floor: int
    """UTC seconds: it is certainly not earlier than this (persisted, forward only)."""
    clock: ClockState

    @property
    def wall(self) -> int | None:
        """The UTC second to decide with: never before the floor, ``None`` when unknown."""
        if self.utc is None or self.clock is ClockState.UNKNOWN:
            return None
        wall = max(self.utc, self.floor)
        return wall if 0 <= wall <= LAST_UTC else None

    @property
    def earliest(self) -> int:
        """The UTC second that has certainly come: wall time, and the floor without it."""
        wall = self.wall
        return self.floor if wall is None else wall


class PinEntry(Struct, frozen=True):
    """What was typed beside the card, as the shell found it to be: the core makes no hash."""

    matches: Mapping[Pin, PinMatch] = field(default_factory=dict)
    """What the digits are to each PIN they were compared with. A PIN that is missing here
    (nothing was typed, or the list has just got this PIN) is asked for."""
    blocked: bool = False
    """No PIN is taken for this credential now; grants without a PIN are not concerned."""

    def __repr__(self) -> str:
        return f"PinEntry(blocked={self.blocked})"


NO_PIN: Final = PinEntry()


class Request(Struct, frozen=True):
    """A tap: this credential asks to pass this door in this direction."""

    credential: Credential
    door: int
    direction: Direction
    """IN or OUT; BOTH for a reader that cannot tell, which needs a grant for both."""
    pin: PinEntry = NO_PIN
    companion: frozenset[GrantKind] = frozenset()
    """Kinds under which a second person has confirmed (see `terminal.core.companion`)."""


class Position(Struct, frozen=True):
    """Where an anti-passback area last saw a grant."""

    inside: bool
    order: int
    """Grows with every recorded move: tells the latest, whatever the clocks did."""
    utc: int | None
    """UTC second of the move, ``None`` when it was unknown."""
    monotonic: float | None
    """Monotonic second of the move; ``None`` when it was in an earlier boot."""


class Situation(Struct, frozen=True):
    """The facts around one tap, as the shell knows them at this moment."""

    mode: DoorMode
    """From `terminal.core.modes.door_mode`."""
    list_age_s: float | None
    """Seconds since the office last confirmed the list (a lower bound will do);
    ``None``: unknown. Under an unknown clock that is no reason to refuse; else it is
    as good as infinitely old."""
    interlock_clear: bool = True
    """No other door of this door's interlock groups is open or unlocked."""
    awaits_first_card: bool = False
    """A free-access window runs and waits for its first card."""
    spent: Mapping[int, int] = field(default_factory=dict)
    """Grant id → uses spent at this gate."""
    spends_lost: Container[int] = ()
    """Grant ids whose spends may have been lost: counted grants among them refuse."""
    positions: Mapping[tuple[int, int], Position] = field(default_factory=dict)
    """(area id, grant id) → last position. Forgiving by command deletes entries."""
