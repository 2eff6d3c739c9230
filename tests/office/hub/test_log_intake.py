"""The usage log reaches the office once and as it was recorded, whoever sits on the wire."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from office.hub.facts import LogPosition
from office.hub.log_intake import Batch, Entry, Erased, EventGapError, LogRefusedError, judge_batch
from sync.events import GENESIS, EventKind, payload_hash
from sync.statements.log_head import LogHead
from tests.support.estate import ESTATE_ID
from tests.support.log_batches import ATTACKS, EPOCH, HONEST, OTHER, batch_of, head_of, payload


def judged(
    batch: Batch, position: LogPosition | None = None, stored: dict[int, bytes] | None = None
) -> list[int]:
    found = judge_batch(batch, 1, position or LogPosition(), stored or {}, lambda _: None)
    return [one.number for one in found.events]


def test_an_honest_batch_is_taken_whole() -> None:
    assert judged(batch_of(HONEST)) == list(range(1, 11))


@pytest.mark.parametrize("name", ATTACKS)
def test_what_does_not_lead_to_the_signed_head_is_refused(name: str) -> None:
    honest = batch_of(HONEST)
    with pytest.raises(LogRefusedError) as error:
        judged(replace(honest, entries=ATTACKS[name](list(HONEST))))
    assert error.value.attack == "broken_chain"


def test_a_batch_that_comes_again_adds_nothing() -> None:
    stored = {number: payload_hash(payload(number)) for number in range(1, 11)}
    position = LogPosition(10, head_of(HONEST).link)
    assert judged(batch_of(HONEST), position, stored) == []
    more = [*HONEST, payload(11)]
    assert judged(batch_of(more), position, stored) == [11]


def test_an_event_rewritten_after_it_was_stored_is_seen() -> None:
    stored = {number: payload_hash(payload(number)) for number in range(1, 11)}
    position = LogPosition(10, head_of(HONEST).link)
    rewritten: list[Entry] = [*HONEST[:6], payload(7, EventKind.FIRE), *HONEST[7:], payload(11)]
    with pytest.raises(LogRefusedError) as error:
        judged(batch_of(rewritten), position, stored)
    assert error.value.attack == "rewritten_event"


@pytest.mark.parametrize(
    "change",
    [
        lambda one: replace(one, head=replace(one.head, gate_id=2)),
        lambda one: replace(one, head=replace(one.head, log_epoch=OTHER)),
        lambda one: replace(one, before=replace(one.head, gate_id=2)),
    ],
    ids=["another gate's", "another log's", "another gate's place"],
)
def test_a_head_that_is_not_this_logs_is_refused(change: Callable[[Batch], Batch]) -> None:
    with pytest.raises(LogRefusedError) as error:
        judged(change(batch_of(HONEST)))
    assert error.value.attack == "foreign_log"


def test_a_gap_is_refused_unless_the_gate_signed_that_it_dropped_events() -> None:
    start = head_of(HONEST)
    later = batch_of([payload(11), payload(12)], 11, start.link)
    with pytest.raises(LogRefusedError) as error:
        judged(later, LogPosition(4, head_of(HONEST[:4]).link))
    assert error.value.attack == "event_gap"
    signed = replace(later, before=start)
    found = judge_batch(signed, 1, LogPosition(4, head_of(HONEST[:4]).link), {}, lambda _: None)
    assert [one.number for one in found.events] == [11, 12]
    assert found.lost == 6


def test_an_entry_that_nobody_can_read_stops_nothing() -> None:
    entries: list[Entry] = [payload(1), b"\xc1 no event", payload(3)]
    found = judge_batch(batch_of(entries), 1, LogPosition(), {}, lambda _: None)
    assert [one.set_aside is None for one in found.events] == [True, False, True]
    assert found.position.number == 3


def test_an_erased_payload_is_proved_by_its_hash() -> None:
    entries: list[Entry] = [payload(1), Erased(payload_hash(payload(2))), payload(3)]
    found = judge_batch(batch_of(entries), 1, LogPosition(), {}, lambda _: None)
    assert [one.payload is None for one in found.events] == [False, True, False]


@pytest.mark.parametrize(
    "entries",
    [[], [payload(1)] * 1001, [bytes(1201)]],
    ids=["empty", "too many", "too long"],
)
def test_a_batch_outside_its_bounds_is_refused(entries: list[Entry]) -> None:
    head = LogHead(ESTATE_ID, 1, EPOCH, 1, bytes(32))
    with pytest.raises(LogRefusedError) as error:
        judged(Batch(EPOCH, 1, entries, head))
    assert error.value.attack == "oversize"


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=8))
def test_any_batches_in_any_order_store_each_event_once(pieces: list[tuple[int, int]]) -> None:
    log: list[Entry] = [payload(number) for number in range(1, 13)]
    position, stored = LogPosition(), dict[int, bytes]()
    for first, last in pieces:
        part = log[first - 1 : last]
        if not part:
            continue
        start = head_of(log[: first - 1]).link if first > 1 else GENESIS
        batch = batch_of(part, first, start)
        if first > position.number + 1:
            with pytest.raises(EventGapError):
                judge_batch(batch, 1, position, stored, lambda _: None)
            continue
        found = judge_batch(batch, 1, position, stored, lambda _: None)
        for one in found.events:
            assert one.number not in stored
            stored[one.number] = one.hashed
        position = found.position
    assert sorted(stored) == list(range(1, position.number + 1))
    assert position.link == (head_of(log[: position.number]).link if stored else GENESIS)
