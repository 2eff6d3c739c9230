"""The usage log: how long a commit takes, and what one event costs the disk."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.disk import NoLoopDeviceError, counted_disk
from bench.figures import Figure, middle
from bench.loads import ISSUED_AT, PEDESTRIAN_DOORS, estate
from bench.rig import Workshop
from sync.events import Detail, Event, EventKind
from sync.records import ClockState, Direction, Grant, Reason
from terminal.log_backlog import Result
from terminal.log_writer import LogWriter
from terminal.stores.access_state import Spend, StateChange
from terminal.stores.errors import StoreError
from terminal.stores.usage_log import Entry
from terminal.stores.usage_opening import Founding, open_usage_log

SINGLE_BYTES: Final = 8 * 1024
BURST_BYTES: Final = 1024
BURST: Final = 100
WITHIN_S: Final = 30.0

_BOOT: Final = bytes(16)


def measure(workshop: Workshop) -> list[Figure]:
    """Commit latency in ms on the working disk; bytes and flushes at a disk of its own."""
    share = 20 if workshop.quick else 1
    directory = workshop.directory / "usage"
    directory.mkdir()
    with _writer(directory) as log:
        log.one_by_one(20)
        spends = log.one_by_one(200 // share, urgent=True)
        grouped = log.one_by_one(100 // share)
        bursts = [log.burst() for _ in range(40 // share)]
    return [
        middle("spend_commit", spends, "ms"),
        middle("tap_until_durable", grouped, "ms"),
        middle(f"burst_of_{BURST}_until_durable", bursts, "ms"),
        *_disk_figures(workshop, share),
    ]


def _disk_figures(workshop: Workshop, share: int) -> list[Figure]:
    singles, bursts = 400 // share, 40 // share
    try:
        with counted_disk(workshop.directory) as disk, _writer(disk.directory) as log:
            log.one_by_one(20)  # the file grows to its usual room
            start = disk.written()
            flushes = []
            for _ in range(singles):
                before = disk.counters().flushes
                log.one_by_one(1)
                flushes.append(disk.counters().flushes - before)
            after_singles = disk.written()
            for _ in range(bursts):
                log.burst()
            end = disk.written()
    except NoLoopDeviceError as error:
        print(f"log: bytes and flushes are not counted here ({error})", file=sys.stderr)
        return []
    single, burst = after_singles.since(start), end.since(after_singles)
    return [
        Figure("single_tap_written", single.bytes / singles, "bytes", SINGLE_BYTES),
        middle("single_tap_flushes", flushes, "", 1.0),
        Figure("single_tap_flushes_with_checkpoints", single.flushes / singles, ""),
        Figure(f"burst_of_{BURST}_written_per_event", burst.bytes / (bursts * BURST), "bytes", BURST_BYTES),
        Figure(f"burst_of_{BURST}_flushes", burst.flushes / bursts, ""),
    ]


class _Log:
    """Hands taps to a log writer and waits until they are durable."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self._done: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._taps = _taps()

    def one_by_one(self, count: int, *, urgent: bool = False) -> list[float]:
        """Milliseconds of each; ``urgent`` ones are spends, which a relay waits for."""
        return [self._timed(1, urgent=urgent) for _ in range(count)]

    def burst(self) -> float:
        """Milliseconds until a hundred taps at once are durable."""
        return self._timed(BURST, urgent=False)

    def _submit(self, *, urgent: bool) -> None:
        event = next(self._taps)
        grant_id = event.grant_id or 0
        change = StateChange(spends=(Spend(grant_id, 60_000, 1),)) if urgent else StateChange()
        self._writer.submit(Entry(event, change), self._done.put, urgent=urgent)

    def _timed(self, events: int, *, urgent: bool) -> float:
        began = time.perf_counter()
        for _ in range(events):
            self._submit(urgent=urgent)
        for _ in range(events):
            result = self._done.get(timeout=WITHIN_S)
            if isinstance(result, StoreError):
                raise result
        return (time.perf_counter() - began) * 1_000


@contextmanager
def _writer(directory: Path) -> Iterator[_Log]:
    """A log writer as the gate has it, with an empty log in ``directory``."""
    epochs = iter(range(1, 1 << 16))
    founding = Founding(lambda: next(epochs).to_bytes(16, "big"), _stamp)
    writer = LogWriter(
        open_usage_log(directory, founding), stamp=_stamp, monotonic=time.monotonic, trusted_utc=lambda: None
    )
    writer.start()
    try:
        yield _Log(writer)
    finally:
        writer.stop()


def _stamp(kind: EventKind, detail: dict[str, Detail]) -> Event:
    return Event(kind, _BOOT, 0, None, ClockState.UNKNOWN, detail=detail)


def _taps() -> Iterator[Event]:
    """Granted taps of an estate's cards, a second apart."""
    second = 0
    while True:
        for one in estate(1_000):
            if isinstance(one, Grant):
                second += 1
                yield Event(
                    EventKind.TAP,
                    _BOOT,
                    second * 1_000,
                    (ISSUED_AT + second) * 1_000,
                    ClockState.TRUSTED,
                    PEDESTRIAN_DOORS[0],
                    PEDESTRIAN_DOORS[0],
                    Direction.IN,
                    one.credential,
                    one.issue_id,
                    one.grant_id,
                    Reason.GRANTED,
                )
