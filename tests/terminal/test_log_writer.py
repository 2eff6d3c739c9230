from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.events import Event, EventKind
from terminal.log_backlog import GROUP_S, Result
from terminal.log_writer import LogUnavailableError, LogWriter
from terminal.stores.access_state import SpendRefusedError
from terminal.stores.errors import StoreError
from terminal.stores.usage_log import UsageLog
from terminal.stores.usage_reader import UsageReader
from tests.support.waiting import until
from tests.terminal.stores.usage_support import DAY_S, kinds, open_log, plain, spending, stamp

WITHIN_S = 10.0


class Clock:
    """A monotonic clock that stands until it is told to go."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Disk:
    """Whether the disk takes a commit; counts the transactions it was asked for."""

    def __init__(self) -> None:
        self.broken = threading.Event()
        self.commits = 0

    def __call__(self, step: str) -> None:
        if step == "before commit":
            self.commits += 1
            if self.broken.is_set():
                raise StoreError("the disk is full")


class Rig:
    """A running writer on a disk and a clock that the test holds."""

    def __init__(self, directory: Path, max_waiting: int) -> None:
        self.clock = Clock()
        self.disk = Disk()
        self.utc_s: int | None = None
        self.log: UsageLog = open_log(directory, checkpoint=self.disk)
        self.writer = LogWriter(
            self.log,
            stamp=stamp,
            monotonic=self.clock,
            trusted_utc=lambda: self.utc_s,
            max_waiting=max_waiting,
        )
        self.epoch = self.log.head.header.epoch
        self.results: queue.SimpleQueue[Result] = queue.SimpleQueue()

    def submit(self, count: int = 1) -> None:
        for _ in range(count):
            self.writer.submit(plain(), self.results.put)

    def spend(self, limit: int = 9) -> Result:
        mine: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self.writer.submit(spending(5, limit), mine.put, urgent=True)
        return mine.get(timeout=WITHIN_S)

    def get(self, count: int) -> list[Result]:
        return [self.results.get(timeout=WITHIN_S) for _ in range(count)]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    one = Rig(tmp_path, max_waiting=5)
    one.writer.start()
    yield one
    one.disk.broken.clear()
    assert one.writer.stop()


def test_an_urgent_entry_takes_the_waiting_ones_along_in_one_transaction(rig: Rig) -> None:
    rig.submit(3)
    assert rig.spend() == 4
    assert rig.get(3) == [1, 2, 3]
    assert rig.disk.commits == 1


def test_a_group_is_written_once_its_window_is_over(rig: Rig) -> None:
    rig.submit(3)
    assert rig.results.empty()
    assert rig.disk.commits == 0
    rig.clock.now += GROUP_S
    assert rig.get(3) == [1, 2, 3]
    assert rig.disk.commits == 1


def test_a_refused_spend_tells_why_and_others_go_on(rig: Rig) -> None:
    assert rig.spend(limit=1) == 1
    assert isinstance(rig.spend(limit=1), SpendRefusedError)
    assert rig.spend(limit=2) == 2
    assert rig.writer.health().last_error == ""


def test_a_told_number_is_durable(rig: Rig, tmp_path: Path) -> None:
    number = rig.spend()
    with UsageReader(tmp_path) as reader:
        assert reader.head().last.number == number


def test_while_the_disk_fails_spends_fail_at_once_and_events_wait(rig: Rig) -> None:
    rig.disk.broken.set()
    rig.submit(2)
    error = rig.spend()
    assert isinstance(error, StoreError)
    assert rig.results.empty()
    health = rig.writer.health()
    assert (health.running, health.backlog, health.lost) == (True, 2, 0)
    assert health.last_error == "the disk is full"
    rig.disk.broken.clear()
    assert rig.spend() == 3  # nothing of the failed spend is there
    assert rig.get(2) == [1, 2]
    assert rig.writer.health().last_error == ""
    assert rig.log.access_state().used == {5: 1}


def test_overflow_is_counted_and_recorded_before_anything_else(rig: Rig, tmp_path: Path) -> None:
    rig.disk.broken.set()
    rig.submit(5)
    assert isinstance(rig.spend(), StoreError)
    rig.submit(3)
    assert [type(one) for one in rig.get(3)] == [LogUnavailableError] * 3
    assert rig.writer.health().lost == 3
    rig.disk.broken.clear()
    rig.clock.now += 60.0
    assert rig.get(5) == [2, 3, 4, 5, 6]
    with UsageReader(tmp_path) as reader:
        (first,) = reader.read_after(0, 1)
    assert isinstance(first.content, Event)
    assert first.content.kind is EventKind.EVENTS_LOST
    assert first.content.detail["count"] == 3


def test_acknowledged_events_leave_by_themselves(rig: Rig, tmp_path: Path) -> None:
    for _ in range(3):
        rig.spend()
    with UsageReader(tmp_path) as reader:
        rig.utc_s = 100 * DAY_S
        rig.writer.acknowledge(rig.epoch, 2)
        until("acknowledged", lambda: reader.head().header.acknowledged == 2)
        rig.utc_s = 130 * DAY_S
        rig.clock.now += 3600.0
        rig.submit()
        rig.clock.now += GROUP_S
        until("purged", lambda: reader.head().header.anchor.number == 2)
        assert reader.verify().number == 4


def test_an_impossible_acknowledgement_is_an_error_to_see_and_stops_nothing(rig: Rig, tmp_path: Path) -> None:
    rig.writer.acknowledge(rig.epoch, 99)
    until("told", lambda: "99" in rig.writer.health().last_error)
    assert rig.spend() == 1
    rig.clock.now += 60.0
    rig.writer.acknowledge(rig.epoch, 1)
    with UsageReader(tmp_path) as reader:
        until("acknowledged", lambda: reader.head().header.acknowledged == 1)


def test_a_stop_writes_what_waits(tmp_path: Path) -> None:
    rig = Rig(tmp_path, max_waiting=500)
    rig.writer.start()
    rig.submit(300)
    assert rig.writer.stop()
    assert rig.get(300) == list(range(1, 301))
    rig.submit()
    assert [type(one) for one in rig.get(1)] == [LogUnavailableError]
    assert not rig.writer.health().running
    with contextlib.closing(open_log(tmp_path)) as log:
        assert len(kinds(log)) == 300


def test_a_stop_with_a_failing_disk_tells_everybody(tmp_path: Path) -> None:
    rig = Rig(tmp_path, max_waiting=500)
    rig.writer.start()
    rig.disk.broken.set()
    rig.submit(200)
    assert rig.writer.stop()
    assert all(isinstance(one, StoreError) for one in rig.get(200))
    assert rig.writer.health().lost == 200


def test_a_spend_the_disk_kept_waiting_too_long_is_not_spent(tmp_path: Path) -> None:
    rig = Rig(tmp_path, max_waiting=5)
    mine: queue.SimpleQueue[Result] = queue.SimpleQueue()
    held, go_on = threading.Event(), threading.Event()

    def hold(_: Result) -> None:
        held.set()
        go_on.wait(WITHIN_S)

    rig.writer.start()
    rig.writer.submit(spending(5, 9), hold, urgent=True)
    assert held.wait(WITHIN_S)
    rig.writer.submit(spending(5, 9), mine.put, urgent=True)
    rig.clock.now += 5.0
    go_on.set()
    assert isinstance(mine.get(timeout=WITHIN_S), LogUnavailableError)
    assert rig.log.access_state().used == {5: 1}
    assert rig.writer.stop()
