"""Waiting for a reader's events on its descriptor, with a deadline; never a sleep."""

from __future__ import annotations

import select
import time
from collections.abc import Callable

from drivers.ports import CardRead, HealthChanged, Reader, ReaderEvent

WITHIN_S = 8.0
"""Far above what anything here takes: a deadline for a hang, not a measure."""


def wait_readable(reader: Reader, within_s: float = WITHIN_S) -> bool:
    """Whether the reader's descriptor becomes readable in time."""
    return bool(select.select([reader.fileno()], [], [], within_s)[0])


def events_until(reader: Reader, last: Callable[[ReaderEvent], bool]) -> list[ReaderEvent]:
    """All events up to and with the first for which ``last`` holds; fails when none comes."""
    events: list[ReaderEvent] = []
    deadline = time.monotonic() + WITHIN_S
    while not any(last(event) for event in events):
        assert wait_readable(reader, deadline - time.monotonic()), f"only {events} came"
        events += reader.read_events()
    return events


def next_read(reader: Reader) -> CardRead:
    """The next card read, whatever else is reported before it."""
    read = events_until(reader, lambda event: isinstance(event, CardRead))[-1]
    assert isinstance(read, CardRead)
    return read


def next_health(reader: Reader, *, ok: bool) -> HealthChanged:
    """The next report that the reader is well (or not), whatever comes before it."""
    health = events_until(reader, lambda event: isinstance(event, HealthChanged) and event.ok is ok)[-1]
    assert isinstance(health, HealthChanged)
    return health
