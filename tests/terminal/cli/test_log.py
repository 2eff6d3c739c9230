"""``log``: what the gate remembers, from a time on, the newest of it, or as it happens."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from sync.events import Event, EventKind
from sync.records import ClockState
from terminal.cli import _answer
from terminal.cli.log import NEWEST, fields, line, newest, since
from terminal.stores.usage_log import Entry, UsageLog
from terminal.stores.usage_reader import UsageReader
from terminal.stores.usage_rows import Erased, StoredEvent, Unreadable
from tests.support.estate import card
from tests.terminal.cli.conftest import House
from tests.terminal.stores.usage_support import BOOT, open_log

TREE = Path(__file__).parents[3]
SECOND = 1_000
T0 = 1_800_000_000_000


def entry(wall_ms: int | None, reader: int) -> Entry:
    state = ClockState.UNKNOWN if wall_ms is None else ClockState.TRUSTED
    return Entry(Event(EventKind.TAP, BOOT, 5_000, wall_ms, state, door=1, reader=reader))


def write(log: UsageLog, times: list[int | None]) -> None:
    log.commit([entry(at, number) for number, at in enumerate(times, 1)])


def shown(directory: Path, since_ms: int | None, limit: int | None) -> list[int | None]:
    """The readers of the events shown: which of the times given to ``write``."""
    with UsageReader(directory) as log:
        events = [one.content for one in newest(log, since_ms, limit)]
    return [one.reader for one in events if isinstance(one, Event)]


def logged(directory: Path, times: list[int | None]) -> None:
    log = open_log(directory)
    try:
        write(log, times)
    finally:
        log.close()


def test_the_newest_are_shown_oldest_first(tmp_path: Path) -> None:
    logged(tmp_path, [T0 + number for number in range(10)])
    assert shown(tmp_path, None, 3) == [8, 9, 10]


def test_since_a_time(tmp_path: Path) -> None:
    logged(tmp_path, [T0, T0 + SECOND, T0 + 2 * SECOND])
    assert shown(tmp_path, T0 + SECOND, None) == [2, 3]
    assert shown(tmp_path, T0 + SECOND, 1) == [3]
    assert shown(tmp_path, T0 + 9 * SECOND, None) == []


def test_an_event_without_a_time_goes_with_the_one_before_it(tmp_path: Path) -> None:
    logged(tmp_path, [None, T0, None, T0 + SECOND, None])
    assert shown(tmp_path, T0 + SECOND, None) == [4, 5]


def test_a_clock_that_stepped_back_hides_nothing_near_it(tmp_path: Path) -> None:
    logged(tmp_path, [T0 + 9 * SECOND, T0, T0 + 9 * SECOND])
    assert shown(tmp_path, T0 + 5 * SECOND, None) == [1, 3]


def test_a_long_log_is_read_page_by_page(tmp_path: Path) -> None:
    logged(tmp_path, [T0 + SECOND * number for number in range(2_500)])
    assert shown(tmp_path, None, 1_200) == list(range(1_301, 2_501))
    assert shown(tmp_path, T0 + SECOND * 1_400, None) == list(range(1_401, 2_501))
    assert len(shown(tmp_path, T0, None)) == 2_500


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("30s", T0 - 30_000),
        ("2h", T0 - 7_200_000),
        ("1d", T0 - 86_400_000),
        ("90m", T0 - 5_400_000),
        ("2027-01-15T08:00", T0),
        ("2027-01-15T16:00+08:00", T0),
        ("2027-01-15", T0 - 8 * 3_600_000),
    ],
)
def test_since_takes_times_and_spans(text: str, ms: int) -> None:
    assert since(text, T0) == ms


@pytest.mark.parametrize("text", ["", "h", "2w", "-2h", "yesterday", "٢h"])
def test_since_refuses_what_is_neither(text: str) -> None:
    with pytest.raises(_answer.CommandFailedError, match="--since") as refused:
        since(text, T0)
    assert refused.value.code == _answer.EXIT_USAGE


def test_a_span_needs_a_clock() -> None:
    with pytest.raises(_answer.CommandFailedError, match="clock is unknown"):
        since("2h", None)
    assert since("2027-01-15T08:00", None) == T0


@pytest.mark.parametrize(
    ("content", "says"),
    [(Erased(), "erased"), (Unreadable("its payload is missing"), "its payload is missing")],
)
def test_a_row_without_content_is_shown_by_its_number(content: Erased | Unreadable, says: str) -> None:
    stored = StoredEvent(7, None, b"", b"", content)
    assert line(fields(stored)).startswith("     7  ")
    assert says in line(fields(stored))


def test_a_gate_that_never_ran_has_no_log(house: House) -> None:
    said = house.run("log")
    assert said.code == _answer.EXIT_IO
    assert "has this gate ever started?" in said.err


def test_the_log_of_a_gate_can_be_read_beside_it_and_after_it(house: House) -> None:
    house.give_list()
    with house.gate():
        house.run("tap", "--reader", "in", "--card", card(1).number.hex())
        beside = house.run("log", "--json").json["events"]
    after = house.run("log").out.splitlines()
    assert [one["kind"] for one in beside][-1] == "tap"
    assert [one["number"] for one in beside] == list(range(1, len(beside) + 1))
    assert "started  gate=北门" in after[0]
    assert after[-1].split()[2] == "stopped"
    assert len(house.run("log", "--limit", "2").out.splitlines()) == 2
    assert len(after) < NEWEST


def test_follow_goes_on_with_each_new_event_until_the_gate_ends(house: House) -> None:
    house.give_list()
    command = [sys.executable, "-m", "terminal", "log", "--follow", "--json", "--config", str(house.config)]
    shown: list[dict[str, object]] = []
    with ExitStack() as stack:
        with house.gate() as gate:
            log = stack.enter_context(
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=TREE)
            )
            assert log.stdout is not None
            while not any(one["kind"] == "started" for one in shown):
                shown.append(json.loads(log.stdout.readline()))
            gate.loop.post(lambda: gate.journal.record(EventKind.SLIP_BOOKED, detail={"slip": "门"}))
            while not any(one["kind"] == "slip_booked" for one in shown):
                shown.append(json.loads(log.stdout.readline()))
        rest, said = log.communicate()
    shown += [json.loads(one) for one in rest.splitlines()]
    assert (log.returncode, said) == (0, b"the gate has ended\n")
    assert [one["number"] for one in shown] == list(range(1, len(shown) + 1))
    assert [one["kind"] for one in shown[-2:]] == ["slip_booked", "stopped"]
    assert shown[-2]["detail"] == {"slip": "门"}


def test_follow_without_a_gate_says_that_nothing_can_come(house: House) -> None:
    said = house.run("log", "--follow")
    assert said.code == _answer.EXIT_UNAVAILABLE
    assert "leave out --follow" in said.err
