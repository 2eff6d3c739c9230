"""Lamps and buzzers in the readers' own housings: shown what the lamps on our lines show."""

from __future__ import annotations

from collections.abc import Callable

from drivers.indicator import Indicator, Pattern, Signal, pattern_of
from drivers.ports import Reader
from sync.records import Reason
from terminal.config import Config
from terminal.core.passage import Alarm
from terminal.lamps import signal_for


class OwnLamps:
    """All readers of a gate; ``reader`` gives the open one of a name, if there is one."""

    def __init__(self, config: Config, reader: Callable[[str], Reader | None]) -> None:
        self._config = config
        self._reader = reader

    def show(self, name: str, reason: Reason) -> None:
        """Show a tap's outcome."""
        lamps = self._lamps(name)
        if lamps is not None:
            lamps.show(self._pattern(signal_for(reason)))

    def signal(self, name: str, signal: Signal) -> None:
        """Show a signal at this reader."""
        lamps = self._lamps(name)
        if lamps is not None:
            lamps.show(self._pattern(signal))

    def alarm(self, door: str, alarm: Alarm) -> None:
        """Tick while the door of a reader is held or forced, or about to be."""
        for name, section in self._config.readers.items():
            lamps = self._lamps(name) if section.settings.door == door else None
            if lamps is None:
                continue
            if alarm is Alarm.NONE:
                lamps.clear()
            else:
                lamps.show(self._pattern(Signal.PRE_ALARM))

    def _pattern(self, signal: Signal) -> Pattern:
        return pattern_of(signal, self._config.rhythms[signal])

    def _lamps(self, name: str) -> Indicator | None:
        reader: object = self._reader(name)
        return reader if isinstance(reader, Indicator) else None
