"""When an event really happened, of which the gate knew only the boot clock.

CLOCK_BOOTTIME runs evenly from boot to boot. The hub knows at which UTC it answered which
nonce; the gate tells, with its next question, between which two readings of its boot clock
that answer came. So each exchange gives an anchor whose error is half the round trip. Each
anchor bounds the time of every event of its boot: by its own error, and by the most that
a Pi's crystal may be wrong over the time between. The true time lies within all bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from office.hub.facts import BootAnchor
from sync.events import Event
from sync.records import ClockState

MAX_DRIFT_PPM: Final = 100
"""A Pi's crystal is within 50 ppm; heat and age take as much again."""
UNSETTLED_MS: Final = 1_000
"""A worse time than this may still be bettered by a later anchor."""


class CorrectedTime(Struct, frozen=True):
    """UTC milliseconds, and how far they may be off on either side."""

    utc_ms: int
    uncertainty_ms: int


class Drift(Struct, frozen=True):
    """How fast a gate's boot clock runs against the office's, in parts per million."""

    ppm: float
    uncertainty_ppm: float

    @property
    def suspicious(self) -> bool:
        """Whether no crystal explains it: one of the clocks was changed."""
        return abs(self.ppm) - self.uncertainty_ppm > MAX_DRIFT_PPM


def anchor_from_pulse(asked_boottime_ms: int, answered_boottime_ms: int, utc_ms: int) -> BootAnchor | None:
    """The anchor of one exchange: the hub wrote ``utc_ms`` between the gate's two readings.

    ``None`` for readings that cannot be: the answer came before the question.
    """
    trip_ms = answered_boottime_ms - asked_boottime_ms
    if trip_ms < 0:
        return None
    # Rounded up, and 1 ms for what both clocks cut off.
    return BootAnchor(asked_boottime_ms + trip_ms // 2, utc_ms, (trip_ms + 1) // 2 + 1)


def corrected(anchors: Sequence[BootAnchor], boottime_ms: int) -> CorrectedTime | None:
    """When the boot clock read ``boottime_ms``, as the ``anchors`` of its boot bound it together.

    Anchors that contradict each other (the office's own clock was set in between) are told by
    an uncertainty that covers them.
    """
    times = [_from_one(one, boottime_ms) for one in anchors]
    if not times:
        return None
    earliest = max(one.utc_ms - one.uncertainty_ms for one in times)
    latest = min(one.utc_ms + one.uncertainty_ms for one in times)
    low, high = min(earliest, latest), max(earliest, latest)
    return CorrectedTime((low + high) // 2, (high - low + 1) // 2)


def event_time(event: Event, anchors: Sequence[BootAnchor]) -> CorrectedTime | None:
    """When an event happened, as well as can be told; ``None``: not yet known."""
    time = corrected(anchors, event.boottime_ms)
    if time is None and event.clock is ClockState.TRUSTED and event.wall_ms is not None:
        # An anchor of the gate's own, whose error it does not tell: bounded by what the gate accepts.
        return CorrectedTime(event.wall_ms, UNSETTLED_MS)
    return time


def drift(anchors: Sequence[BootAnchor]) -> Drift | None:
    """Drift between the first and the last anchor of a boot; ``None`` with fewer than two."""
    if len(anchors) < 2:
        return None
    first, last = anchors[0], anchors[-1]
    span_ms = last.boottime_ms - first.boottime_ms
    if span_ms <= 0:
        return None
    gained_ms = (last.utc_ms - first.utc_ms) - span_ms
    uncertain_ms = first.uncertainty_ms + last.uncertainty_ms
    return Drift(1e6 * gained_ms / span_ms, 1e6 * uncertain_ms / span_ms)


def _from_one(anchor: BootAnchor, boottime_ms: int) -> CorrectedTime:
    away_ms = boottime_ms - anchor.boottime_ms
    drifted_ms = -(-abs(away_ms) * MAX_DRIFT_PPM // 1_000_000)
    return CorrectedTime(anchor.utc_ms + away_ms, anchor.uncertainty_ms + drifted_ms)
