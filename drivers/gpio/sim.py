"""Simulated lines with behaviour: levels, bias, bounce, a pin wired to a pin.

What the gate sees is the port; what stands around the gate (contacts, fire panel,
a meter on the relay) is ``set_level``, ``wire``, ``level`` and ``history``.
A level is electrical: True high, False low, None undriven.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from msgspec import Struct, field

from drivers.feed import Feed
from drivers.gpio._debounce import Debounce, Settled
from drivers.gpio._lines import Claims
from drivers.ports import DriverSettingsError, DriverUnavailableError, LineChanged, Pull

MAX_HISTORY = 4096
"""Output changes kept for a look back; the oldest go."""


class Settings(Struct, frozen=True):
    """Every line name exists; only the world around the bank at its start can be set."""

    low: tuple[str, ...] = ()
    """Inputs that something outside holds low from the start, such as the contact of a closed door."""


class LevelChanged(Struct, frozen=True):
    """An output's electrical level moved."""

    line: str
    level: bool | None
    at: float


def open_gpio(settings: Settings, clock: Callable[[], float]) -> SimGpio:
    """A fresh bank; ``clock`` gives monotonic seconds."""
    gpio = SimGpio(clock)
    for line in settings.low:
        gpio.set_level(line, False)
    return gpio


def release_outputs(settings: Settings, lines: Sequence[str], *, force: bool) -> None:
    """Nothing to do: simulated lines end with their process."""


class _Output(Struct):
    gpio: SimGpio
    line: str
    active_low: bool

    def set(self, active: bool) -> None:
        self.gpio._drive(self.line, active != self.active_low)  # noqa: SLF001 - two halves of one device


class _Input(Struct):
    gpio: SimGpio
    line: str
    active_low: bool
    pull: Pull
    contact: Debounce

    def is_active(self) -> bool:
        return self.gpio._is_active(self)  # noqa: SLF001 - two halves of one device


class _World(Struct):
    """What is electrically there, whoever drives it."""

    outside: dict[str, bool] = field(default_factory=dict)
    outputs: dict[str, bool | None] = field(default_factory=dict)
    wires: dict[str, str] = field(default_factory=dict)
    """Input line → output line it is wired to."""

    def level(self, line: str, pull: Pull) -> bool:
        driven = self.outputs.get(self.wires.get(line, ""))
        if driven is None:
            driven = self.outside.get(line)
        return driven if driven is not None else pull is Pull.UP


class SimGpio:
    """A bank of simulated lines; any thread may move the world around it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._world = _World()
        self._claims = Claims()
        self._inputs: dict[str, _Input] = {}
        self._history: deque[LevelChanged] = deque(maxlen=MAX_HISTORY)
        self._feed: Feed[LineChanged] = Feed()
        self._fault = ""

    # The port

    def claim_output(self, line: str, *, user: str, active_low: bool) -> _Output:
        """Claim ``line``, driven inactive from the first moment."""
        with self._lock:
            self._claim(line, user)
            self._drive(line, active_low)
        return _Output(self, line, active_low)

    def claim_input(self, line: str, *, user: str, active_low: bool, pull: Pull, debounce_s: float) -> _Input:
        """Claim ``line``; its level now is settled, only later edges are reported."""
        with self._lock:
            self._claim(line, user)
            contact = Debounce(self._world.level(line, pull), debounce_s)
            claimed = _Input(self, line, active_low, pull, contact)
            self._inputs[line] = claimed
        return claimed

    def fileno(self) -> int:
        """Readable while changes wait or the next deadline has moved."""
        return self._feed.fileno()

    def next_deadline(self) -> float | None:
        """When the earliest bouncing input settles."""
        with self._lock:
            deadlines = (one.contact.deadline for one in self._inputs.values())
            return min((one for one in deadlines if one is not None), default=None)

    def read_changes(self) -> tuple[LineChanged, ...]:
        """Settled edges since the last call, oldest first; raises DriverUnavailableError while it fails."""
        with self._lock:
            if self._fault:
                raise DriverUnavailableError(self._fault)
            self._settle()
            return tuple(sorted(self._feed.take(), key=lambda change: change.at))

    def close(self) -> None:
        """Every output undriven, as after the end of the process. May be called twice."""
        with self._lock:
            for line in self._world.outputs:
                self._record(line, None)
            self._inputs.clear()
            self._claims.clear()
            self._feed.close()

    # The world around it

    def set_level(self, line: str, level: bool | None) -> None:
        """Put an input line high or low from outside; None lets go (its bias decides)."""
        with self._lock:
            if level is None:
                self._world.outside.pop(line, None)
            else:
                self._world.outside[line] = level
            self._look()

    def wire(self, source: str, target: str) -> None:
        """Connect the input ``target`` to the output ``source``: a relay that feeds a contact."""
        with self._lock:
            self._world.wires[target] = source
            self._look()

    def fail(self, cause: str) -> None:
        """The chip is gone, as when it was pulled out; empty: it is there again."""
        with self._lock:
            self._fault = cause
            self._feed.wake()

    def level(self, line: str) -> bool | None:
        """Level an output drives now; None when undriven or not claimed."""
        with self._lock:
            return self._world.outputs.get(line)

    def history(self) -> tuple[LevelChanged, ...]:
        """The latest output changes, oldest first."""
        with self._lock:
            return tuple(self._history)

    # Inside

    def _claim(self, line: str, user: str) -> None:
        if self._feed.is_closed:
            raise DriverUnavailableError(f"simulated GPIO is closed; line {line!r} cannot be claimed")
        if not line:
            raise DriverSettingsError(f"{user}: the line name is empty")
        self._claims.take(line, line=line, user=user)

    def _drive(self, line: str, level: bool) -> None:
        with self._lock:
            if self._feed.is_closed:
                raise DriverUnavailableError(f"simulated GPIO is closed; line {line!r} cannot be driven")
            self._record(line, level)
            self._look()

    def _record(self, line: str, level: bool | None) -> None:
        if line not in self._world.outputs or self._world.outputs[line] is not level:
            self._world.outputs[line] = level
            self._history.append(LevelChanged(line, level, self._clock()))

    def _look(self) -> None:
        """Note every raw level; those that left, or came back to, their settled ones count."""
        now = self._clock()
        for one in self._inputs.values():
            self._tell(one, one.contact.moved(self._world.level(one.line, one.pull), now))
        self._feed.wake()

    def _settle(self) -> None:
        now = self._clock()
        for one in self._inputs.values():
            self._tell(one, one.contact.settle(now))

    def _tell(self, one: _Input, changes: tuple[Settled, ...]) -> None:
        for change in changes:
            self._feed.put(LineChanged(one.line, change.level != one.active_low, change.at))

    def _is_active(self, one: _Input) -> bool:
        with self._lock:
            self._settle()
            return one.contact.level != one.active_low
