"""Usage events in the store: once, durable, dated later, erased and purged without breaking the chain."""

from __future__ import annotations

import pytest

from office.errors import OfficeError
from office.hub.log_intake import Batch, Entry, LogRefusedError
from office.hub.reception import take_events, take_log_epoch, take_pulse
from sync.events import GENESIS, Event, EventKind, encode_event, link
from sync.records import ClockState
from sync.statements.log_epoch import LogEpoch, Predecessor
from tests.support.estate import ESTATE_ID, NOW
from tests.support.hub import HubRig
from tests.support.log_batches import BOOT, EPOCH, HONEST, OTHER, batch_of, head_of, payload

DAY = 86_400


def take(rig: HubRig, batch: Batch, at: int = NOW) -> int:
    return take_events(rig.store, 1, batch, at)


def alarms(rig: HubRig) -> dict[str, int]:
    return {one.name: one.count for one in rig.store.diary.alarms()}


def test_events_are_stored_once_over_any_wire(rig: HubRig) -> None:
    assert take(rig, batch_of(HONEST[:6])) == 6
    assert take(rig, batch_of(HONEST[:6])) == 6  # the acknowledgement was lost
    assert take(rig, batch_of(HONEST)) == 10  # the same log as a file
    rig.reopen()
    assert take(rig, batch_of(HONEST[3:7], 4, head_of(HONEST[:3]).link)) == 10
    rows = rig.store.events.read(1, EPOCH, 0, 100)
    assert [one.number for one in rows] == list(range(1, 11))
    assert [one.payload for one in rows] == HONEST
    assert alarms(rig) == {}


def test_a_refused_batch_is_counted_and_the_next_one_is_taken(rig: HubRig) -> None:
    take(rig, batch_of(HONEST[:3]))
    edited: list[Entry] = [*HONEST[:4], payload(5, EventKind.FIRE)]
    bad = Batch(EPOCH, 1, edited, head_of(HONEST[:5]))
    for _ in range(3):
        with pytest.raises(LogRefusedError):
            take(rig, bad)
    assert alarms(rig) == {"broken_chain": 3}
    assert rig.store.events.position(1, EPOCH).number == 3
    assert take(rig, batch_of(HONEST)) == 10


def test_two_logs_of_a_gate_and_those_of_two_gates_are_apart(rig: HubRig) -> None:
    take(rig, batch_of(HONEST))
    other = head_of(HONEST[:1])
    take(rig, Batch(OTHER, 1, HONEST[:1], type(other)(ESTATE_ID, 1, OTHER, 1, other.link)))
    assert rig.store.events.logs(1) == [EPOCH, OTHER]
    assert rig.store.events.position(1, OTHER).number == 1
    assert rig.store.events.position(2, EPOCH).number == 0


def test_an_unreadable_event_is_kept_told_and_stops_nothing(rig: HubRig) -> None:
    assert take(rig, batch_of([payload(1), b"\xc1", payload(3)])) == 3
    rows = rig.store.events.read(1, EPOCH, 0, 100)
    assert [one.set_aside is None for one in rows] == [True, False, True]
    assert rows[1].payload == b"\xc1"
    assert alarms(rig) == {"event_set_aside": 1}


def test_dropped_events_are_told_with_their_number(rig: HubRig) -> None:
    start = head_of(HONEST)
    later = batch_of([payload(11)], 11, start.link)
    assert take(rig, Batch(EPOCH, 11, later.entries, later.head, start)) == 11
    assert alarms(rig) == {"events_lost": 1}


def test_an_erased_payload_leaves_its_proof(rig: HubRig) -> None:
    take(rig, batch_of(HONEST))
    rig.store.events.erase(1, EPOCH, 4)
    rows = rig.store.events.read(1, EPOCH, 0, 100)
    assert rows[3].payload is None
    at = GENESIS
    for one in rows:
        at = link(at, one.number, one.hashed)
        assert at == one.link
    assert take(rig, batch_of(HONEST)) == 10, "the same event again is still known"
    with pytest.raises(OfficeError, match="no event 99"):
        rig.store.events.erase(1, EPOCH, 99)


