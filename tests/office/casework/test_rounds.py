"""Rounds of the watcher: each duty in its time, a failing one is an alarm and stops no other."""

from __future__ import annotations

from datetime import datetime, timedelta

from office.casework.rounds import Duty, Memory, make_round, watcher_seen
from office.errors import OfficeError
from office.registry.models import Alarm, UsageEvent
from sync.events import EventKind
from tests.support.gate_events import GateLog, event
from tests.support.office_estate import NORTH, NOW, OfficeEstate

AT = int(NOW.timestamp())
SECOND = timedelta(seconds=1)


def test_a_round_does_every_duty_that_there_is(estate: OfficeEstate) -> None:
    GateLog(NORTH).send(AT, event(EventKind.DOOR_FORCED, AT, door=10))
    made = make_round(NOW, Memory())
    assert made.failed == {}
    assert made.done["events"] == 1
    assert UsageEvent.objects.count() == 1
    assert Alarm.objects.filter(kind="door_forced").count() == 1
    assert watcher_seen() == NOW
    # A second watcher, or one that was killed and begins anew, repeats nothing.
    assert make_round(NOW, Memory()).done["events"] == 0
    assert Alarm.objects.get(kind="door_forced").count == 1


def test_duties_come_in_their_time() -> None:
    calls: list[str] = []

    def duty(name: str, every_s: float) -> Duty:
        return Duty(name, every_s, lambda _now, _memory: calls.append(name) or 0)  # type: ignore[func-returns-value]

    memory, duties = Memory(), [duty("often", 1), duty("seldom", 3)]
    for second in range(4):
        make_round(NOW + second * SECOND, memory, duties)
    assert calls == ["often", "seldom", "often", "often", "often", "seldom"]


def test_who_has_more_to_do_comes_again_at_once() -> None:
    left = [5, 5, 2]
    memory, duties = Memory(), [Duty("much", 60, lambda _now, _memory: left.pop(0), full=5)]
    assert [make_round(NOW, memory, duties).more for _ in range(3)] == [True, True, False]
    assert make_round(NOW, memory, duties).done == {}


def test_a_duty_that_fails_is_an_alarm_until_it_works_again(estate: OfficeEstate) -> None:
    broken = [True]

    def duty(_now: datetime, _memory: Memory) -> int:
        if broken[0]:
            raise OfficeError("the disk\n is full")
        return 1

    memory, duties = Memory(), [Duty("a", 1, duty), Duty("b", 1, lambda _now, _memory: 7)]
    for second in range(3):
        made = make_round(NOW + second * SECOND, memory, duties)
        assert made.done == {"b": 7}
        assert made.failed == {"a": "OfficeError: the disk\n is full"}
    found = Alarm.objects.get()
    assert (found.subject, found.count, found.ended_at) == ("watch/a", 1, None)
    assert found.text == "OfficeError: the disk· is full"
    broken[0] = False
    assert make_round(NOW + 9 * SECOND, memory, duties).failed == {}
    found.refresh_from_db()
    assert found.ended_at == NOW + 9 * SECOND
