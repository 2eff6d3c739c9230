from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sync.events import Event, EventKind
from terminal.stores.access_state import SpendRefusedError, StateChange
from terminal.stores.database import DamagedError
from terminal.stores.errors import StoreError
from terminal.stores.usage_log import Entry, EntryRefusedError, Limits, UsageLog
from terminal.stores.usage_rows import Erased, Unreadable
from tests.terminal.stores.usage_support import DAY_S, kinds, open_log, plain, spending, stamp, tap


def numbers(log: UsageLog) -> list[int]:
    return [one.number for one in log.read_after(0, 1000)]


def test_numbers_begin_at_one_and_survive_a_restart(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    assert log.commit([plain(), plain()]) == [1, 2]
    epoch = log.head.header.epoch
    log.close()
    again = open_log(tmp_path, first_epoch=50)
    assert again.head.header.epoch == epoch
    assert again.commit([plain()]) == [3]
    assert [one.content for one in again.read_after(1, 1)] == [tap()]
    again.close()


def test_a_group_is_one_transaction_and_a_refused_entry_leaves_the_others(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    statements: list[str] = []
    log._connection.set_trace_callback(statements.append)
    huge = Entry(stamp(EventKind.TAP, {f"word{n}": "x" * 120 for n in range(12)}))
    impossible = Entry(tap(), StateChange(latches={"\ud800": b""}))
    results = log.commit(
        [spending(1, limit=1), spending(1, limit=1), huge, impossible, plain(), spending(2, 1)]
    )
    assert [type(one) for one in results] == [
        int,
        SpendRefusedError,
        EntryRefusedError,
        EntryRefusedError,
        int,
        int,
    ]
    assert [one for one in results if isinstance(one, int)] == [1, 2, 3]
    assert [one for one in statements if one.startswith(("BEGIN", "COMMIT"))] == ["BEGIN IMMEDIATE", "COMMIT"]
    assert log.access_state().used == {1: 1, 2: 1}
    log.close()


def test_only_refused_entries_make_no_transaction(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    before = log.head
    (result,) = log.commit([spending(1, limit=0)])
    assert isinstance(result, SpendRefusedError)
    assert log.head == before
    log.close()


def test_a_full_log_drops_the_oldest_acknowledged_events_first(tmp_path: Path) -> None:
    log = open_log(tmp_path, limits=Limits(max_events=10))
    log.commit([plain()] * 10)
    log.acknowledge(4, None)
    log.commit([plain()] * 3)
    assert numbers(log) == list(range(5, 14))  # all four acknowledged ones went, and no others
    assert EventKind.EVENTS_LOST not in kinds(log)
    log.verify()
    log.close()


def test_losing_unacknowledged_events_is_told_in_the_same_transaction(tmp_path: Path) -> None:
    log = open_log(tmp_path, limits=Limits(max_events=10))
    log.commit([plain()] * 10)
    log.acknowledge(2, None)
    assert log.commit([plain()] * 5) == [11, 12, 13, 14, 15]
    (lost,) = [
        one
        for one in log.read_after(0, 100)
        if isinstance(one.content, Event) and one.content.kind is EventKind.EVENTS_LOST
    ]
    assert lost.number == 16
    assert numbers(log) == list(range(7, 17))
    assert isinstance(lost.content, Event)
    assert lost.content.detail["count"] == 4  # events 3 to 6
    log.verify()
    log.close()
    with contextlib.closing(open_log(tmp_path)) as reopened:
        assert numbers(reopened) == list(range(7, 17))


def test_an_event_leaves_thirty_days_after_the_office_has_it(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.commit([plain()] * 6)
    log.acknowledge(2, utc_s=0)
    log.acknowledge(4, utc_s=10 * DAY_S)
    for day, left in ((29, 1), (30, 3), (39, 3), (40, 5), (400, 5)):
        log.purge(day * DAY_S)
        assert numbers(log)[0] == left, day
        log.verify()
    log.close()


def test_acknowledgements_of_one_hour_expire_together_and_never_early(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.commit([plain()] * 3)
    log.acknowledge(1, utc_s=0)
    log.acknowledge(2, utc_s=3599)
    log.purge(30 * DAY_S)
    assert numbers(log) == [1, 2, 3]
    log.purge(30 * DAY_S + 3599)
    assert numbers(log) == [3]
    log.close()


def test_without_a_clock_retention_begins_when_the_clock_is_known(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.commit([plain()] * 2)
    log.acknowledge(1, utc_s=None)
    log.purge(100 * DAY_S)
    log.purge(129 * DAY_S)
    assert numbers(log) == [1, 2]
    log.purge(130 * DAY_S)
    assert numbers(log) == [2]
    log.close()


def test_an_acknowledgement_dated_in_the_future_does_not_keep_events_for_ever(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.commit([plain()] * 2)
    log.acknowledge(1, utc_s=40_000 * DAY_S)
    log.purge(100 * DAY_S)
    log.purge(130 * DAY_S)
    assert numbers(log) == [2]
    log.close()


def test_nothing_is_purged_before_the_office_has_it_and_everything_may_be_after(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.commit([plain()] * 3)
    log.purge(1000 * DAY_S)
    assert numbers(log) == [1, 2, 3]
    log.acknowledge(3, utc_s=1000 * DAY_S)
    log.purge(2000 * DAY_S)
    assert numbers(log) == []
    log.close()
    again = open_log(tmp_path)
    assert again.commit([plain()]) == [4]
    again.verify()
    again.close()


def test_a_long_purge_goes_in_steps(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.commit([plain()] * 1500)
    log.acknowledge(1500, utc_s=0)
    assert log.purge(30 * DAY_S) is True
    assert log.purge(30 * DAY_S) is False
    assert numbers(log) == []
    log.close()


def test_acknowledging_moves_forward_only_and_not_past_the_end(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.commit([plain()] * 3)
    log.acknowledge(2, None)
    log.acknowledge(1, None)
    assert log.head.header.acknowledged == 2
    with pytest.raises(StoreError, match="the last is 3"):
        log.acknowledge(4, None)
    assert log.head.header.acknowledged == 2
    log.close()


def test_an_erased_payload_is_gone_from_the_file_and_the_chain_still_holds(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    secret = Entry(stamp(EventKind.TAP, {"word": "findmeonthedisk"}))
    log.commit([plain(), secret, plain()])
    log.erase(2)
    assert [type(one.content) for one in log.read_after(0, 10)] == [Event, Erased, Event]
    log.verify()
    log.close()
    assert b"findmeonthedisk" not in (tmp_path / "usage.db").read_bytes()
    with contextlib.closing(open_log(tmp_path)) as again, pytest.raises(StoreError, match="no event 9"):
        again.erase(9)


@pytest.mark.parametrize(
    ("damage", "reported"),
    [
        ("UPDATE events SET payload = x'00' WHERE number = 2", [2]),
        ("UPDATE events SET payload = NULL WHERE number = 2", [2]),
        ("UPDATE events SET payload = 'text' WHERE number = 2", [2]),
        ("UPDATE events SET link = x'00' WHERE number = 2", [2, 3]),
        ("UPDATE events SET link = 5 WHERE number = 2", [2, 3]),
        ("UPDATE events SET payload = (SELECT payload FROM events WHERE number = 1) WHERE number = 2", [2]),
    ],
)
def test_a_bad_entry_is_reported_by_number_and_stops_nothing(
    tmp_path: Path, damage: str, reported: list[int]
) -> None:
    log = open_log(tmp_path)
    log.commit([plain(1), plain(2), plain(3), plain(4)])
    log._connection.execute(damage)
    page = list(log.read_after(0, 10))
    assert [one.number for one in page] == [1, 2, 3, 4]
    assert [one.number for one in page if isinstance(one.content, Unreadable)] == reported
    with pytest.raises(DamagedError, match="chain breaks between events 1 and 2"):
        log.verify()
    log.close()


def test_a_missing_row_breaks_the_chain(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.commit([plain()] * 20)
    log._connection.execute("DELETE FROM events WHERE number = 5")
    with pytest.raises(DamagedError, match="between events 4 and 6"):
        log.verify()
    log.close()


def test_damage_while_running_begins_a_new_epoch_and_keeps_the_state(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.commit([spending(5, limit=2), Entry(tap(), StateChange(latches={"lockdown": b"1"}))])
    with contextlib.closing(sqlite3.connect(tmp_path / "usage.db")) as other, other:
        other.execute("DROP TABLE events")
    with pytest.raises(DamagedError):
        log.commit([plain()])
    assert log.commit([spending(5, limit=2), spending(5, limit=2)])[0] == 2
    assert kinds(log) == [EventKind.LOG_SET_ASIDE, EventKind.TAP]
    assert log.head.header.epoch == (2).to_bytes(16, "big")
    assert log.access_state().used == {5: 2}
    log.close()
    again = open_log(tmp_path)
    assert again.access_state().used == {5: 2}
    assert again.access_state().latches == {"lockdown": b"1"}
    assert not again.access_state().all_void
    again.close()


def test_tidying_keeps_every_event_and_bounds_the_write_ahead_log(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    for _ in range(300):
        log.commit([plain()])
        log.tidy()
    assert (tmp_path / "usage.db-wal").stat().st_size == 256 * 1024
    assert log.verify().number == 300
    log.close()
    assert not (tmp_path / "usage.db-wal").exists()


class LogMachine(RuleBasedStateMachine):
    """The log against a plain model, over commits, refusals, purges, erasures and restarts."""

    @initialize()
    def begin(self) -> None:
        self.context = contextlib.ExitStack()
        self.directory = Path(self.context.enter_context(tempfile.TemporaryDirectory()))
        self.limits = Limits(max_events=12, retention_s=10)
        self.log = open_log(self.directory, limits=self.limits)
        self.events: list[int] = []
        self.erased: set[int] = set()
        self.used: dict[int, int] = {}
        self.acknowledged = 0
        self.acknowledged_at: dict[int, int] = {}
        self.now = 0

    @rule(grants=st.lists(st.integers(0, 3), min_size=1, max_size=4), limit=st.integers(1, 3))
    def commit(self, grants: list[int], limit: int) -> None:
        last = self.log.head.last.number
        results = self.log.commit([spending(one, limit) if one else plain() for one in grants])
        for grant, result in zip(grants, results, strict=True):
            fits = not grant or self.used.get(grant, 0) < limit
            assert isinstance(result, int) == fits
            if fits and grant:
                self.used[grant] = self.used.get(grant, 0) + 1
        self.events += range(last + 1, self.log.head.last.number + 1)
        self.events = [one for one in self.events if one > self.log.head.header.anchor.number]
        assert len(self.events) <= self.limits.max_events

    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, self.log.head.last.number))
        if number > self.acknowledged:
            self.acknowledged = number
            self.acknowledged_at[number] = self.now
        self.log.acknowledge(number, self.now)

    @rule(seconds=st.sampled_from([5, 4000]))
    def purge_later(self, seconds: int) -> None:
        self.now += seconds
        before = self.log.head.header.anchor.number
        self.log.purge(self.now)
        anchor = self.log.head.header.anchor.number
        over = [n for n, at in self.acknowledged_at.items() if at + self.limits.retention_s <= self.now]
        assert before <= anchor <= max([before, *over])
        if seconds == 4000:  # beyond the hour that acknowledgements may share
            assert anchor >= max([before, *over])
        self.events = [one for one in self.events if one > anchor]

    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        if self.events:
            number = data.draw(st.sampled_from(self.events))
            self.log.erase(number)
            self.erased.add(number)

    @rule(tidy=st.booleans())
    def restart(self, tidy: bool) -> None:
        if tidy:
            self.log.tidy()
        self.log.close()
        self.log = open_log(self.directory, limits=self.limits)

    @invariant()
    def is_the_model(self) -> None:
        if not hasattr(self, "log"):
            return
        page = list(self.log.read_after(0, 100))
        assert [one.number for one in page] == self.events
        for one in page:
            assert isinstance(one.content, Erased if one.number in self.erased else Event)
        assert self.log.access_state().used == self.used
        assert self.log.head.header.acknowledged == self.acknowledged
        assert self.log.verify() == self.log.head.last

    def teardown(self) -> None:
        if hasattr(self, "log"):
            self.log.close()
            self.context.close()


TestLogMachine = LogMachine.TestCase
TestLogMachine.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
