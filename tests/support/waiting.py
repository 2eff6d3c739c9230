"""Waiting with a deadline: on a reader's descriptor, or by looking again and again.

No test sleeps for a time in which something is hoped to have happened. The one exception to "no sleeps": what
another process or thread does without a descriptor or an event of ours can only be polled (`until`).
It is looked at until it is so, and the deadline is for a hang: a loaded machine is slow, not wrong.
"""

from __future__ import annotations

import asyncio
import select
import time
from collections.abc import Callable
from typing import Final

from drivers.ports import CardRead, HealthChanged, Reader, ReaderEvent

WITHIN_S: Final = 60.0
"""Far above what anything takes that is waited for: a deadline for a hang, not a measure."""
LOOK_EVERY_S: Final = 0.01


def rest() -> None:
    """The pause between two looks."""
    time.sleep(LOOK_EVERY_S)


def until(
    what: str,
    check: Callable[[], object],
    within_s: float = WITHIN_S,
    *,
    told: Callable[[], object] = lambda: "",
    between: Callable[[], object] = rest,
) -> None:
    """Look until ``check`` holds; fails naming ``what`` was waited for, and what is ``told`` of it then.

    ``between`` two looks a loop of ours may have to be turned, for instance.
    """
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline, _missed(what, within_s, told)
        between()


async def until_async(
    what: str,
    check: Callable[[], object],
    within_s: float = WITHIN_S,
    *,
    told: Callable[[], object] = lambda: "",
) -> None:
    """`until`, while the other tasks of this loop have their turn."""
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline, _missed(what, within_s, told)
        await asyncio.sleep(0.001)


def _missed(what: str, within_s: float, told: Callable[[], object]) -> str:
    return f"not within {within_s:g} s: {what}\n{told()}".rstrip()


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
