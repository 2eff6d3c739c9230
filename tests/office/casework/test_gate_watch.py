"""Silent and refusing gates, the hub, and what the hub has counted: each an alarm that ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from office.casework.gate_watch import HubSeen, hub_status, take_hub_alarms, watch_gates, watch_hub
from office.hub.facts import LinkKind
from office.hub.gate_state import SERIAL_SILENT_S, SILENT_S
from office.lists.store import hub_store
from office.registry.models import Alarm, AlarmKind
from sync.update import ListVersion
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate

AT = int(NOW.timestamp())
LONG_AGO = NOW - timedelta(hours=1)


@pytest.fixture
def seen(estate: OfficeEstate) -> HubSeen:
    """A hub that has answered for an hour."""
    return HubSeen(answers_since=LONG_AGO)


def open_alarms() -> list[tuple[str, str, bool]]:
    found = Alarm.objects.filter(cleared_at__isnull=True).order_by("pk")
    return [(one.kind, one.subject, one.ended_at is not None) for one in found]


def test_a_gate_that_falls_silent_is_one_alarm_that_ends(seen: HubSeen) -> None:
    diary = hub_store().diary
    diary.note_contact(NORTH, AT)
    watch_gates(NOW + timedelta(seconds=SILENT_S), seen)
    assert open_alarms() == []
    for second in (1, 2, 3):
        watch_gates(NOW + timedelta(seconds=SILENT_S + second), seen)
    assert open_alarms() == [("gate_silent", "gate:1", False)]
    assert Alarm.objects.get().count == 1
    diary.note_contact(NORTH, AT + 200)
    watch_gates(NOW + timedelta(seconds=201), seen)
    assert open_alarms() == [("gate_silent", "gate:1", True)]
    watch_gates(NOW + timedelta(seconds=400), seen)  # silent again: the same open alarm, counted
    assert (open_alarms(), Alarm.objects.get().count) == ([("gate_silent", "gate:1", False)], 2)


def test_a_gate_on_a_pair_of_wires_may_be_quiet_for_longer(seen: HubSeen) -> None:
    store = hub_store()
    store.gates.wire(NORTH, LinkKind.SERIAL, 5)
    store.diary.note_contact(NORTH, AT)
    watch_gates(NOW + timedelta(seconds=SERIAL_SILENT_S), seen)
    assert open_alarms() == []
    back = HubSeen(answers_since=NOW + timedelta(seconds=SERIAL_SILENT_S))
    watch_gates(NOW + timedelta(seconds=2 * SERIAL_SILENT_S), back)
    assert open_alarms() == []  # the hub was away, and nobody could speak to it
    watch_gates(NOW + timedelta(seconds=SERIAL_SILENT_S + 1), seen)
    assert open_alarms() == [("gate_silent", "gate:1", False)]


def test_a_planned_or_lost_gate_is_not_missed(seen: HubSeen) -> None:
    store = hub_store()
    store.diary.note_contact(SOUTH, AT)
    store.gates.strike(SOUTH, AT)
    watch_gates(NOW + timedelta(hours=1), seen)
    assert open_alarms() == []  # the north gate has never spoken


def test_a_gate_that_refuses_its_list_is_an_alarm_until_it_takes_one(seen: HubSeen) -> None:
    diary = hub_store().diary
    diary.note_refusal(NORTH, "rollback", ListVersion(1, 2), 3, AT)
    watch_gates(NOW, seen)
    assert open_alarms() == [("gate_refuses", "gate:1", False)]
    assert Alarm.objects.get().text == "rollback"
    diary.resume(NORTH, AT + 5)
    watch_gates(NOW + timedelta(seconds=5), seen)
    assert open_alarms() == [("gate_refuses", "gate:1", True)]


def test_a_hub_that_is_away_is_one_alarm_and_no_gate_is_blamed(estate: OfficeEstate) -> None:
    seen = HubSeen()
    hub_store().diary.note_contact(NORTH, AT - 500)
    watch_hub(NOW, seen, answers=False)
    assert open_alarms() == []  # it may be starting
    watch_hub(NOW + timedelta(seconds=15), seen, answers=False)
    watch_gates(NOW + timedelta(seconds=15), seen)
    assert open_alarms() == [("hub", "hub", False)]
    back = NOW + timedelta(seconds=60)
    watch_hub(back, seen, answers=True)
    watch_gates(back + timedelta(seconds=SILENT_S), seen)
    assert open_alarms() == [("hub", "hub", True)]
    watch_hub(back + timedelta(seconds=SILENT_S), seen, answers=True)
    watch_gates(back + timedelta(seconds=SILENT_S + 1), seen)  # it had time to call, and did not
    assert ("gate_silent", "gate:1", False) in open_alarms()


def test_without_a_hub_nothing_is_known(estate: OfficeEstate) -> None:
    assert hub_status() is None


def test_what_the_hub_counts_is_taken_over_once(estate: OfficeEstate) -> None:
    diary = hub_store().diary
    for _ in range(3):
        diary.alarm(NORTH, "broken_chain", "events were edited", AT)
    diary.alarm(NORTH, "gate_refused_rollback", "told by the gate", AT)
    diary.alarm(None, "unknown_key" + "x" * 200, "a stranger\x00", AT)
    assert [take_hub_alarms(NOW), take_hub_alarms(NOW)] == [3, 0]
    diary.alarm(NORTH, "broken_chain", "events were edited", AT + 9)
    assert take_hub_alarms(NOW + timedelta(seconds=9)) == 1
    found = Alarm.objects.get(subject="gate:1/broken_chain")
    assert (found.kind, found.count, found.text) == (AlarmKind.HUB, 4, "events were edited")
    assert found.last_at == NOW + timedelta(seconds=9)
    assert Alarm.objects.get(kind=AlarmKind.GATE_REFUSES).gate_id == NORTH
    assert Alarm.objects.get(gate_id=None).text == "a stranger·"
