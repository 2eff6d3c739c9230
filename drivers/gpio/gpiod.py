"""Lines of the kernel's GPIO character device, version 2: any Raspberry Pi, and other boards.

The kernel sets an output's level before its direction, keeps other processes off claimed
lines, stamps and debounces edges. Raspberry Pi's kernels keep an output driven after its
owner has gone (``pinctrl_bcm2835.persist_gpio_outputs``), so each is made an input first.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from types import ModuleType
from typing import Annotated, Any

from msgspec import Struct

from drivers.gpio._debounce import Debounce, Settled
from drivers.gpio._lines import Claims, let_bias_settle
from drivers.gpio_chip import line_offset, load_gpiod, open_chip, refusal
from drivers.ports import DriverError, DriverUnavailableError, LineChanged, Pull
from drivers.settings import Length, Range

MOST_READS = 64
"""Batches of edges taken from one line in a row: a storm on it must not keep the others waiting."""
LOOK_AGAIN_S = 1.0
"""Every level is read this often even without an edge: one may be lost, or the chip pulled out."""
NS_PER_S = 1_000_000_000


class Settings(Struct, frozen=True):
    """Which chip, and how many edges the kernel keeps."""

    chip: Annotated[str, Length(0, 200)] = ""
    """Label as ``gpiodetect`` shows it, or path. Empty: the pin header of a Raspberry Pi."""
    event_buffer: Annotated[int, Range(16, 1024)] = 64
    """Edges the kernel keeps for each input until they are read (its own bounds)."""


def open_gpio(settings: Settings, clock: Callable[[], float]) -> GpiodBank:
    """The chip's lines, none of them claimed.

    Raises:
        DriverError: library missing, chip missing, not a chip, no permission.
    """
    library = load_gpiod("gpiod")
    return GpiodBank(library, open_chip(library, settings.chip), settings.event_buffer, clock)


def release_outputs(settings: Settings, lines: Sequence[str], *, force: bool) -> None:  # noqa: ARG001 - a driver's fixed form
    """Make each of ``lines`` an input; ``force`` changes nothing, for the kernel guards claimed lines.

    Raises:
        DriverError: one line of text for each that may still be driven.
    """
    library = load_gpiod("gpiod")
    problems = []
    with closing(open_chip(library, settings.chip)) as chip:
        for line in lines:
            try:
                offset = line_offset(chip, line)
                settings_now = library.LineSettings(direction=library.line.Direction.INPUT)
                chip.request_lines({offset: settings_now}, consumer="gatehouse release").release()
            except DriverError as error:
                problems.append(str(error))
            except OSError as error:
                problems.append(str(refusal(error, chip, f"line {line!r}", offset)))
    if problems:
        raise DriverUnavailableError("\n".join(problems))


class _Output(Struct):
    bank: GpiodBank
    request: Any
    offset: int
    line: str

    def set(self, active: bool) -> None:
        value = self.bank.library.line.Value
        try:
            self.request.set_value(self.offset, value.ACTIVE if active else value.INACTIVE)
        except (OSError, self.bank.library.RequestReleasedError) as error:
            raise DriverUnavailableError(f"line {self.line!r} cannot be driven: {error}") from error


class _Input(Struct):
    request: Any
    offset: int
    line: str
    active_low: bool
    contact: Debounce

    def is_active(self) -> bool:
        return self.contact.level != self.active_low


class GpiodBank:
    """One chip; each claimed line is a request of its own, and one descriptor waits for all inputs."""

    def __init__(
        self,
        library: ModuleType,
        chip: Any,  # noqa: ANN401 - library
        event_buffer: int,
        clock: Callable[[], float],
    ) -> None:
        self.library = library
        self._chip = chip
        self._event_buffer = event_buffer
        self._clock = clock
        self._claims = Claims()
        self._outputs: list[_Output] = []
        self._inputs: dict[int, _Input] = {}
        """By the descriptor of its request."""
        self._waits = select.epoll()
        self._next_look = clock() + LOOK_AGAIN_S

    def claim_output(self, line: str, *, user: str, active_low: bool) -> _Output:
        """Claim ``line``, driven inactive from the first moment."""
        way = self.library.line
        request, offset = self._request(
            line,
            user,
            direction=way.Direction.OUTPUT,
            active_low=active_low,
            output_value=way.Value.INACTIVE,
        )
        output = _Output(self, request, offset, line)
        self._outputs.append(output)
        return output

    def claim_input(self, line: str, *, user: str, active_low: bool, pull: Pull, debounce_s: float) -> _Input:
        """Claim ``line``; the kernel debounces it, or we do where it cannot."""
        way = self.library.line
        bias = {Pull.NONE: way.Bias.DISABLED, Pull.UP: way.Bias.PULL_UP, Pull.DOWN: way.Bias.PULL_DOWN}[pull]
        request, offset = self._request(line, user, direction=way.Direction.INPUT, bias=bias)
        let_bias_settle()
        edges = {"direction": way.Direction.INPUT, "bias": bias, "edge_detection": way.Edge.BOTH}
        try:
            left_to_us_s = self._detect_edges(request, offset, edges, debounce_s)
            level = request.get_value(offset) is way.Value.ACTIVE
        except OSError as error:
            request.release()
            raise refusal(error, self._chip, f"{user}: line {line!r}", offset) from error
        claimed = _Input(request, offset, line, active_low, Debounce(level, left_to_us_s))
        self._inputs[request.fd] = claimed
        self._waits.register(request.fd, select.EPOLLIN)
        return claimed

    def fileno(self) -> int:
        """Readable while edges wait on any input."""
        return -1 if self._waits.closed else self._waits.fileno()

    def next_deadline(self) -> float | None:
        """When the earliest input that we debounce ourselves settles, or all are looked at again."""
        if not self._inputs:
            return None
        deadlines = (one.contact.deadline for one in self._inputs.values())
        return min((self._next_look, *(one for one in deadlines if one is not None)))

    def read_changes(self) -> tuple[LineChanged, ...]:
        """Settled changes, oldest first; a level is read again after its edges, for some may be lost.

        Raises:
            DriverUnavailableError: the chip is gone.
        """
        if self._waits.closed:
            return ()
        touched = {fd for fd, _ in self._waits.poll(0)}
        now = self._clock()
        if now >= self._next_look:
            self._next_look = now + LOOK_AGAIN_S
            touched.update(self._inputs)
        changes: list[LineChanged] = []
        for fd, one in self._inputs.items():
            try:
                settled = self._drain(one) if fd in touched else one.contact.settle(now)
            except OSError as error:
                raise DriverUnavailableError(f"line {one.line!r} cannot be read: {error.strerror}") from error
            changes += [LineChanged(one.line, each.level != one.active_low, each.at) for each in settled]
        return tuple(sorted(changes, key=lambda change: change.at))

    def close(self) -> None:
        """Every output an input again, then everything released. May be called twice."""
        if self._waits.closed:
            return
        undriven = self.library.LineSettings(direction=self.library.line.Direction.INPUT)
        for output in self._outputs:
            with suppress(OSError):  # the chip is gone, and nothing is driven
                output.request.reconfigure_lines({output.offset: undriven})
            output.request.release()
        for one in self._inputs.values():
            one.request.release()
        self._inputs.clear()
        self._claims.clear()
        self._waits.close()
        self._chip.close()

    def _request(self, line: str, user: str, **settings: object) -> tuple[Any, int]:
        if self._waits.closed:
            raise DriverUnavailableError(f"the GPIO chip is closed; line {line!r} cannot be claimed")
        offset = line_offset(self._chip, line)
        self._claims.take(offset, line=line, user=user)
        try:
            request = self._chip.request_lines(
                {offset: self.library.LineSettings(**settings)},
                consumer=f"gatehouse {user}",
                event_buffer_size=self._event_buffer,
            )
        except OSError as error:
            raise refusal(error, self._chip, f"{user}: line {line!r}", offset) from error
        return request, offset

    def _detect_edges(self, request: Any, offset: int, edges: dict[str, Any], debounce_s: float) -> float:  # noqa: ANN401 - library
        """Have edges reported; answers how much debounce is left for us to do."""
        from datetime import timedelta  # noqa: PLC0415 - only the library wants one

        if debounce_s:
            period = timedelta(seconds=debounce_s)
            with suppress(OSError):
                settings = self.library.LineSettings(debounce_period=period, **edges)
                request.reconfigure_lines({offset: settings})
                return 0.0
        request.reconfigure_lines({offset: self.library.LineSettings(**edges)})
        return debounce_s

    def _drain(self, one: _Input) -> Sequence[Settled]:
        rising = self.library.EdgeEvent.Type.RISING_EDGE
        settled: list[Settled] = []
        for _ in range(MOST_READS):
            if not one.request.wait_edge_events(0):
                break
            for edge in one.request.read_edge_events():
                settled += one.contact.moved(edge.event_type is rising, edge.timestamp_ns / NS_PER_S)
        level = one.request.get_value(one.offset) is self.library.line.Value.ACTIVE
        settled += one.contact.sampled(level, self._clock())
        return settled
