"""Readers with a Wiegand output: two lines, a pulse on the one is a 0, on the other a 1.

A thread takes the kernel's timestamped edges, because a frame ends by silence and because a
storm of interference must never reach the gate's loop. What decides is `_wiegand_decoder`.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from enum import Enum, unique
from pathlib import Path
from typing import Annotated, Final

from msgspec import Struct

from drivers.feed import Feed
from drivers.ports import (
    ALIVE_EVERY_S,
    Claim,
    HealthChanged,
    Pull,
    ReaderEvent,
    Surroundings,
)
from drivers.readers._edges import BETWEEN_FRAMES_NS, EdgeSource, GpiodEdges, SimEdges, train
from drivers.readers._piped_edges import PipedEdges, line_events
from drivers.readers._served import Served
from drivers.readers._wiegand_decoder import Edge, WiegandDecoder
from drivers.readers._wiegand_formats import FORMATS, Format
from drivers.settings import Length, Range

__all__ = [
    "BETWEEN_FRAMES_NS",
    "Edge",
    "KeyBits",
    "Settings",
    "SimEdges",
    "Storm",
    "WiegandReader",
    "claims",
    "decoder",
    "line_events",
    "misfit",
    "open_reader",
    "train",
]

SIMULATED: Final = "sim"
"""Value of ``chip`` for a wire without hardware."""
PIPED: Final = f"{SIMULATED}:"
"""Start of a ``chip`` whose edges another process plays, through the fifo that is named after it."""
STORM_EDGES: Final = 5_000
"""In a second: readers keep 200 us and more between pulses."""
STORM_PAUSE_S: Final = 0.05
"""Between two looks at a wire in a storm: the kernel's buffer overflows, the processor stays free."""
_CLOSE_WITHIN_S: Final = 0.1
_STORM: Final = (
    f"interference: more than {STORM_EDGES} pulses a second, nothing can be read; "
    "check cable shield, ground and level converter"
)


@unique
class KeyBits(Enum):
    """Length of a keypad's burst for one key."""

    NONE = 0
    FOUR = 4
    EIGHT = 8


class Settings(Struct, frozen=True):
    """Two lines, and what may come over them."""

    data0: Annotated[str, Length(1, 64)]
    """Line (name, or number at the chip) that pulses for a 0; usually the green wire."""
    data1: Annotated[str, Length(1, 64)]
    """Line that pulses for a 1; usually the white wire."""
    chip: Annotated[str, Length(1, 255)]
    """GPIO chip by label (``pinctrl-rp1``), name (``gpiochip0``) or path; ``sim``: no hardware."""
    pull: Pull = Pull.UP
    formats: tuple[str, ...] = ("26", "34", "37")
    """Of the table; a frame that fits none is refused."""
    own_formats: tuple[Format, ...] = ()
    key_bits: KeyBits = KeyBits.NONE
    gap_s: Annotated[float, Range(0.005, 0.1)] = 0.025
    """Silence that ends a frame; readers keep up to 20 ms between pulses."""

    def __post_init__(self) -> None:
        if self.data0 == self.data1:
            raise ValueError("'data0' and 'data1' name the same line; the reader has two")
        if unknown := [one for one in self.formats if one not in FORMATS]:
            raise ValueError(f"'formats' has no {unknown[0]!r} (there are: {', '.join(FORMATS)})")
        if not self.formats and not self.own_formats:
            raise ValueError("'formats' and 'own_formats' are both empty: no card could be read")


def claims(settings: Settings) -> tuple[Claim, ...]:
    """The lines, for the finding of a pin that another device has, too."""
    return Claim(f"line {settings.data0!r}"), Claim(f"line {settings.data1!r}")


def misfit(settings: Settings, surroundings: Surroundings) -> str:
    """A bank that RPi.GPIO holds: it times no such pulse, and its classic form minds nobody else's lines."""
    if surroundings.gpio != "rpi_gpio" or settings.chip == SIMULATED or settings.chip.startswith(PIPED):
        return ""
    return (
        "cannot stand beside 'rpi_gpio', which cannot time pulses of 50 us and does not know what others do "
        "with its chip; set [gpio] backend = \"gpiod\" (extra 'gpiod')"
    )


