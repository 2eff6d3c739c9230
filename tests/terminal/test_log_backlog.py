from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.log_backlog import (
    FIRST_RETRY_S,
    GROUP_EVENTS,
    GROUP_S,
    LAST_RETRY_S,
    URGENT_WITHIN_S,
    Backlog,
    Pending,
)
from tests.terminal.stores.usage_support import plain


def pending(at: float, *, urgent: bool = False) -> Pending:
    return Pending(plain(), None, urgent, at)


def test_nothing_waiting_is_never_due() -> None:
    assert Backlog().due_at() is None


def test_a_group_is_due_fifty_milliseconds_after_its_first_event() -> None:
    backlog = Backlog()
    backlog.add(pending(10.0))
    backlog.add(pending(10.04))
    assert backlog.due_at() == 10.0 + GROUP_S
    assert len(backlog.take()) == 2
    assert backlog.due_at() is None


def test_a_full_group_and_an_urgent_entry_are_due_at_once() -> None:
    full = Backlog()
    for _ in range(GROUP_EVENTS):
        full.add(pending(10.0))
    assert full.due_at() == 0.0
    urgent = Backlog()
    urgent.add(pending(10.0))
    urgent.add(pending(10.0, urgent=True))
    assert urgent.due_at() == 0.0
    urgent.take()
    assert urgent.due_at() is None


def test_what_does_not_fit_is_counted_and_the_count_is_due_first() -> None:
    backlog = Backlog(max_waiting=2)
    assert [backlog.add(pending(0.0)) for _ in range(4)] == [True, True, False, False]
    assert backlog.unrecorded_lost == 2
    assert backlog.due_at() == 0.0
    backlog.take()
    backlog.succeeded(recorded_lost=2)
    assert backlog.unrecorded_lost == 0
    assert backlog.due_at() is None


def test_urgent_entries_find_room_where_others_do_not_but_not_without_bound() -> None:
    backlog = Backlog(max_waiting=4)
    for _ in range(4):
        backlog.add(pending(0.0))
    assert [backlog.add(pending(0.0, urgent=True)) for _ in range(3)] == [True, True, False]
    assert backlog.unrecorded_lost == 0


def test_after_a_failure_urgent_entries_come_back_and_others_wait_longer_each_time() -> None:
    backlog = Backlog()
    first, urgent, second = pending(1.0), pending(1.0, urgent=True), pending(1.0)
    for one in (first, urgent, second):
        backlog.add(one)
    assert backlog.failed(backlog.take(), 100.0) == [urgent]
    assert backlog.due_at() == 100.0 + FIRST_RETRY_S
    assert backlog.failed(backlog.take(), 200.0) == []
    assert backlog.due_at() == 200.0 + 2 * FIRST_RETRY_S
    for _ in range(40):
        backlog.failed(backlog.take(), 300.0)
    assert backlog.due_at() == 300.0 + LAST_RETRY_S
    assert backlog.take() == [first, second]
    backlog.succeeded(0)
    backlog.add(pending(400.0))
    assert backlog.due_at() == 400.0 + GROUP_S


def test_an_urgent_entry_is_tried_at_once_even_while_the_disk_fails() -> None:
    backlog = Backlog()
    backlog.add(pending(1.0))
    backlog.failed(backlog.take(), 1.0)
    backlog.add(pending(1.01, urgent=True))
    assert backlog.due_at() == 0.0


def test_an_urgent_entry_nobody_waits_for_any_more_is_taken_out() -> None:
    backlog = Backlog()
    old, other, new = pending(1.0, urgent=True), pending(1.0), pending(2.5, urgent=True)
    for one in (old, other, new):
        backlog.add(one)
    assert backlog.take_stale(1.0 + URGENT_WITHIN_S - 0.01) == []
    assert backlog.take_stale(1.0 + URGENT_WITHIN_S) == [old]
    assert backlog.take() == [other, new]


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["add", "urgent", "fail", "succeed", "stale"]), max_size=60))
def test_every_entry_is_written_refused_or_counted_exactly_once_and_in_order(steps: list[str]) -> None:
    backlog = Backlog(max_waiting=6)
    handed_in, written, refused, uncounted = 0, [], [], 0
    for now, step in enumerate(steps):
        if step in ("add", "urgent"):
            handed_in += 1
            if not backlog.add(pending(float(now), urgent=step == "urgent")):
                uncounted += 1
        elif step == "stale":
            refused += backlog.take_stale(now)
        elif step == "fail":
            refused += backlog.failed(backlog.take(), now)
        else:
            written += backlog.take()
            backlog.succeeded(backlog.unrecorded_lost)
    assert len(written) + len(refused) + uncounted + len(backlog) == handed_in
    assert all(one.urgent for one in refused)
    assert [one.at for one in written] == sorted(one.at for one in written)
    assert (backlog.due_at() is None) == (len(backlog) == 0 and backlog.unrecorded_lost == 0)
