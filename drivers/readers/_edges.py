"""Where a Wiegand reader's falling edges come from: the kernel's character device, or a simulated wire."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from drivers.feed import Feed
from drivers.library import load_library
from drivers.ports import (
    DriverError,
    DriverLibraryError,
    DriverPermissionError,
    DriverUnavailableError,
    Pull,
)
from drivers.readers._wiegand_decoder import NS, Edge

EVENT_BUFFER: Final = 1024
"""Edges the kernel keeps for us (its usual 16 a line are less than one frame); the most it gives."""
BETWEEN_FRAMES_NS: Final = 150_000_000
"""No reader sends two frames sooner."""
DEVICES: Final = Path("/dev")
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
            DriverUnavailableError: no such chip or line, or the line is taken.
            DriverPermissionError: this user may not use the chip.
        """
        gpiod = load_library("gpiod", kind="wiegand", package="gpiod", extra="gpiod", system="libgpiod3")
        if not hasattr(gpiod, "request_lines"):
            raise DriverLibraryError(
                "kind 'wiegand' needs gpiod 2, and an older one is installed; "
                "install it: pip install 'gatehouse[gpiod]'"
            )
        opened = _open_chip(gpiod, chip)
        try:
            self._offsets = tuple(_offset(opened, chip, line) for line in lines)
            self._request = _request(gpiod, opened, chip, self._offsets, pull)
        finally:
            opened.close()

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


def _open_chip(gpiod: Any, chip: str) -> Any:  # noqa: ANN401 - a driver loads its library late
    """The chip of this path, name or label; on a Pi 5 only the label stays the same."""
    for path in _candidates(chip):
        try:
            opened = gpiod.Chip(str(path))
        except PermissionError as error:
            raise DriverPermissionError(
                f"{path}: this user may not use it; add the user to the group gpio"
            ) from error
        except OSError:
            continue
        if path.name == Path(chip).name or opened.get_info().label == chip:
            return opened
        opened.close()
    there = ", ".join(sorted(path.name for path in DEVICES.glob("gpiochip*"))) or "none"
    raise DriverUnavailableError(
        f"no GPIO chip {chip!r} (there: {there}); run gpiodetect and correct 'chip', "
        "or connect the reader to a board that has one"
    )


def _candidates(chip: str) -> Iterator[Path]:
    if chip.startswith("/"):
        yield Path(chip)
    else:
        named = DEVICES / chip
        yield from [named] if named.exists() else sorted(DEVICES.glob("gpiochip*"))


def _offset(chip: Any, name: str, line: str) -> int:  # noqa: ANN401 - see _open_chip
    try:
        return int(chip.line_offset_from_id(line))
    except (OSError, ValueError) as error:
        raise DriverUnavailableError(
            f"GPIO chip {name!r} has no line {line!r}; run gpioinfo and correct 'data0' and 'data1'"
        ) from error


def _request(gpiod: Any, chip: Any, name: str, offsets: tuple[int, ...], pull: Pull) -> Any:  # noqa: ANN401 - see _open_chip
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
        raise _refused(chip, name, offsets, error) from error


def _refused(chip: Any, name: str, offsets: tuple[int, ...], error: OSError) -> DriverError:  # noqa: ANN401 - see _open_chip
    for offset in offsets:
        info = chip.get_line_info(offset)
        if info.used:
            return DriverUnavailableError(
                f"line {offset} of GPIO chip {name!r} is used by {info.consumer or 'the kernel'!r} "
                f"and wanted by {_CONSUMER!r}; give one another line, or remove the other user"
            )
    return DriverUnavailableError(
        f"GPIO chip {name!r} does not give edges of lines {offsets} ({os.strerror(error.errno or 0)}); "
        "connect the reader to lines that can interrupt"
    )
