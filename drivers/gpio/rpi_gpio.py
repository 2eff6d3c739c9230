"""The header pins of a Raspberry Pi by the module RPi.GPIO, which two packages bring.

- The classic RPi.GPIO writes the registers itself: no Pi 5, no guard against other programs, a
  relay stays on when its process is killed, and its edges fail on kernels from 6.6 on.
- rpi-lgpio goes through the kernel: every Pi, and the kernel guards claimed lines.

Inputs are polled with both, so that they behave alike: a level that stands for the debounce
time and two polls (at most 240 ms) is never missed. ``gpiod`` is woken by edges instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final

from msgspec import Struct

from drivers.feed import Feed
from drivers.gpio._debounce import Debounce
from drivers.gpio._lines import Claims, let_bias_settle
from drivers.gpio._rpi_library import RpiLibrary, open_library
from drivers.ports import DriverError, DriverSettingsError, DriverUnavailableError, LineChanged, Pull

POLL_S: Final = 0.02
"""With the longest debounce (200 ms) a pulse of 400 ms still stands twice as long as it must."""
LAST_PIN: Final = 27
"""GPIO 0 to 27 are on the header; behind the others are the memory card and the radio."""
LAST_PULLED_UP: Final = 8
"""At power-up GPIO 0 to 8 are pulled up and 9 to 27 down (BCM2835 and BCM2711 peripherals manuals)."""
_NAME: Final = re.compile(r"(?:GPIO)?([0-9]{1,2})", re.ASCII)


class Settings(Struct, frozen=True):
    """There is nothing to choose: one header, and whichever package is installed."""


def open_gpio(settings: Settings, clock: Callable[[], float]) -> RpiGpio:  # noqa: ARG001 - a driver's fixed form
    """The header's pins, none of them claimed.

    Raises:
        DriverError: library missing, no Raspberry Pi, no permission, or another process drives the pins.
    """
    return RpiGpio(open_library(force=False), clock)


def release_outputs(settings: Settings, lines: Sequence[str], *, force: bool) -> None:  # noqa: ARG001 - a driver's fixed form
    """Put each of ``lines`` as it was at power-up; ``force``: although another process has the pins.

    Raises:
        DriverError: one line of text for each that may still be driven.
    """
    library = open_library(force=force)
    problems = []
    try:
        for line in lines:
            try:
                pin = _pin(line)
                library.set_input(pin, _power_up_pull(pin))
            except DriverError as error:
                problems.append(str(error))
    finally:
        library.close()
    if problems:
        raise DriverUnavailableError("\n".join(problems))


class _Output(Struct):
    gpio: RpiGpio
    pin: int
    active_low: bool

    def set(self, active: bool) -> None:
        self.gpio.library.drive(self.pin, active != self.active_low)


class _Input(Struct):
    pin: int
    line: str
    active_low: bool
    contact: Debounce

    def is_active(self) -> bool:
        return self.contact.level != self.active_low


class RpiGpio:
    """The header; all of it belongs on one thread."""

    def __init__(self, library: RpiLibrary, clock: Callable[[], float]) -> None:
        self.library = library
        self._clock = clock
        self._claims = Claims()
        self._outputs: list[int] = []
        self._inputs: list[_Input] = []
        self._next_poll = clock()
        self._feed: Feed[LineChanged] = Feed()
        """Its descriptor only tells that the time of the next poll is known; nothing is put."""

    def claim_output(self, line: str, *, user: str, active_low: bool) -> _Output:
        """Claim ``line``, driven inactive from the first moment."""
        pin = self._claim(line, user)
        self.library.set_output(pin, active_low)
        self._outputs.append(pin)
        return _Output(self, pin, active_low)

    def claim_input(self, line: str, *, user: str, active_low: bool, pull: Pull, debounce_s: float) -> _Input:
        """Claim ``line``; its level now is settled, only later edges are reported."""
        pin = self._claim(line, user)
        self.library.set_input(pin, pull)
        let_bias_settle()
        claimed = _Input(pin, line, active_low, Debounce(self.library.level(pin), debounce_s))
        self._inputs.append(claimed)
        self._feed.wake()
        return claimed

    def fileno(self) -> int:
        """Readable when inputs were claimed; edges come by ``next_deadline`` alone."""
        return self._feed.fileno()

    def next_deadline(self) -> float | None:
        """When to look at the inputs next; always, while there are any."""
        return self._next_poll if self._inputs else None

    def read_changes(self) -> tuple[LineChanged, ...]:
        """Look at every input; what has settled, oldest first."""
        self._feed.take()
        now = self._clock()
        self._next_poll = now + POLL_S
        changes: list[LineChanged] = []
        for one in self._inputs:
            settled = one.contact.sampled(self.library.level(one.pin), now)
            changes += [LineChanged(one.line, each.level != one.active_low, each.at) for each in settled]
        return tuple(sorted(changes, key=lambda change: change.at))

    def close(self) -> None:
        """Every output as at power-up; inputs stay what they are. May be called twice."""
        outputs, self._outputs = self._outputs, []
        self._inputs.clear()
        self._claims.clear()
        with ExitStack() as stack:  # every pin is let go, whichever fails
            stack.callback(self.library.close)
            stack.callback(self._feed.close)
            for pin in outputs:
                stack.callback(self.library.set_input, pin, _power_up_pull(pin))

    def _claim(self, line: str, user: str) -> int:
        pin = _pin(line)
        self._claims.take(pin, line=line, user=user)
        return pin


def _pin(line: str) -> int:
    """The BCM number a line name means."""
    named = _NAME.fullmatch(line)
    if named is None or int(named[1]) > LAST_PIN:
        raise DriverSettingsError(
            f"no header pin is called {line!r}; write the GPIO number, '0' to '{LAST_PIN}' or 'GPIO17' "
            "(not the number of the pin on the connector)"
        )
    return int(named[1])


def _power_up_pull(pin: int) -> Pull:
    return Pull.UP if pin <= LAST_PULLED_UP else Pull.DOWN
