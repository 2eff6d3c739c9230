"""A gate whose log cannot be opened or written: residents pass, counted cards wait, losses are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sync.events import EventKind
from sync.records import DoorMode, Reason
from terminal.gate import TICK_S, Gate
from terminal.log_backlog import GROUP_S, MAX_WAITING
from terminal.stores.files import StoreBusyError
from tests.support.disk_away import give_disk_back, take_disk_away
from tests.support.gate_estate import BASIC, FIRE, MAIN_LOCK, ONE_USE, RESIDENT, SIDE_LOCK, UNKNOWN
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig


@pytest.fixture
def blind(make_rig: MakeRig) -> tuple[GateRig, Path]:
    """A gate that once ran, started without its disk."""
    rig = make_rig().start()
    rig.order("mode", door="side", mode="lockdown", operator="guard 7")
    rig.close()
    away = take_disk_away(rig)
    rig.make()
    rig.start()
    return rig, away


def test_without_a_log_ordinary_cards_open(blind: tuple[GateRig, Path]) -> None:
    rig, _ = blind
    rig.present("in", RESIDENT)
    rig.settle()
    assert rig.level(MAIN_LOCK) is True


def test_without_a_log_counted_cards_are_a_fault(blind: tuple[GateRig, Path]) -> None:
    rig, _ = blind
    rig.present("in", ONE_USE)
    rig.settle()
    assert rig.moved(MAIN_LOCK) == [False]
    assert rig.level("red1") is True


def test_what_was_lost_is_counted_and_recorded_once_the_log_opens(blind: tuple[GateRig, Path]) -> None:
    rig, away = blind
    for _ in range(3):
        rig.present("in", RESIDENT)
        rig.settle()
    lost = rig.gate.log.health().lost
    assert lost >= 3
    give_disk_back(rig, away)
    assert rig.tap("in", ONE_USE) is Reason.GRANTED
    (told,) = rig.events(EventKind.EVENTS_LOST)
    assert told.detail["cause"] == "log not open"
    count = told.detail["count"]
    assert isinstance(count, int)
    assert count >= lost  # those the gate itself made while it waited came on top


def side_waits_for_reset(document: dict[str, Any]) -> None:
    document["doors"]["side"]["timing"] = {"fire_needs_reset": True}


def test_a_fire_release_that_waits_for_its_reset_is_back_once_the_log_opens(make_rig: MakeRig) -> None:
    """Both doors were released when the power went; the fire is over; only one waits for a reset."""
    rig = make_rig(change=side_waits_for_reset).start()
    rig.set_low(FIRE)
    rig.settle()
    rig.low.discard(FIRE)
    rig.close()
    away = take_disk_away(rig)
    rig.make()
    rig.start()
    assert (rig.level(MAIN_LOCK), rig.level(SIDE_LOCK)) == (False, False)
    give_disk_back(rig, away)
    assert (rig.level(MAIN_LOCK), rig.level(SIDE_LOCK)) == (False, True)
    rig.settle()
    assert [one.door for one in rig.events(EventKind.FIRE_CLEARED)] == [1]
    rig.order("fire_reset", operator="guard 7")
    assert rig.level(SIDE_LOCK) is False
    rig.restart()
    assert rig.level(SIDE_LOCK) is False


def test_a_fire_of_now_is_not_touched_by_what_the_log_remembers(make_rig: MakeRig) -> None:
    rig = make_rig(change=side_waits_for_reset).start()
    rig.set_low(FIRE)
    rig.settle()
    rig.close()
    away = take_disk_away(rig)
    rig.make()
    rig.start()
    give_disk_back(rig, away)
    assert (rig.level(MAIN_LOCK), rig.level(SIDE_LOCK)) == (True, True)
    rig.set_low(FIRE, False)
    assert (rig.level(MAIN_LOCK), rig.level(SIDE_LOCK)) == (False, True)


def test_a_lockdown_from_before_counts_again_once_the_log_opens(blind: tuple[GateRig, Path]) -> None:
    rig, away = blind
    give_disk_back(rig, away)
    assert rig.tap("side", RESIDENT) is Reason.LOCKED_DOWN


def test_a_lockdown_lifted_without_a_log_stays_lifted(blind: tuple[GateRig, Path]) -> None:
    rig, away = blind
    rig.order("mode", door="side", mode="normal", operator="guard 7")
    give_disk_back(rig, away)
    assert rig.tap("side", RESIDENT) is Reason.GRANTED
    rig.restart()
    assert rig.tap("side", RESIDENT) is Reason.GRANTED


def test_a_lockdown_ordered_without_a_log_survives_a_restart_once_the_log_has_opened(
    blind: tuple[GateRig, Path],
) -> None:
    rig, away = blind
    rig.order("mode", door="main", mode="lockdown", operator="guard 7")
    give_disk_back(rig, away)
    rig.restart()
    assert rig.tap("in", RESIDENT) is Reason.LOCKED_DOWN


def test_the_floor_from_before_counts_again_once_the_log_opens(rig: GateRig) -> None:
    rig.gate.keeper.raise_floor(rig.clock.utc + 7200)
    rig.advance(20)
    floor = rig.gate.memory.floor()
    rig.close()
    away = take_disk_away(rig)
    rig.make()
    rig.start()
    assert rig.gate.keeper.floor < floor
    give_disk_back(rig, away)
    assert rig.gate.keeper.floor == floor


def test_while_the_disk_is_full_ordinary_cards_open_and_their_events_come_later(rig: GateRig) -> None:
    rig.disk.broken = True
    rig.present("in", RESIDENT)
    rig.turn()
    assert rig.level(MAIN_LOCK) is True
    rig.advance(1)
    rig.until("the disk has refused", lambda: "disk is full" in rig.gate.log.health().last_error)
    rig.disk.broken = False
    rig.advance(60)
    rig.settle()
    assert [one.reason for one in rig.events(EventKind.TAP)] == [Reason.GRANTED]


def test_a_disk_that_is_full_for_long_loses_events_and_says_how_many(rig: GateRig) -> None:
    rig.disk.broken = True
    for _ in range(MAX_WAITING + 10):
        rig.present("in", UNKNOWN)
        rig.turn()
    lost = rig.gate.log.health().lost
    assert lost >= 10
    rig.disk.broken = False
    rig.advance(60)
    told = [one.detail["count"] for one in rig.events(EventKind.EVENTS_LOST)]
    assert sum(one for one in told if isinstance(one, int)) == rig.gate.log.health().lost >= lost


def test_a_lockdown_that_found_no_room_in_memory_is_stored_all_the_same(rig: GateRig) -> None:
    rig.disk.broken = True
    for _ in range(MAX_WAITING):
        rig.present("in", UNKNOWN)
        rig.turn()
    rig.gate.modes.command(1, DoorMode.LOCKDOWN, by="guard 7")
    rig.disk.broken = False
    rig.advance(60)
    rig.settle()
    rig.restart()
    assert rig.tap("in", RESIDENT) is Reason.LOCKED_DOWN


def test_a_list_that_comes_while_the_log_is_away_is_used(blind: tuple[GateRig, Path]) -> None:
    rig, _ = blind
    rig.publish(BASIC.records[1:])
    rig.present("in", RESIDENT)
    rig.settle()
    assert rig.moved(MAIN_LOCK) == [False]


def test_a_log_writer_that_fails_unforeseen_is_told_and_begun_anew(rig: GateRig) -> None:
    def fail(_step: str) -> None:
        raise RuntimeError("nobody thought of this")

    writer = rig.gate.log._writer
    assert writer is not None
    writer._log._checkpoint = fail
    rig.present("in", RESIDENT)
    rig.turn()
    rig.advance(2 * GROUP_S)
    rig.until("the writer has ended", lambda: not rig.gate.log.health().running)
    assert "nobody thought of this" in rig.gate.log.health().last_error
    assert rig.level(MAIN_LOCK) is True, "the resident passed all the same"
    rig.advance(TICK_S)
    rig.hook_disk()
    rig.until("the log runs", lambda: rig.gate.log.health().running)
    assert rig.tap("in", ONE_USE) is Reason.GRANTED
    assert rig.events(EventKind.EVENTS_LOST)


def test_a_second_gate_on_the_same_state_is_refused_and_harms_nothing(rig: GateRig) -> None:
    with pytest.raises(StoreBusyError, match="another process writes here"):
        Gate(rig.config(), rig._outside())
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
