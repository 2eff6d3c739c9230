"""Where a Wiegand reader's falling edges come from: the kernel's character device, or a simulated wire."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, Final, Protocol

from drivers.feed import Feed
from drivers.gpio_chip import NO_PERMISSION, line_offset, load_gpiod, open_chip, refusal
from drivers.ports import DriverError, DriverUnavailableError, Pull
from drivers.readers._wiegand_decoder import NS, Edge

EVENT_BUFFER: Final = 1024
"""Edges the kernel keeps for us (its usual 16 a line are less than one frame); the most it gives."""
BETWEEN_FRAMES_NS: Final = 150_000_000
"""No reader sends two frames sooner."""
_CONSUMER: Final = "gatehouse wiegand"


class EdgeSource(Protocol):
    """Falling edges of two lines, with the kernel's own times."""

    def fileno(self) -> int:
        """Readable while edges wait."""

    def read(self) -> Sequence[Edge]:
        """The waiting edges in order, at most ``EVENT_BUFFER``; never blocks.

        Raises:
            DriverUnavailableError: the lines are gone.
        """

    def close(self) -> None:
        """Release the lines. May be called twice."""


class GpiodEdges:
    """Two lines of a gpiochip, by libgpiod 2."""

    def __init__(self, chip: str, lines: tuple[str, str], pull: Pull) -> None:
        """Claim the lines.

        Raises:
            DriverLibraryError: no gpiod 2. Others cannot time pulses of 50 us.
            DriverUnavailableError: no such chip, or the line is taken.
            DriverSettingsError: no such line.
            DriverPermissionError: this user may not use the chip.
        """
        gpiod = load_gpiod("wiegand")
        with closing(open_chip(gpiod, chip)) as opened:
            self._offsets = tuple(line_offset(opened, line) for line in lines)
            self._request = _request(gpiod, opened, self._offsets, pull)

    def fileno(self) -> int:
        return int(self._request.fd)

    def read(self) -> list[Edge]:
        try:
            if not self._request.wait_edge_events(0):
                return []
            events = self._request.read_edge_events(EVENT_BUFFER)
        except OSError as error:
            raise DriverUnavailableError(
                f"the Wiegand lines were lost ({error.strerror}); connect the GPIO chip again"
            ) from error
        return [Edge(self._offsets.index(one.line_offset), one.timestamp_ns) for one in events]

    def close(self) -> None:
        self._request.release()


class SimEdges:
    """A simulated wire: whoever plays the reader sends pulses on it, from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._feed: Feed[Edge] = Feed()
        self._free_ns = 0

    def fileno(self) -> int:
        return self._feed.fileno()

    def read(self) -> tuple[Edge, ...]:
        return self._feed.take()

    def close(self) -> None:
        self._feed.close()

    def send(self, value: int, bits: int, *, interval_ns: int = 1_000_000) -> int:
        """Play one frame, first bit first, now or once the wire is free; answers when it ends, in ns.

        Its edges are told at once, with the times they will have: who decodes waits as for a real wire.
        """
        first_ns = max(round(self._clock() * NS), self._free_ns)
        edges = train(value, bits, first_ns, interval_ns)
        self._free_ns = edges[-1].at_ns + BETWEEN_FRAMES_NS
        self.pulse(edges)
        return edges[-1].at_ns

    def pulse(self, edges: Sequence[Edge]) -> None:
        """Play any edges."""
        for edge in edges:
            self._feed.put(edge)


def train(value: int, bits: int, first_ns: int, interval_ns: int) -> list[Edge]:
    """The edges of one frame whose first pulse is at ``first_ns``."""
    return [Edge(value >> (bits - 1 - i) & 1, first_ns + i * interval_ns) for i in range(bits)]


def _request(gpiod: Any, chip: Any, offsets: tuple[int, ...], pull: Pull) -> Any:  # noqa: ANN401 - a driver loads its library late
    bias = {
        Pull.NONE: gpiod.line.Bias.DISABLED,
        Pull.UP: gpiod.line.Bias.PULL_UP,
        Pull.DOWN: gpiod.line.Bias.PULL_DOWN,
    }[pull]
    settings = gpiod.LineSettings(
        direction=gpiod.line.Direction.INPUT,
        edge_detection=gpiod.line.Edge.FALLING,
        bias=bias,
        event_clock=gpiod.line.Clock.MONOTONIC,
    )
    try:
        return chip.request_lines({offsets: settings}, consumer=_CONSUMER, event_buffer_size=EVENT_BUFFER)
    except OSError as error:
        raise _refused(chip, offsets, error) from error


def _refused(chip: Any, offsets: tuple[int, ...], error: OSError) -> DriverError:  # noqa: ANN401 - a driver loads its library late
    taken = [offset for offset in offsets if chip.get_line_info(offset).used]
    if taken or error.errno in NO_PERMISSION:
        offset = (taken or offsets)[0]
        return refusal(error, chip, f"line {offset} of the Wiegand reader", offset)
    return DriverUnavailableError(
        f"the chip does not give edges of lines {offsets} ({os.strerror(error.errno or 0)}); "
        "connect the reader to lines that can interrupt"
    )
