"""Keeps one reader alive: opens it, notices its death, brings it back.

Every reader has a supervisor of its own; nothing it does touches another reader or
a relay. A reader whose service freezes is noticed from outside by its silence,
abandoned and opened anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from drivers.ports import (
    CardRead,
    DigitsEntered,
    DriverError,
    DriverUnavailableError,
    HealthChanged,
    Reader,
    ReaderEvent,
    ReadFailed,
    TamperChanged,
)
from terminal.loop import Loop, Timer
from terminal.reader_supply import ReaderSupply

FIRST_RETRY_S = 0.25
LONGEST_RETRY_S = 0.8
"""With its jitter under a second: a reader plugged in again serves by then, however long it was away.
A try costs an open that fails at once; what is dear to ask (an OSDP bus) is paced by its driver."""
JITTER = 0.2
"""Share of the delay that is random, so that readers on one bus do not retry in step."""
SILENCE_S = 5.0
"""A driver without a sign of life for so long (ten times `ALIVE_EVERY_S`) is frozen."""
CHECK_S = 1.0


class Health(Struct, frozen=True):
    """State of a device, for status and log."""

    ok: bool
    cause: str
    since: float
    """Monotonic second of the last change."""


class ReaderSupervisor:
    """Owns one reader's life. ``opener`` makes a new reader or raises ``DriverError``."""

    def __init__(
        self,
        name: str,
        opener: Callable[[], Reader],
        loop: Loop,
        *,
        on_read: Callable[[CardRead | DigitsEntered | ReadFailed], None],
        on_health: Callable[[Health], None],
        on_tamper: Callable[[bool], None],
        jitter: Callable[[], float],
        supply: ReaderSupply | None = None,
    ) -> None:
        self.name = name
        self.health = Health(ok=False, cause="not opened yet", since=loop.monotonic())
        self._opener = opener
        self._loop = loop
        self._on_read = on_read
        self._on_health = on_health
        self._on_tamper = on_tamper
        self._jitter = jitter
        self._reader: Reader | None = None
        self._fd = -1
        self._retry_s = FIRST_RETRY_S
        self._timer: Timer | None = None
        self.supply = supply
        """The relay in the reader's supply, if it has one."""
        if supply is not None:
            supply.follow(self._supply_changed)

    @property
    def reader(self) -> Reader | None:
        """The open reader, if any."""
        return self._reader

    def start(self) -> None:
        """Open now; a failure is reported and tried again."""
        self._cancel_timer()
        try:
            self._reader = self._opener()
        except DriverError as error:
            self._failed(error)
            return
        self._fd = self._reader.fileno()
        self._loop.watch(self._fd, self.service)
        self._timer = self._loop.call_at(self._loop.monotonic() + CHECK_S, self._check)

    def restart(self) -> None:
        """Close and open anew, by command; what was cut is fed again."""
        self._cancel_timer()
        self._drop()
        if self.supply is not None:
            self.supply.give_back()
        self._retry_s = FIRST_RETRY_S
        self.start()

    def service(self) -> None:
        """Take what the reader has; called when its descriptor is readable."""
        if self._reader is None:
            return
        try:
            events: Sequence[ReaderEvent] = self._reader.read_events()
        except DriverError as error:
            self._drop()
            self._failed(error)
            return
        for event in events:
            if isinstance(event, HealthChanged):
                self._set_health(event.ok, event.cause)
            elif isinstance(event, TamperChanged):
                self._on_tamper(event.active)
            else:
                self._set_health(True, "")
                self._on_read(event)

    def close(self) -> None:
        """Give the reader up. May be called twice."""
        self._cancel_timer()
        self._drop()
        if self.supply is not None:
            self.supply.close()

    def _drop(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            self._loop.unwatch(self._fd)
            reader.close()

    def _check(self) -> None:
        now = self._loop.monotonic()
        if self._reader is not None and now - self._reader.last_alive() > SILENCE_S:
            self._drop()
            self._failed(DriverUnavailableError(f"no sign of life for {SILENCE_S:.0f} s; opened anew"))
            return
        self._timer = self._loop.call_at(now + CHECK_S, self._check)

    def _supply_changed(self) -> None:
        """The supply was cut, or given back: the reader begins from nothing."""
        self._cancel_timer()
        self._drop()
        if self.supply is not None and self.supply.state.is_cut:
            times = self.supply.state.times
            self._tell_health(False, f"supply cut for {self.supply.off_s:g} s, for the {times}. time")
        else:
            self._retry_s = FIRST_RETRY_S
            self.start()

    def _failed(self, error: DriverError) -> None:
        # No fresh start brings a library, a right or another device.
        self._set_health(False, str(error), curable=isinstance(error, DriverUnavailableError))
        delay = self._retry_s * (1 + JITTER * self._jitter())
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
        self._cancel_timer()
        self._timer = self._loop.call_at(self._loop.monotonic() + delay, self.start)

    def _set_health(self, ok: bool, cause: str, *, curable: bool = True) -> None:
        if ok:
            self._retry_s = FIRST_RETRY_S
        if self.supply is not None and ok:
            self.supply.well()
        elif self.supply is not None:
            self.supply.away(curable=curable)
        self._tell_health(ok, cause)

    def _tell_health(self, ok: bool, cause: str) -> None:
        if (ok, cause) != (self.health.ok, self.health.cause):
            self.health = Health(ok, cause, self._loop.monotonic())
            self._on_health(self.health)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