def open_reader(settings: Settings, clock: Callable[[], float]) -> WiegandReader:
    """Claim both lines and listen; ``clock`` gives monotonic seconds.

    Raises:
        DriverLibraryError: gpiod 2 is not installed; RPi.GPIO cannot time such pulses.
        DriverUnavailableError: no such chip or line, or a line is taken.
        DriverPermissionError: this user may not use the chip.
    """
    if settings.chip == SIMULATED:
        return WiegandReader(settings, clock, SimEdges(clock))
    if settings.chip.startswith(PIPED):
        return WiegandReader(settings, clock, PipedEdges(Path(settings.chip.removeprefix(PIPED))))
    lines = (settings.data0, settings.data1)
    return WiegandReader(settings, clock, GpiodEdges(settings.chip, lines, settings.pull))


def decoder(settings: Settings) -> WiegandDecoder:
    """The decoder these settings ask for."""
    formats = (*settings.own_formats, *(FORMATS[one] for one in settings.formats))
    return WiegandDecoder(formats, key_bits=settings.key_bits.value, gap_s=settings.gap_s)


class WiegandReader:
    """One reader; whether it is there cannot be told, for the wire is silent until a card comes."""

    def __init__(self, settings: Settings, clock: Callable[[], float], source: EdgeSource) -> None:
        self.source = source
        self._clock = clock
        self._decoder = decoder(settings)
        self._stop: Feed[None] = Feed()
        self._alive_at = clock()
        self._served = Served("wiegand reader", body=self._listen, release=self._release)
        self._feed = self._served.feed
        self._served.start()

    def fileno(self) -> int:
        """Readable while events wait."""
        return self._feed.fileno()

    def read_events(self) -> tuple[ReaderEvent, ...]:
        """Take the waiting events; raises DriverUnavailableError once the lines are lost."""
        return self._served.take()

    def last_alive(self) -> float:
        """Monotonic second at which the thread last looked."""
        return self._alive_at

    def close(self) -> None:
        """Release the lines. May be called twice."""
        self._served.close()
        self._stop.put(None)
        # The thread only ever waits for the wake-up just given. Whoever opens the reader anew
        # needs the lines back from the kernel first.
        self._served.join(_CLOSE_WITHIN_S)

    def _release(self) -> None:
        self.source.close()
        self._stop.close()

    def _listen(self) -> None:
        storm = Storm()
        self._report(ok=True)
        while not self._stop.take():
            deadline = self._decoder.deadline()
            now = self._clock()
            wait_s = ALIVE_EVERY_S / 2 if deadline is None else min(ALIVE_EVERY_S / 2, deadline - now)
            listened = [self._stop.fileno(), self.source.fileno()]
            if storm.rages:
                wait_s = STORM_PAUSE_S
                listened.pop()
            select.select(listened, [], [], max(0.0, wait_s))
            # Before the edges are taken: one that comes later than this moment can end no silence.
            now = self._alive_at = self._clock()
            edges = self.source.read()
            if storm.changes(len(edges), now):
                self._report(ok=not storm.rages)
            for event in (*self._decoder.feed(edges), *self._decoder.on_time(now)):
                self._feed.put(event)

    def _report(self, *, ok: bool) -> None:
        self._feed.put(HealthChanged(ok, "" if ok else _STORM))


class Storm:
    """Whether more edges come than any reader can send. Pure, time passed in."""

    def __init__(self) -> None:
        self.rages = False
        self._since = 0.0
        self._edges = 0

    def changes(self, edges: int, now: float) -> bool:
        """Count; True when ``rages`` has just changed."""
        before = self.rages
        if now - self._since >= 1.0:
            # In a storm the kernel's buffer overflows between two looks: its 1024 a look is all that shows.
            self.rages = self._edges > STORM_EDGES
            self._since, self._edges = now, 0
        self._edges += edges
        self.rages = self.rages or self._edges > STORM_EDGES
        return self.rages is not before
