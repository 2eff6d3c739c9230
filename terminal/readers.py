"""Makes what keeps each reader of a configuration alive, and tells where each stands."""

from __future__ import annotations

from collections.abc import Callable

from drivers.ports import CardRead, DigitsEntered, OutputLine, Reader, ReadFailed
from drivers.registry import find_reader
from sync.records import Direction
from terminal.config import Config, Way
from terminal.loop import Loop
from terminal.outcomes import Place
from terminal.reader_supply import ReaderSupply
from terminal.repeats import Repeats
from terminal.reports import Reports
from terminal.supervisor import ReaderSupervisor
from terminal.taps import Taps

_DIRECTIONS = {Way.IN: Direction.IN, Way.OUT: Direction.OUT}


def place_of(config: Config, reader: str) -> Place:
    """Where the reader of this name stands."""
    settings = config.readers[reader].settings
    door = config.doors[settings.door].settings.id
    return Place(reader, settings.id, door, _DIRECTIONS[settings.way])


class Supervisors:
    """Makes the supervisor of one reader after the other."""

    def __init__(
        self,
        config: Config,
        loop: Loop,
        *,
        taps: Taps,
        reports: Reports,
        supply_line: Callable[[str], OutputLine | None],
        jitter: Callable[[], float],
    ) -> None:
        self._config = config
        self._loop = loop
        self._taps = taps
        self._reports = reports
        self._supply_line = supply_line
        self._jitter = jitter

    def make(self, name: str) -> ReaderSupervisor:
        """The supervisor of the reader of this name, not started."""
        section = self._config.readers[name]
        place = place_of(self._config, name)
        repeats = Repeats(section.settings.repeat_s)

        def opener() -> Reader:
            driver = find_reader(section.settings.kind)
            settings = driver.settings(section.options, where=f"[readers.{name}]")
            return driver.open(settings, self._loop.monotonic)

        def on_read(event: CardRead | DigitsEntered | ReadFailed) -> None:
            if not repeats.is_repeat(event):
                self._taps.read(place, event)

        return ReaderSupervisor(
            name,
            opener,
            self._loop,
            on_read=on_read,
            on_health=lambda health: self._reports.reader(place, health),
            on_tamper=lambda active: self._reports.tamper(place, active),
            jitter=self._jitter,
            supply=self._supply(name),
        )

    def _supply(self, name: str) -> ReaderSupply | None:
        power, line = self._config.readers[name].power, self._supply_line(name)
        return None if power is None or line is None else ReaderSupply(power, line, self._loop)
