"""What a reader's lamps and buzzer say: one pattern for each outcome, as data.

No meaning hangs on colour or on one sense: the rhythm tells the five signals apart, on
the lamps and on the buzzer alike. A new signal replaces the running one at once, so the
next tap never waits for the last one's lights.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from typing import Protocol, runtime_checkable

from msgspec import Struct

from drivers.ports import OutputLine


@unique
class Signal(Enum):
    """What the person at the door should understand."""

    GRANTED = "granted"
    REFUSED = "refused"
    """For good: this card will not open here; see the office."""
    NOT_NOW = "not_now"
    """For now: the card is good, but not at this hour, or something else comes first."""
    FAULT = "fault"
    """The gate is at fault, not the card."""
    PRE_ALARM = "pre_alarm"
    """Close the door, or an alarm follows. Goes on until cleared."""


@unique
class Output(Enum):
    """The outputs a reader may have; each is optional."""

    GREEN = "green"
    RED = "red"
    BUZZER = "buzzer"


class Step(Struct, frozen=True):
    """One part of a rhythm."""

    on: bool
    for_s: float


class Pattern(Struct, frozen=True):
    """A rhythm shown on all of ``outputs`` together."""

    outputs: frozenset[Output]
    steps: tuple[Step, ...]
    repeats: bool = False


def _pulses(count: int, on_s: float, off_s: float) -> tuple[Step, ...]:
    return (Step(True, on_s), Step(False, off_s)) * count


_BAD = frozenset({Output.RED, Output.BUZZER})

PATTERNS: Mapping[Signal, Pattern] = {
    # One long: go. Three short: no. Two long: later. Eight very short: broken. Slow tick: door.
    Signal.GRANTED: Pattern(frozenset({Output.GREEN, Output.BUZZER}), _pulses(1, 1.0, 0.0)),
    Signal.REFUSED: Pattern(_BAD, _pulses(3, 0.15, 0.15)),
    Signal.NOT_NOW: Pattern(_BAD, _pulses(2, 0.5, 0.3)),
    Signal.FAULT: Pattern(_BAD, _pulses(8, 0.06, 0.06)),
    Signal.PRE_ALARM: Pattern(_BAD, _pulses(1, 0.1, 0.9), repeats=True),
}


@runtime_checkable
class Indicator(Protocol):
    """Lamps and buzzer in a reader's own housing; a reader that has them has these two methods as well.

    The reader keeps the rhythm itself: a bus with 50 ms between two words could not.
    """

    def show(self, pattern: Pattern) -> None:
        """Play at once; never blocks. A repeating one stands until ``clear``; others pass over it."""

    def clear(self) -> None:
        """End the standing pattern; never blocks."""


class Frame(Struct, frozen=True):
    """What is shown at one moment."""

    on: frozenset[Output]
    until: float | None
    """Monotonic second of the next change; None when nothing more will change."""


_DARK = Frame(frozenset(), None)


def frame(pattern: Pattern, started_at: float, now: float) -> Frame:
    """What ``pattern``, begun at ``started_at``, shows at ``now``; a late call skips what was missed."""
    elapsed = max(0.0, now - started_at)
    length = sum(step.for_s for step in pattern.steps)
    begin = started_at
    if pattern.repeats:
        begin += elapsed // length * length
    for step in pattern.steps:
        end = begin + step.for_s
        if now < end:
            return Frame(pattern.outputs if step.on else frozenset(), end)
        begin = end
    if pattern.repeats:  # rounding put `now` on the seam of two rounds
        return Frame(pattern.outputs if pattern.steps[0].on else frozenset(), begin + pattern.steps[0].for_s)
    return _DARK


class Player:
    """Plays signals on one reader's outputs; time is passed in, ``next_deadline`` goes out."""

    def __init__(self, outputs: Mapping[Output, OutputLine]) -> None:
        self._outputs = outputs
        self._lit: frozenset[Output] = frozenset()
        self._standing: tuple[Pattern, float] | None = None
        self._passing: tuple[Pattern, float] | None = None
        self._deadline: float | None = None

    def play(self, signal: Signal, now: float) -> None:
        """Show ``signal`` at once. A repeating one stands until ``clear``; others pass over it."""
        pattern = PATTERNS[signal]
        if pattern.repeats:
            self._standing = (pattern, now)
            self._passing = None
        else:
            self._passing = (pattern, now)
        self.on_time(now)

    def clear(self, now: float) -> None:
        """End the standing signal; one that is just passing plays to its end."""
        self._standing = None
        self.on_time(now)

    def on_time(self, now: float) -> None:
        """Show what is due at ``now``; call it at ``next_deadline``."""
        shown = _DARK
        if self._passing is not None:
            shown = frame(*self._passing, now)
            if shown.until is None:
                self._passing = None
        if self._passing is None and self._standing is not None:
            shown = frame(*self._standing, now)
        for output, line in self._outputs.items():
            if (output in shown.on) != (output in self._lit):
                line.set(output in shown.on)
        self._lit = shown.on
        self._deadline = shown.until

    def next_deadline(self) -> float | None:
        """Monotonic second at which ``on_time`` has something to change."""
        return self._deadline
