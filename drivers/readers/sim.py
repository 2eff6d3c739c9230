"""A simulated reader: cards are presented, digits typed and faults made by calls.

It behaves as a real one: a card held is one read, a second card is a swap, a reader
that is away reads nothing and looks again when it is back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from msgspec import Struct

from drivers.feed import Feed
from drivers.indicator import Pattern
from drivers.ports import (
    CardRead,
    DigitsEntered,
    DriverUnavailableError,
    HealthChanged,
    ReaderEvent,
    ReadFailed,
    TamperChanged,
    Technology,
)

MAX_SHOWN = 64
"""Patterns kept for a look back; the oldest go."""


class Settings(Struct, frozen=True):
    """Options of a simulated reader."""

    absent: bool = False
    """Behave like a reader that is not plugged in."""


def open_reader(settings: Settings, clock: Callable[[], float]) -> SimReader:
    """A working reader with no card on it.

    Raises:
        DriverUnavailableError: the settings say it is absent.
    """
    if settings.absent:
        raise DriverUnavailableError("simulated reader: set absent in its settings; remove 'absent = true'")
    return SimReader(clock)


class SimReader:
    """The port for the gate; ``present`` … ``thaw`` for whoever plays the person."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._feed: Feed[ReaderEvent] = Feed()
        self._cause = ""
        self._gone = ""
        self._frozen_at: float | None = None
        self._unsaid: list[ReaderEvent] = []
        self._card: tuple[Technology, bytes, int] | None = None
        self._is_read = False
        self.shown: deque[Pattern | None] = deque(maxlen=MAX_SHOWN)
        """What its own lamps were told, the last one last; None for the end of a standing one."""
        self._say(HealthChanged(ok=True, cause=""))

    # The port

    def fileno(self) -> int:
        """Readable while events wait."""
        return self._feed.fileno()

    def read_events(self) -> tuple[ReaderEvent, ...]:
        """Take the waiting events; raises DriverUnavailableError once ``vanish`` was called."""
        if self._gone:
            raise DriverUnavailableError(self._gone)
        return self._feed.take()

    def last_alive(self) -> float:
        """Now, unless frozen."""
        return self._clock() if self._frozen_at is None else self._frozen_at

    def close(self) -> None:
        """Release the descriptor. May be called twice."""
        self._feed.close()

    # The indicator

    def show(self, pattern: Pattern) -> None:
        """Note what the lamps would show."""
        self.shown.append(pattern)

    def clear(self) -> None:
        """Note the end of a standing pattern."""
        self.shown.append(None)

    # The person at the reader

    def present(self, technology: Technology, number: bytes, bits: int | None = None) -> None:
        """Hold a chip to the reader; it stays until ``remove`` or another one is presented."""
        self._card = (technology, number, 8 * len(number) if bits is None else bits)
        self._is_read = False
        self._look()

    def present_mute(self) -> None:
        """Hold something to the reader that gives no number."""
        self.remove()
        if not self._cause:
            self._say(ReadFailed("the card does not answer", self._clock()))

    def remove(self) -> None:
        """Take the chip away."""
        self._card = None

    def enter(self, digits: str) -> None:
        """Type digits and the terminating key."""
        if not self._cause:
            self._say(DigitsEntered(digits, self._clock()))

    def tamper(self, active: bool) -> None:
        """Open the housing, or close it again."""
        self._say(TamperChanged(active, self._clock()))

    # Faults

    def fail(self, cause: str) -> None:
        """The reader reports itself away; nothing is read until ``repair``."""
        self._cause = cause
        self._say(HealthChanged(ok=False, cause=cause))

    def repair(self) -> None:
        """Back in order; a chip presented meanwhile is read now."""
        self._cause = ""
        self._say(HealthChanged(ok=True, cause=""))
        self._look()

    def vanish(self, cause: str) -> None:
        """The device is pulled out: the next ``read_events`` raises."""
        self._gone = cause
        self._feed.wake()

    def freeze(self) -> None:
        """No event and no sign of life from now on."""
        self._frozen_at = self._clock()

    def thaw(self) -> None:
        """Alive again; what was presented meanwhile is reported."""
        self._frozen_at = None
        unsaid, self._unsaid = self._unsaid, []
        for event in unsaid:
            self._say(event)

    def _look(self) -> None:
        if self._card is not None and not self._is_read and not self._cause:
            self._is_read = True
            technology, number, bits = self._card
            self._say(CardRead(technology, number, bits, self._clock()))

    def _say(self, event: ReaderEvent) -> None:
        if self._frozen_at is None:
            self._feed.put(event)
        else:
            self._unsaid.append(event)
