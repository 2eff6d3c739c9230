"""The office's time at a gate: believed, written seldom, lowered by the root alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.records import ClockState
from sync.update import ListVersion
from terminal.agent.time_source import CONFIRM_EVERY_S, WRITE_EVERY_S, TimeSource
from terminal.clock import RELEASE_FLOOR
from terminal.stores.confirmation import load_confirmation
from terminal.stores.time_anchor import Lowered, load_time
from tests.support.estate import NOW
from tests.support.gate_parts import HandClock

BOOT = b"b" * 16
VERSION = ListVersion(1, 4)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def source(tmp_path: Path, clock: HandClock) -> TimeSource:
    return TimeSource(tmp_path, BOOT, clock.read)


def answer(source: TimeSource, clock: HandClock, *, off_ms: int = 0, round_trip_s: float = 0.1) -> bool:
    """An answer to a question asked so long ago as it took; the office runs on our monotonic clock."""
    asked_ms = clock.read().boottime_ms - int(round_trip_s * 1000)
    utc_ms = NOW * 1000 + asked_ms + int(round_trip_s * 500) + off_ms
    return source.answered(utc_ms, asked_boottime_ms=asked_ms, round_trip_s=round_trip_s)


def test_an_answer_makes_the_clock_trusted_wherever_the_system_clock_stands(
    source: TimeSource, clock: HandClock
) -> None:
    clock.set_utc(0)
    assert source.judged().now.clock is ClockState.UNKNOWN
    assert answer(source, clock)
    now = source.judged().now
    assert (now.clock, now.utc) == (ClockState.TRUSTED, NOW + 1000)
    clock.set_utc(4_000_000_000)
    assert source.judged().now == now


def test_what_stands_on_disk_is_written_seldom(tmp_path: Path, source: TimeSource, clock: HandClock) -> None:
    answer(source, clock)
    first = load_time(tmp_path)
    for _ in range(WRITE_EVERY_S // 20 - 2):
        clock.monotonic += 20
        answer(source, clock)
        assert load_time(tmp_path) == first
    clock.monotonic += 40
    answer(source, clock)
    later = load_time(tmp_path)
    assert later != first
    assert later.floor >= first.floor + WRITE_EVERY_S - 1


@pytest.mark.parametrize(("off_ms", "round_trip_s"), [(1_500, 0.1), (0, 0.01)], ids=["ahead", "surer"])
def test_what_is_better_known_is_written_at_once(
    tmp_path: Path, source: TimeSource, clock: HandClock, off_ms: int, round_trip_s: float
) -> None:
    answer(source, clock, round_trip_s=0.1)
    first = load_time(tmp_path)
    clock.monotonic += 20
    answer(source, clock, off_ms=off_ms, round_trip_s=round_trip_s)
    assert load_time(tmp_path) != first
    assert source.drift_ms == off_ms


def test_a_far_jump_is_not_believed(tmp_path: Path, source: TimeSource, clock: HandClock) -> None:
    answer(source, clock)
    before = load_time(tmp_path), source.judged().now
    assert not answer(source, clock, off_ms=2 * 86_400_000)
    assert (load_time(tmp_path), source.judged().now) == before


def test_a_restart_in_the_same_boot_goes_on_trusted_and_another_boot_keeps_the_floor(
    tmp_path: Path, source: TimeSource, clock: HandClock
) -> None:
    answer(source, clock)
    assert TimeSource(tmp_path, BOOT, clock.read).judged().now.clock is ClockState.TRUSTED
    clock.set_utc(0)
    other = TimeSource(tmp_path, b"c" * 16, clock.read).judged().now
    assert (other.clock, other.floor) == (ClockState.UNKNOWN, NOW + 1000)


def test_only_the_root_lowers_the_floor_and_older_lists_do_not_raise_it_again(
    tmp_path: Path, source: TimeSource, clock: HandClock
) -> None:
    clock.set_utc(0)
    source.learn(VERSION, NOW + 10**8)  # signed by a hub whose clock was wrong
    assert source.judged().now.floor == NOW + 10**8
    source.lower(Lowered(1, NOW, VERSION))
    assert source.judged().now.floor == max(NOW, RELEASE_FLOOR)
    source.learn(VERSION, NOW + 10**8)
    assert source.judged().now.floor == max(NOW, RELEASE_FLOOR)


def test_a_list_is_confirmed_on_disk_every_ten_minutes(
    tmp_path: Path, source: TimeSource, clock: HandClock
) -> None:
    source.confirmed(VERSION)
    assert load_confirmation(tmp_path).version != VERSION, "not while the time is unknown"
    answer(source, clock)
    source.confirmed(VERSION)
    first = load_confirmation(tmp_path)
    clock.monotonic += CONFIRM_EVERY_S - 1
    source.confirmed(VERSION)
    assert load_confirmation(tmp_path) == first
    clock.monotonic += 1
    source.confirmed(VERSION)
    assert load_confirmation(tmp_path).utc == first.utc + CONFIRM_EVERY_S


def test_a_damaged_file_is_told_and_costs_the_anchor_alone(
    tmp_path: Path, source: TimeSource, clock: HandClock
) -> None:
    answer(source, clock)
    (path,) = [one for one in tmp_path.iterdir() if load_time(tmp_path).anchor and "time" in one.name]
    path.write_bytes(b"\x00" * 40)
    again = TimeSource(tmp_path, BOOT, clock.read)
    assert again.fault
    assert answer(again, clock)
    assert load_time(tmp_path).anchor is not None
