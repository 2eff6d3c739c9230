"""Lamps and buzzers at the readers: outcomes become signals, alarms tick until they end."""

from __future__ import annotations

from collections.abc import Mapping

from drivers.indicator import Output, Player, Rhythm, Signal
from drivers.ports import Gpio
from sync.records import Reason
from terminal.config import ReaderConfig
from terminal.core.passage import Alarm
from terminal.loop import Loop, Timer

FOR_NOW = frozenset(
    {
        Reason.NOT_YET_VALID,
        Reason.OUTSIDE_HOURS,
        Reason.HOLIDAY,
        Reason.SUSPENDED,
        Reason.NEEDS_SECOND_CREDENTIAL,
        Reason.NEEDS_PIN,
        Reason.PASSBACK,
        Reason.INTERLOCK,
        Reason.LOCKED_DOWN,
        Reason.LIST_TOO_OLD,
        Reason.CLOCK_UNKNOWN,
        Reason.PIN_BLOCKED,
    }
)
"""The card may open later, or something else comes first: a signal of its own."""


def signal_for(reason: Reason) -> Signal:
    """What the person at the reader is shown."""
    if reason.granted:
        return Signal.GRANTED
    if reason is Reason.FAULT:
        return Signal.FAULT
    return Signal.NOT_NOW if reason in FOR_NOW else Signal.REFUSED


class Lamps:
    """The indicator of one reader."""

    def __init__(
        self, name: str, config: ReaderConfig, rhythms: Mapping[Signal, Rhythm], gpio: Gpio, loop: Loop
    ) -> None:
        self.door = config.settings.door
        self._loop = loop
        self._timer: Timer | None = None
        self._player = Player(
            {
                Output(role): gpio.claim_output(
                    one.line, user=f"readers.{name}.indicator.{role}", active_low=one.active_low
                )
                for role, one in config.indicator.items()
            },
            rhythms,
        )

    def show(self, reason: Reason) -> None:
        """Show a tap's outcome; a running signal gives way at once."""
        self.signal(signal_for(reason))

    def signal(self, signal: Signal) -> None:
        """Show a signal; a running one gives way at once."""
        self._player.play(signal, self._loop.monotonic())
        self._set_timer()

    def alarm(self, alarm: Alarm) -> None:
        """Tick while the door of this reader is held or forced, or about to be."""
        now = self._loop.monotonic()
        if alarm is Alarm.NONE:
            self._player.clear(now)
        else:
            self._player.play(Signal.PRE_ALARM, now)
        self._set_timer()

    def _on_time(self) -> None:
        self._player.on_time(self._loop.monotonic())
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._player.next_deadline()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._on_time)
