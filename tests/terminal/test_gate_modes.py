"""Lockdown and free access at a whole gate: by command, by schedule, by a first card."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from sync.events import EventKind
from sync.records import DoorMode, DoorPolicy, ListSettings, ModeWindow, OutageWindow, Reason, Utility
from tests.support.gate_estate import (
    BASIC,
    CONTACT,
    EXIT,
    MAIN,
    MAIN_LOCK,
    RESIDENT,
    SIDE,
    SIDE_LOCK,
    UNKNOWN,
    grant,
)
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig

CHINA = ZoneInfo("Asia/Shanghai")


def local(hour: int, minute: int = 0, second: int = 0) -> int:
    """UTC second of this local time on Monday, 18 January 2027, a day of the noon schedule."""
    return int(datetime(2027, 1, 18, hour, minute, second, tzinfo=CHINA).timestamp())


def noon(mode: DoorMode, *, first_card: bool = False) -> ListSettings:
    """The main door stands in ``mode`` on workdays from 12:00 to 13:00."""
    window = ModeWindow(1, mode, needs_first_card=first_card)
    return replace(BASIC.settings, doors=(DoorPolicy(MAIN, modes=(window,)), DoorPolicy(SIDE)))


def at(make_rig: MakeRig, utc: int, settings: ListSettings = BASIC.settings) -> GateRig:
    rig = make_rig(settings=settings, records=[*BASIC.records, grant(30, first_card=True)])
    rig.clock.set_utc(utc)
    return rig.start()


def order(rig: GateRig, mode: str, door: str = "main") -> None:
    rig.order("mode", door=door, mode=mode, operator="guard 7")


def test_lockdown_by_command_refuses_and_takes_back_an_opening(rig: GateRig) -> None:
    rig.tap("in", RESIDENT)
    order(rig, "lockdown")
    assert rig.level(MAIN_LOCK) is False
    assert rig.tap("in", RESIDENT) is Reason.LOCKED_DOWN
    assert rig.tap("side", RESIDENT) is Reason.GRANTED
    order(rig, "normal")
    assert rig.tap("in", RESIDENT) is Reason.GRANTED


def test_an_override_opens_in_lockdown(make_rig: MakeRig) -> None:
    rig = make_rig(records=[grant(RESIDENT, overrides_lockdown=True)]).start()
    order(rig, "lockdown")
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert rig.level(MAIN_LOCK) is True


def test_the_exit_button_opens_in_lockdown(rig: GateRig) -> None:
    order(rig, "lockdown")
    rig.set_low(EXIT)
    assert rig.level(MAIN_LOCK) is True
    assert rig.events(EventKind.EXIT_BUTTON)


def test_free_access_by_command_unlocks_for_everybody(rig: GateRig) -> None:
    order(rig, "free")
    rig.advance(3600)
    assert rig.level(MAIN_LOCK) is True
    assert rig.tap("in", RESIDENT) is Reason.GRANTED_FREE
    assert rig.tap("in", UNKNOWN) is Reason.GRANTED_FREE
    order(rig, "normal")
    assert rig.level(MAIN_LOCK) is False


@pytest.mark.parametrize("end", [GateRig.restart, GateRig.power_cut])
def test_lockdown_by_command_survives_and_free_access_does_not(rig: GateRig, end: object) -> None:
    order(rig, "lockdown", "main")
    order(rig, "free", "side")
    assert callable(end)
    end(rig)
    assert rig.tap("in", RESIDENT) is Reason.LOCKED_DOWN
    assert rig.level(SIDE_LOCK) is False
    assert rig.tap("side", UNKNOWN) is Reason.UNKNOWN_CREDENTIAL


def test_free_access_under_a_lockdown_comes_back_only_when_ordered(rig: GateRig) -> None:
    order(rig, "free")
    order(rig, "lockdown")
    assert rig.level(MAIN_LOCK) is False
    order(rig, "normal")
    assert rig.level(MAIN_LOCK) is False


def test_a_mode_leaves_events_of_order_and_effect(rig: GateRig) -> None:
    order(rig, "free")
    ordered, mode = rig.events(EventKind.MODE_CHANGED)
    assert ordered.detail == {"ordered": "free", "by": "guard 7"}
    assert mode.detail == {"mode": "free", "cause": "command"}


def test_free_access_by_schedule_begins_and_ends_at_its_minutes(make_rig: MakeRig) -> None:
    rig = at(make_rig, local(11, 59, 50), noon(DoorMode.FREE))
    assert rig.level(MAIN_LOCK) is False
    rig.advance(9)
    assert rig.level(MAIN_LOCK) is False
    rig.advance(2)
    assert rig.level(MAIN_LOCK) is True
    rig.advance(3598)
    assert rig.level(MAIN_LOCK) is True
    rig.advance(3)
    assert rig.level(MAIN_LOCK) is False
    assert rig.level(SIDE_LOCK) is False


def test_a_gate_that_starts_within_a_window_stands_in_its_mode_from_the_first_moment(
    make_rig: MakeRig,
) -> None:
    rig = at(make_rig, local(12, 30), noon(DoorMode.LOCKDOWN))
    assert rig.tap("in", RESIDENT) is Reason.LOCKED_DOWN
    assert not rig.events(EventKind.MODE_CHANGED)


def test_the_first_card_starts_free_access_and_a_restart_does_not_ask_again(make_rig: MakeRig) -> None:
    rig = at(make_rig, local(12, 1), noon(DoorMode.FREE, first_card=True))
    assert rig.level(MAIN_LOCK) is False
    rig.tap("in", RESIDENT)
    rig.advance(10)
    assert rig.level(MAIN_LOCK) is False  # an ordinary card does not start it
    assert rig.tap("in", 30) is Reason.GRANTED
    rig.advance(60)
    assert rig.level(MAIN_LOCK) is True
    assert rig.tap("in", UNKNOWN) is Reason.GRANTED_FREE
    rig.restart(reboot=True)
    assert rig.level(MAIN_LOCK) is True
    rig.advance(3600)
    assert rig.level(MAIN_LOCK) is False
    rig.clock.set_utc(local(12) + 86_400)  # the next day's window asks for its own card
    rig.advance(60)
    assert rig.level(MAIN_LOCK) is False


def test_an_outage_approved_as_free_opens_for_its_time(make_rig: MakeRig) -> None:
    outage = OutageWindow(local(14), local(15), Utility.POWER, DoorMode.FREE)
    rig = at(make_rig, local(13, 59), replace(BASIC.settings, outages=(outage,)))
    assert rig.level(MAIN_LOCK) is False
    rig.advance(62)
    assert rig.level(MAIN_LOCK) is True
    rig.advance(3600)
    assert rig.level(MAIN_LOCK) is False


def test_a_new_list_changes_the_modes_at_once_when_told(make_rig: MakeRig) -> None:
    rig = at(make_rig, local(12, 30))
    rig.publish(BASIC.records, noon(DoorMode.FREE))
    rig.order("list_changed")
    assert rig.level(MAIN_LOCK) is True


def test_a_clock_set_into_a_window_is_noticed(make_rig: MakeRig) -> None:
    rig = at(make_rig, local(11), noon(DoorMode.FREE))
    rig.clock.set_utc(local(12, 30))
    rig.advance(11)
    assert rig.level(MAIN_LOCK) is True


def test_a_door_left_open_after_free_access_is_held_not_forced(make_rig: MakeRig) -> None:
    rig = at(make_rig, local(12, 30), noon(DoorMode.FREE))
    rig.set_low(CONTACT)
    rig.advance(1800)
    rig.advance(30)
    kinds = [one.kind for one in rig.events(EventKind.DOOR_HELD, EventKind.DOOR_FORCED)]
    assert kinds == [EventKind.DOOR_HELD]
