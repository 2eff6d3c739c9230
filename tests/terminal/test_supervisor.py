"""A reader that dies is noticed, reported and brought back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import pytest

from drivers.ports import (
    CardRead,
    DriverUnavailableError,
    HealthChanged,
    ReaderEvent,
    TamperChanged,
    Technology,
)
from terminal.loop import Loop
from terminal.supervisor import FIRST_RETRY_S, LONGEST_RETRY_S, SILENCE_S, Health, ReaderSupervisor

CARD = CardRead(Technology.ISO14443A, b"\x01\x02\x03\x04", 32, 0.0)


class Bench:
    """A loop on a clock moved by hand, and readers that do as they are told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.loop = Loop(lambda: self.now, lambda _now: None)
        self.missing = False
        self.opened: list[ScriptedReader] = []
        self.reads: list[object] = []
        self.health: list[Health] = []
        self.tampered: list[bool] = []
        self.supervisor = ReaderSupervisor(
            "north",
            self.open,
            self.loop,
            on_read=self.reads.append,
            on_health=self.health.append,
            on_tamper=self.tampered.append,
            jitter=lambda: 0.0,
        )

    def open(self) -> ScriptedReader:
        if self.missing:
            raise DriverUnavailableError("no reader named north")
        self.opened.append(ScriptedReader(self))
        return self.opened[-1]

    def advance(self, seconds: float) -> None:
        """Let time pass in steps shorter than any deadline here."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 0.125)
            self.loop.turn(0)


class ScriptedReader:
    """Implements the reader port."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.alive_at = bench.now
        self.frozen = False
        self.closed = 0
        self.broken = False
        self.waiting: list[ReaderEvent] = []
        self.fd = os.eventfd(0, os.EFD_NONBLOCK)

    def fileno(self) -> int:
        return self.fd

    def put(self, event: ReaderEvent) -> None:
        self.waiting.append(event)
        os.eventfd_write(self.fd, 1)

    def read_events(self) -> Sequence[ReaderEvent]:
        os.eventfd_read(self.fd)
        if self.broken:
            raise DriverUnavailableError("cable cut")
        taken, self.waiting = self.waiting, []
        return taken

    def last_alive(self) -> float:
        return self.alive_at if self.frozen else self.bench.now

    def close(self) -> None:
        self.closed += 1
        if self.closed == 1:
            os.close(self.fd)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.supervisor.close()
    made.loop.close()


def test_reads_are_passed_on_and_health_is_not(bench: Bench) -> None:
    bench.supervisor.start()
    bench.opened[0].put(HealthChanged(ok=True, cause=""))
    bench.opened[0].put(CARD)
    bench.loop.turn(1)
    assert bench.reads == [CARD]
    assert [one.ok for one in bench.health] == [True]


def test_a_missing_reader_is_reported_once_and_retried_ever_more_slowly(bench: Bench) -> None:
    bench.missing = True
    bench.supervisor.start()
    bench.advance(100)
    assert [(one.ok, one.cause) for one in bench.health] == [(False, "no reader named north")]
    bench.missing = False
    bench.advance(LONGEST_RETRY_S)
    assert len(bench.opened) == 1


def test_a_reader_that_breaks_is_closed_and_opened_anew(bench: Bench) -> None:
    bench.supervisor.start()
    bench.opened[0].broken = True
    bench.opened[0].put(CARD)
    bench.loop.turn(1)
    assert bench.opened[0].closed == 1
    bench.advance(2 * FIRST_RETRY_S)
    bench.opened[1].put(CARD)
    bench.loop.turn(1)
    assert bench.reads == [CARD]
    assert [one.ok for one in bench.health] == [False, True]


def test_a_frozen_reader_is_noticed_from_outside(bench: Bench) -> None:
    bench.supervisor.start()
    bench.opened[0].frozen = True
    bench.advance(SILENCE_S + 3)
    assert bench.opened[0].closed == 1
    assert len(bench.opened) == 2
    assert "no sign of life" in bench.health[-1].cause


def test_a_reader_that_stays_well_is_left_alone(bench: Bench) -> None:
    bench.supervisor.start()
    bench.advance(120)
    assert len(bench.opened) == 1


def test_restart_by_command_opens_anew_and_the_old_one_is_closed(bench: Bench) -> None:
    bench.supervisor.start()
    bench.supervisor.restart()
    assert [one.closed for one in bench.opened] == [1, 0]


def test_closing_twice_is_harmless(bench: Bench) -> None:
    bench.supervisor.start()
    bench.supervisor.close()
    bench.supervisor.close()
    assert bench.opened[0].closed == 1
    assert bench.supervisor.reader is None


def test_tamper_is_handed_on_and_says_nothing_of_health(bench: Bench) -> None:
    bench.supervisor.start()
    told = len(bench.health)
    bench.opened[0].put(TamperChanged(True, 100.0))
    bench.opened[0].put(TamperChanged(False, 101.0))
    bench.loop.turn(1)
    assert bench.tampered == [True, False]
    assert len(bench.health) == told
