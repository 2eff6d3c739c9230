"""What a reader's lamps and buzzer say: one pattern for each outcome, as data.

No meaning hangs on colour or on one sense: the rhythm tells the five signals apart, on
the lamps and on the buzzer alike. A new signal replaces the running one at once, so the
next tap never waits for the last one's lights.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import Enum, unique
from typing import Annotated, Final, Protocol, runtime_checkable

from msgspec import Struct

from drivers.ports import OutputLine
from drivers.settings import Range


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
    HERE = "here"
    """This is the one that the office means: for the person who looks for it."""


@unique
class Output(Enum):
    """The outputs a reader may have; each is optional."""

    LAMP = "lamp"
    """A lamp of one colour: shows everything."""
    GREEN = "green"
    RED = "red"
    BLUE = "blue"
    """Third colour of a lamp: for now, and the pre-alarm; without it red shows them."""
    BUZZER = "buzzer"


class Rhythm(Struct, frozen=True):
    """Equal pulses, shown on all outputs of a signal together."""

    pulses: Annotated[int, Range(1, 10)]
    on_s: Annotated[float, Range(0.03, 3)]
    off_s: Annotated[float, Range(0.03, 3)]
    buzzer: bool = True
    """Whether it is also heard."""

    @property
    def length_s(self) -> float:
        """One round."""
        return self.pulses * (self.on_s + self.off_s)


RHYTHMS: Mapping[Signal, Rhythm] = {
    # One long: go. Three short: no. Two long: later. Eight very short: broken. Slow tick: door.
    Signal.GRANTED: Rhythm(1, 1.0, 0.1),
    Signal.REFUSED: Rhythm(3, 0.15, 0.15),
    Signal.NOT_NOW: Rhythm(2, 0.5, 0.3),
    Signal.FAULT: Rhythm(8, 0.06, 0.06),
    Signal.PRE_ALARM: Rhythm(1, 0.1, 0.9),
    Signal.HERE: Rhythm(10, 0.1, 0.1),
}
"""What a gate shows unless its configuration says otherwise."""

REPEATS: Final = frozenset({Signal.PRE_ALARM})
"""Goes on until cleared; the others pass."""
LONGEST_S: Final = 5.0
"""A passing signal that still shows when the next person comes tells the wrong one."""

_COLOURS: Mapping[Signal, tuple[Output, ...]] = {
    # The first colour that is fitted shows it.
    Signal.GRANTED: (Output.GREEN,),
    Signal.REFUSED: (Output.RED,),
    Signal.NOT_NOW: (Output.BLUE, Output.RED),
    Signal.FAULT: (Output.RED,),
    Signal.PRE_ALARM: (Output.BLUE, Output.RED),
    Signal.HERE: (Output.BLUE, Output.GREEN),
}


def outputs_of(signal: Signal, rhythm: Rhythm, fitted: Collection[Output]) -> frozenset[Output]:
    """Which of the ``fitted`` outputs show ``signal``."""
    colour = next((one for one in _COLOURS[signal] if one in fitted), None)
    shown = {colour, Output.LAMP, *((Output.BUZZER,) if rhythm.buzzer else ())}
    return frozenset(one for one in fitted if one in shown)


def rhythm_errors(rhythms: Mapping[Signal, Rhythm]) -> Iterator[str]:
    """Which signals cannot be told apart without colour, or last too long."""
    seen: dict[int, Signal] = {}
    for signal, rhythm in rhythms.items():
        if signal in REPEATS:
            continue
        if rhythm.length_s > LONGEST_S:
            yield (f"{signal.value!r} lasts {rhythm.length_s:g} s, at most {LONGEST_S:g} s: somebody waits")
        if rhythm.pulses in seen:
            yield (
                f"{signal.value!r} and {seen[rhythm.pulses].value!r} have 'pulses' = {rhythm.pulses}: who "
                "sees no colours could not tell them apart; give one another number"
            )
        seen.setdefault(rhythm.pulses, signal)


class Pattern(Struct, frozen=True):
    """A signal as a reader's own lamps and buzzer show it."""

    outputs: frozenset[Output]
    rhythm: Rhythm
    repeats: bool


OWN_OUTPUTS: Final = (Output.GREEN, Output.RED, Output.BUZZER)
"""What a reader's housing has."""


def pattern_of(signal: Signal, rhythm: Rhythm) -> Pattern:
    """How a reader with lamps of its own shows ``signal`` in this rhythm."""
    return Pattern(outputs_of(signal, rhythm, OWN_OUTPUTS), rhythm, signal in REPEATS)


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

    on: bool
    until: float | None
    """Monotonic second of the next change; None when nothing more will change."""


_DARK = Frame(False, None)


def frame(rhythm: Rhythm, started_at: float, now: float, *, repeats: bool) -> Frame:
    """What ``rhythm``, begun at ``started_at``, shows at ``now``; a late call skips what was missed."""
    pulse_s = rhythm.on_s + rhythm.off_s
    number = int(max(0.0, now - started_at) // pulse_s)
    for pulse in (number, number + 1):  # rounding may put `now` on the seam of two pulses
        if not repeats and pulse >= rhythm.pulses:
            return _DARK
        begin = started_at + pulse * pulse_s
        if now < begin + rhythm.on_s:
            return Frame(True, begin + rhythm.on_s)
        if now < begin + pulse_s:
            last = not repeats and pulse + 1 == rhythm.pulses
            return _DARK if last else Frame(False, begin + pulse_s)
    return _DARK


class Player:
    """Plays signals on one reader's outputs; time is passed in, ``next_deadline`` goes out."""

    def __init__(
        self, outputs: Mapping[Output, OutputLine], rhythms: Mapping[Signal, Rhythm] = RHYTHMS
    ) -> None:
        self._outputs = outputs
        self._rhythms = rhythms
        self._lit: frozenset[Output] = frozenset()
        self._standing: tuple[Signal, float] | None = None
        self._passing: tuple[Signal, float] | None = None
        self._deadline: float | None = None

    def play(self, signal: Signal, now: float) -> None:
        """Show ``signal`` at once. A repeating one stands until ``clear``; others pass over it."""
        if signal in REPEATS:
            self._standing = (signal, now)
            self._passing = None
        else:
            self._passing = (signal, now)
        self.on_time(now)

    def clear(self, now: float) -> None:
        """End the standing signal; one that is just passing plays to its end."""
        self._standing = None
        self.on_time(now)

    def on_time(self, now: float) -> None:
        """Show what is due at ``now``; call it at ``next_deadline``."""
        lit, self._deadline = frozenset[Output](), None
        if self._passing is not None:
            lit, self._deadline = self._shown(*self._passing, now)
            if self._deadline is None:
                self._passing = None
        if self._passing is None and self._standing is not None:
            lit, self._deadline = self._shown(*self._standing, now)
        for output, line in self._outputs.items():
            if (output in lit) != (output in self._lit):
                line.set(output in lit)
        self._lit = lit

    def _shown(self, signal: Signal, since: float, now: float) -> tuple[frozenset[Output], float | None]:
        """The outputs that are lit now, and until when."""
        rhythm = self._rhythms[signal]
        shown = frame(rhythm, since, now, repeats=signal in REPEATS)
        return outputs_of(signal, rhythm, self._outputs) if shown.on else frozenset(), shown.until

    def next_deadline(self) -> float | None:
        """Monotonic second at which ``on_time`` has something to change."""
        return self._deadline
