"""The gate's lines and readers on a workbench: the shipped drivers, without a gate around them.

Every output is undriven again when the bench is closed, whatever happened before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Final, Self

from drivers.indicator import Indicator, Pattern
from drivers.ports import CardRead, DriverError, HealthChanged, InputLine, OutputLine, Reader, ReaderEvent
from drivers.registry import find_gpio, find_reader
from terminal.config import Config, InputLineSettings, OutputSettings

LOOK_EVERY_S: Final = 0.1
"""A line is looked at so often besides its edges: one may be lost."""

Wait = Callable[[Sequence[int], float], None]
"""Waits until one of the descriptors is readable, or so many seconds have passed."""


class Workbench:
    """Every line and reader of one configuration. Raises ``DriverError`` if its lines cannot be had."""

    def __init__(self, config: Config, monotonic: Callable[[], float], wait: Wait) -> None:
        self._monotonic = monotonic
        self._wait = wait
        driver = find_gpio(config.gpio_kind)
        self.gpio = driver.open(
            driver.settings(config.gpio_options, where=f"{config.path}: [gpio]"), monotonic
        )
        self._readers: dict[str, Reader] = {}
        self._health: dict[str, HealthChanged] = {}
        try:
            self._outputs = {name: self._output(name, one) for name, one in outputs_of(config)}
            self._inputs = {name: self._input(name, one) for name, one in inputs_of(config)}
            for name in config.readers:
                self._open(config, name)
        except BaseException:
            self.close()
            raise

    # Lines

    def set(self, output: str, active: bool) -> None:
        """Energise an output, or let it go; it goes by its place in the configuration."""
        self._outputs[output].set(active)

    def pulse(self, output: str, seconds: float) -> None:
        """Energise an output for so long."""
        self.set(output, True)
        try:
            self.pause(seconds)
        finally:
            self.set(output, False)

    def is_active(self, line: str) -> bool:
        """The settled level of an input."""
        return self._inputs[line].is_active()

    def becomes(self, line: str, active: bool, within_s: float) -> bool:
        """Whether an input gets to this level in time; at once if it has it."""
        deadline = self._monotonic() + within_s
        while self.is_active(line) is not active:
            left_s = deadline - self._monotonic()
            if left_s <= 0:
                return False
            self._turn(min(left_s, LOOK_EVERY_S))
        return True

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        deadline = self._monotonic() + seconds
        while (left_s := deadline - self._monotonic()) > 0:
            self._turn(min(left_s, LOOK_EVERY_S))

    # Readers

    def fault(self, reader: str, within_s: float) -> str:
        """Why the reader does not work; empty if it says that it does."""
        if reader not in self._readers:
            return self._health[reader].cause
        self._hear(reader, within_s, lambda event: isinstance(event, HealthChanged) and event.ok)
        health = self._health.get(reader)
        if health is None:
            return f"it said nothing within {within_s:g} s; look at its cable and its power"
        return "" if health.ok else health.cause

    def card(self, reader: str, within_s: float) -> CardRead | None:
        """The next card that is held to the reader; ``None`` if none is in time."""
        found = self._hear(reader, within_s, lambda event: isinstance(event, CardRead))
        return found if isinstance(found, CardRead) else None

    def own_lamps(self, reader: str) -> bool:
        """Whether the reader has lamps in its housing."""
        return isinstance(self._readers.get(reader), Indicator)

    def show(self, reader: str, pattern: Pattern) -> None:
        """Play a pattern on the lamps in the reader's housing."""
        found: object = self._readers.get(reader)
        if isinstance(found, Indicator):
            found.show(pattern)

    def reader(self, name: str) -> Reader | None:
        """The open reader of this name: for whoever plays the person at a simulated one."""
        return self._readers.get(name)

    # The end

    def close(self) -> None:
        """Leave every output undriven, first of all. May be called twice."""
        try:
            self.gpio.close()
        finally:
            for reader in self._readers.values():
                reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # Inside

    def _turn(self, seconds: float) -> None:
        due = self.gpio.next_deadline()
        if due is not None:
            seconds = min(seconds, max(0.0, due - self._monotonic()))
        self._wait([self.gpio.fileno()], seconds)
        self.gpio.read_changes()

    def _hear(self, name: str, within_s: float, wanted: Callable[[ReaderEvent], bool]) -> ReaderEvent | None:
        reader = self._readers.get(name)
        deadline = self._monotonic() + within_s
        if reader is None:
            return None
        while True:
            try:
                events = reader.read_events()
            except DriverError as error:
                self._health[name] = HealthChanged(ok=False, cause=str(error))
                return None
            for event in events:
                if isinstance(event, HealthChanged):
                    self._health[name] = event
                if wanted(event):
                    return event
            left_s = deadline - self._monotonic()
            if left_s <= 0 or self._is_well(name, wanted):
                return None
            self._wait([reader.fileno()], min(left_s, LOOK_EVERY_S))

    def _is_well(self, name: str, wanted: Callable[[ReaderEvent], bool]) -> bool:
        """What is waited for is the reader's health, and it was told before."""
        health = self._health.get(name)
        return health is not None and wanted(health)

    def _open(self, config: Config, name: str) -> None:
        section = config.readers[name]
        try:
            driver = find_reader(section.settings.kind)
            settings = driver.settings(section.options, where=f"{config.path}: [readers.{name}]")
            self._readers[name] = driver.open(settings, self._monotonic)
        except DriverError as error:
            self._health[name] = HealthChanged(ok=False, cause=str(error))

    def _output(self, name: str, one: OutputSettings) -> OutputLine:
        return self.gpio.claim_output(one.line, user=name, active_low=one.active_low)

    def _input(self, name: str, one: InputLineSettings) -> InputLine:
        return self.gpio.claim_input(
            one.line, user=name, active_low=one.active_low, pull=one.pull, debounce_s=one.debounce_s
        )


def outputs_of(config: Config) -> Iterator[tuple[str, OutputSettings]]:
    """Every output by its place in the configuration."""
    for name, door in config.doors.items():
        for role, output in door.outputs.items():
            yield f"doors.{name}.outputs.{role}", output
    for name, reader in config.readers.items():
        for role, output in reader.indicator.items():
            yield f"readers.{name}.indicator.{role}", output
        if reader.power is not None:
            yield f"readers.{name}.power", OutputSettings(reader.power.line, reader.power.active_low)


def inputs_of(config: Config) -> Iterator[tuple[str, InputLineSettings]]:
    """Every input by its place in the configuration."""
    for name, door in config.doors.items():
        for role, line in door.inputs.items():
            yield f"doors.{name}.inputs.{role}", line
    for name, one in config.inputs.items():
        yield f"inputs.{name}", one.line
