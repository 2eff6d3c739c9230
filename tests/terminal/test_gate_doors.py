"""Contacts, exit button, lamps and inputs at a whole gate: what the door does tells the log and the ear."""

from __future__ import annotations

from typing import Any

from sync.events import EventKind
from sync.records import Reason
from tests.support.gate_estate import CONTACT, EXIT, MAIN_LOCK, RESIDENT, SIDE_CONTACT, UNKNOWN
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig

OPEN_S, HELD_S, PRE_ALARM_S = 5.0, 20.0, 5.0


def test_a_door_opened_without_a_grant_is_forced_until_it_closes(rig: GateRig) -> None:
    rig.fresh()
    rig.set_low(CONTACT)
    assert rig.fresh() == [EventKind.DOOR_OPENED, EventKind.DOOR_FORCED]
    assert rig.level("buzzer1") is True
    rig.set_low(CONTACT, False)
    assert rig.fresh() == [EventKind.DOOR_CLOSED, EventKind.DOOR_FORCED_ENDED]
    rig.advance(1)
    assert rig.level("buzzer1") is False


def test_a_door_kept_open_warns_then_is_held_until_it_closes(rig: GateRig) -> None:
    rig.tap("in", RESIDENT)
    rig.set_low(CONTACT)
    rig.advance(OPEN_S + HELD_S - PRE_ALARM_S)
    assert not rig.events(EventKind.DOOR_HELD)
    assert rig.fresh()[-1] is EventKind.DOOR_HELD_SOON
    rig.advance(PRE_ALARM_S)
    assert rig.fresh() == [EventKind.DOOR_HELD]
    rig.set_low(CONTACT, False)
    assert rig.fresh() == [EventKind.DOOR_CLOSED, EventKind.DOOR_HELD_ENDED]


def test_an_alarm_ticks_at_the_readers_of_its_door_only_and_gives_way_to_a_tap(rig: GateRig) -> None:
    rig.set_low(SIDE_CONTACT)
    rig.advance(10)
    assert rig.moved("buzzer1") == rig.moved("buzzer2") == [False]
    ticks = rig.moved("buzzer3").count(True)
    assert ticks >= 9
    rig.tap("side", UNKNOWN)
    rig.advance(1)
    assert rig.moved("buzzer3").count(True) >= ticks + 3  # the refusal's own rhythm
    rig.advance(10)
    assert rig.moved("buzzer3").count(True) >= ticks + 10  # and the ticking goes on


def test_a_granted_card_at_a_forced_door_ends_the_alarm(rig: GateRig) -> None:
    rig.set_low(CONTACT)
    rig.fresh()
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert EventKind.DOOR_FORCED_ENDED in rig.fresh()
    rig.advance(2)
    assert rig.level("buzzer1") is False


def test_the_exit_button_opens_without_a_card_and_is_logged(rig: GateRig) -> None:
    rig.set_low(EXIT)
    assert rig.level(MAIN_LOCK) is True
    rig.set_low(EXIT, False)
    rig.set_low(CONTACT)
    assert [one.kind for one in rig.events()][-2:] == [EventKind.EXIT_BUTTON, EventKind.DOOR_OPENED]
    rig.set_low(CONTACT, False)
    assert rig.level(MAIN_LOCK) is False


def test_an_exit_button_held_down_at_the_start_opens(make_rig: MakeRig) -> None:
    rig = make_rig(low=[EXIT]).start()
    assert rig.level(MAIN_LOCK) is True


def test_an_exit_button_that_is_stuck_is_told_and_does_not_open_for_ever(rig: GateRig) -> None:
    rig.set_low(EXIT)
    rig.advance(120)
    assert rig.level(MAIN_LOCK) is False
    (fault,) = rig.events(EventKind.CONTACT_FAULT)
    assert fault.detail == {"input": "exit_button"}


def test_a_door_that_stands_open_at_the_start_is_not_forced_but_held_in_time(make_rig: MakeRig) -> None:
    rig = make_rig(low=[CONTACT]).start()
    rig.advance(HELD_S)
    assert not rig.events(EventKind.DOOR_FORCED)
    assert rig.events(EventKind.DOOR_HELD)


def test_a_bounce_shorter_than_the_debounce_is_nothing(rig: GateRig) -> None:
    rig.gpio.set_level(CONTACT, False)
    rig.turn()
    rig.advance(0.02)
    rig.gpio.set_level(CONTACT, None)
    rig.turn()
    rig.advance(1)
    assert not rig.events(EventKind.DOOR_OPENED)


def test_reporting_inputs_are_told_at_the_start_and_when_they_change(make_rig: MakeRig) -> None:
    def more(document: dict[str, Any]) -> None:
        for kind in ("tamper", "mains_fail", "battery_low"):
            document["inputs"][kind] = {"kind": kind, "line": kind, "active_low": True}

    rig = make_rig(change=more, low=["mains_fail"]).start()
    rig.set_low("tamper")
    rig.set_low("mains_fail", False)
    told = [(one.detail["kind"], one.detail["active"]) for one in rig.events(EventKind.INPUT_CHANGED)]
    assert told == [("mains_fail", 1), ("tamper", 1), ("mains_fail", 0)]


def test_a_barrier_opens_stops_for_a_vehicle_and_closes_behind_it(make_rig: MakeRig) -> None:
    def barrier(document: dict[str, Any]) -> None:
        document["doors"]["side"] = {
            "id": 2,
            "kind": "barrier",
            "outputs": {name: {"line": f"boom_{name}"} for name in ("open", "stop", "close")},
            "inputs": {"loop": {"line": "loop", "active_low": True}},
        }

    rig = make_rig(change=barrier).start()
    rig.advance(60)  # after power-up the boom is believed open, and closes
    closings = rig.moved("boom_close").count(True)
    rig.tap("side", RESIDENT)
    assert rig.level("boom_open") is True
    rig.advance(10)
    rig.set_low("loop")
    rig.advance(60)
    assert rig.moved("boom_close").count(True) == closings
    rig.set_low("loop", False)
    rig.advance(30)
    assert rig.moved("boom_close").count(True) == closings + 1
    rig.close()
    assert [rig.level(f"boom_{name}") for name in ("open", "stop", "close")] == [None] * 3


def test_a_press_that_began_and_ended_while_the_loop_was_away_still_opens(rig: GateRig) -> None:
    for low in (True, False):
        rig.gpio.set_level(EXIT, not low)
        rig.clock.monotonic += 0.4
    rig.turn()
    assert rig.fresh()[-1:] == [EventKind.EXIT_BUTTON]
    assert rig.level(MAIN_LOCK) is True