def test_purged_events_never_come_back(rig: HubRig) -> None:
    take(rig, batch_of(HONEST[:6]), NOW)
    take(rig, batch_of(HONEST), NOW + 10 * DAY)
    assert rig.store.events.purge(NOW) == 0
    assert rig.store.events.purge(NOW + DAY) == 6
    assert [one.number for one in rig.store.events.read(1, EPOCH, 0, 100)] == [7, 8, 9, 10]
    assert take(rig, batch_of([*HONEST, payload(11)])) == 11
    assert [one.number for one in rig.store.events.read(1, EPOCH, 0, 100)] == [7, 8, 9, 10, 11]
    assert rig.store.events.purge(NOW + 20 * DAY) == 5
    assert take(rig, batch_of([payload(12)], 12, head_of([*HONEST, payload(11)]).link)) == 12


def test_events_without_a_clock_are_dated_by_the_first_pulse_of_their_boot(rig: HubRig) -> None:
    trusted = encode_event(Event(EventKind.TAP, BOOT, 11_000, 1_000 * NOW, ClockState.TRUSTED))
    take(rig, batch_of([*HONEST, trusted]))
    before = rig.store.events.read(1, EPOCH, 0, 100)
    assert [one.utc_ms for one in before[:10]] == [None] * 10
    assert before[10].utc_ms == 1_000 * NOW
    dated = take_pulse(
        rig.store,
        1,
        BOOT,
        asked_boottime_ms=20_000,
        answered_boottime_ms=20_200,
        answer_utc_ms=1_000 * NOW + 9_100,
        at=NOW,
    )
    assert dated == 11
    rows = rig.store.events.read(1, EPOCH, 0, 100)
    assert rows[0].utc_ms == 1_000 * NOW - 10_000  # boot time 1,000 is 19.1 s before the anchor at 20,100
    assert rows[0].uncertainty_ms == 103
    take(rig, batch_of([payload(12)], 12, head_of([*HONEST, trusted]).link))
    assert rig.store.events.read(1, EPOCH, 11, 1)[0].utc_ms == 1_000 * NOW + 1_000


def test_another_boot_and_another_gate_are_not_dated_by_it(rig: HubRig) -> None:
    take(rig, batch_of(HONEST))
    for gate_id, boot_id in ((1, bytes(16)), (2, BOOT)):
        dated = take_pulse(
            rig.store,
            gate_id,
            boot_id,
            asked_boottime_ms=0,
            answered_boottime_ms=10,
            answer_utc_ms=1_000 * NOW,
            at=NOW,
        )
        assert dated == 0


def test_a_clock_that_drifts_more_than_any_crystal_is_told(rig: HubRig) -> None:
    for hours, extra_ms in ((0, 0), (24, 60_000)):
        boottime_ms = hours * 3_600_000
        take_pulse(
            rig.store,
            1,
            BOOT,
            asked_boottime_ms=boottime_ms,
            answered_boottime_ms=boottime_ms + 10,
            answer_utc_ms=1_000 * NOW + boottime_ms + extra_ms,
            at=NOW,
        )
    assert alarms(rig) == {"clock_drift": 1}


def test_anchors_of_a_long_boot_are_thinned(rig: HubRig) -> None:
    for minute in range(0, 300, 5):
        take_pulse(
            rig.store,
            1,
            BOOT,
            asked_boottime_ms=60_000 * minute,
            answered_boottime_ms=60_000 * minute + 10,
            answer_utc_ms=1_000 * NOW + 60_000 * minute,
            at=NOW,
        )
    anchors = rig.store.events.anchors(1, BOOT)
    assert len(anchors) == 6
    assert anchors[-1].boottime_ms == 60_000 * 295 + 5


def test_a_new_log_tells_how_much_went_with_the_old_one(rig: HubRig) -> None:
    take(rig, batch_of(HONEST))
    announced = LogEpoch(ESTATE_ID, 1, OTHER, Predecessor(EPOCH, 14), BOOT)
    assert take_log_epoch(rig.store, announced, NOW) == 4
    assert alarms(rig) == {"log_replaced": 1}
    first = LogEpoch(ESTATE_ID, 1, EPOCH, None, BOOT)
    assert take_log_epoch(rig.store, first, NOW) == 0
