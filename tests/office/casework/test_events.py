"""Events come into the desk's rows once and in order, whatever a gate sends and whenever it is cut off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest
from django.db import transaction

from office.casework.events import correct_times, project_events
from office.hub.facts import BootAnchor
from office.hub.log_intake import Erased
from office.lists.store import hub_store
from office.registry.models import EventBoot, EventLog, Outcome, UsageEvent
from sync.events import EventKind, payload_hash
from sync.records import Credential, Direction, Reason, Technology
from tests.support.gate_events import BOOT, EPOCH, GateLog, event
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate

AT = int(NOW.timestamp())
OPENED = event(EventKind.DOOR_OPENED, AT, door=10)


def numbers(gate_id: int = NORTH) -> list[int]:
    return list(UsageEvent.objects.filter(gate_id=gate_id).order_by("pk").values_list("number", flat=True))


def project(*, batch: int = 500) -> int:
    done = 0
    while found := project_events(NOW, (), batch=batch):
        done += found
    return done


def test_an_event_has_everything_that_the_gate_told(estate: OfficeEstate) -> None:
    tap = event(
        EventKind.TAP,
        AT,
        door=10,
        reader=3,
        direction=Direction.IN,
        credential=Credential(Technology.ISO14443A, b"\x04\xa0"),
        issue_id=7,
        grant_id=8,
        reason=Reason.LOST,
        detail={"operator": "17", "digest": b"\x01\x02"},
    )
    GateLog(NORTH).send(AT + 5, tap)
    assert project() == 1
    found = UsageEvent.objects.get()
    assert (found.gate_id, found.number, bytes(found.log.epoch)) == (NORTH, 1, EPOCH)
    assert (found.kind, found.outcome, found.reason) == (EventKind.TAP, Outcome.REFUSED, Reason.LOST)
    assert (found.door, found.reader, found.direction) == (10, 3, Direction.IN)
    assert (found.issue_id, found.grant_id, found.credential) == (7, 8, "1:04A0")
    assert found.detail == {"operator": "17", "digest": "0102"}
    assert (found.at_ms, found.uncertainty_ms, found.received_at) == (AT * 1000, 1000, AT + 5)


def test_events_of_several_logs_come_once_in_bounded_steps(estate: OfficeEstate) -> None:
    north, south = GateLog(NORTH), GateLog(SOUTH)
    north.send(AT, *[OPENED] * 7)
    south.send(AT, *[OPENED] * 3)
    assert project_events(NOW, (), batch=2) == 4  # a share of each
    assert project(batch=2) == 6
    assert (numbers(NORTH), numbers(SOUTH)) == ([1, 2, 3, 4, 5, 6, 7], [1, 2, 3])
    north.send(AT, OPENED)
    assert project() == 1
    assert project() == 0
    assert numbers(NORTH)[-1] == 8


def test_what_fails_in_a_sensor_leaves_nothing_half_done(estate: OfficeEstate) -> None:
    GateLog(NORTH).send(AT, OPENED, OPENED)

    def killed(_events: Sequence[UsageEvent], _now: datetime) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError), transaction.atomic():
        project_events(NOW, (killed,))
    assert (UsageEvent.objects.count(), EventLog.objects.count()) == (0, 0)
    seen: list[int] = []
    project_events(NOW, (lambda events, _now: seen.extend(one.number for one in events),))
    assert seen == numbers() == [1, 2]


def test_what_nobody_can_read_is_shown_and_stops_nothing(estate: OfficeEstate) -> None:
    too_large = event(EventKind.TAP, AT, door=1 << 63)
    erased = Erased(payload_hash(b"gone"))
    GateLog(NORTH).send(AT, OPENED, b"\xc1", too_large, erased, OPENED)
    project()
    rows = UsageEvent.objects.order_by("number")
    assert [one.kind for one in rows] == [EventKind.DOOR_OPENED, None, None, None, EventKind.DOOR_OPENED]
    assert [one.outcome == Outcome.UNREADABLE for one in rows] == [False, True, True, True, False]
    assert [bool(one.set_aside) for one in rows] == [False, True, True, True, False]
    assert rows[1].at_ms == AT * 1000  # when the office got it


def test_hostile_texts_are_kept_printable(estate: OfficeEstate) -> None:
    GateLog(NORTH).send(AT, event(EventKind.LIST_FAULT, AT, detail={"cause\n": "\x00\u202e<b>"}))
    project()
    (found,) = UsageEvent.objects.all()
    assert found.detail == {"cause·": "··<b>"}


def test_a_time_that_the_hub_learns_later_is_taken_over(estate: OfficeEstate) -> None:
    log = GateLog(NORTH)
    log.send(AT, *[event(EventKind.DOOR_OPENED, None, boottime_ms=1000 * number) for number in range(1, 8)])
    project()
    assert set(UsageEvent.objects.values_list("at_ms", "uncertainty_ms")) == {(AT * 1000, None)}
    assert correct_times() == 0  # nothing is known yet
    hub_store().events.add_anchor(NORTH, BOOT, BootAnchor(8_000, (AT - 3600) * 1000, 20))
    while correct_times(batch=3):
        pass
    found = list(UsageEvent.objects.order_by("number").values_list("at_ms", flat=True))
    assert found == [(AT - 3600) * 1000 - 1000 * (8 - number) for number in range(1, 8)]
    assert not UsageEvent.objects.filter(boot__isnull=False).exists()
    correct_times()
    assert not EventBoot.objects.exists()


def test_a_rough_time_is_bettered_again(estate: OfficeEstate) -> None:
    store, log = hub_store(), GateLog(NORTH)
    log.send(AT, event(EventKind.DOOR_OPENED, None, boottime_ms=1000))
    project()
    store.events.add_anchor(NORTH, BOOT, BootAnchor(2_000, AT * 1000, 5_000))
    correct_times()
    rough = UsageEvent.objects.get()
    assert (rough.uncertainty_ms or 0) > 1_000
    assert rough.boot is not None
    store.events.add_anchor(NORTH, BOOT, BootAnchor(3_000, AT * 1000 + 1_000, 10))
    correct_times()
    fine = UsageEvent.objects.get()
    assert (fine.uncertainty_ms or 0) < 100
    assert fine.boot is None


def test_an_impossible_time_is_none(estate: OfficeEstate) -> None:
    store = hub_store()
    store.events.add_anchor(NORTH, BOOT, BootAnchor(1_000, 1 << 60, 10))
    GateLog(NORTH).send(AT, event(EventKind.DOOR_OPENED, None))
    project()
    found = UsageEvent.objects.get()
    assert (found.at_ms, found.uncertainty_ms) == (AT * 1000, None)
    assert found.at == NOW


def test_a_log_that_the_retention_emptied_before_is_passed_by(estate: OfficeEstate) -> None:
    log = GateLog(NORTH)
    log.send(AT, OPENED, OPENED)
    hub_store().events.purge(AT + 1)
    project_events(NOW, ())
    assert project_events(NOW, ()) == 0
    log.send(AT + 9, OPENED)
    project()
    assert numbers() == [3]
