"""A floor that a wrong clock has raised: the root lowers it, once, and nothing raises it to there again."""

from __future__ import annotations

import pytest

from sync.events import EventKind
from sync.records import ClockState, Reason
from sync.update import ListVersion
from terminal.clock import Anchor
from terminal.floor import FLOOR_EVERY_S
from terminal.gate import TICK_S
from terminal.stores.time_anchor import FILE_NAME, Lowered, SavedTime, save_time
from tests.support.disk_away import give_disk_back, take_disk_away
from tests.support.estate import NOW
from tests.support.gate_estate import BASIC, grant
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig

TENANT = 20
FAR = NOW + 2000 * 86_400
"""What a wrong clock at the office said."""
LIST = ListVersion(1, 1)


@pytest.fixture
def wrong(make_rig: MakeRig) -> GateRig:
    """A gate that believed the office's wrong clock, and keeps its floor: every tenant is over."""
    rig = make_rig(records=(*BASIC.records, grant(TENANT, valid_until=NOW + 30 * 86_400))).start()
    answered(rig, FAR)
    rig.advance(2 * TICK_S)
    assert rig.tap("in", TENANT) is Reason.EXPIRED
    assert rig.gate.memory.floor() >= FAR
    return rig


def answered(rig: GateRig, utc: int, lowered: Lowered | None = None) -> None:
    """The office answered a moment ago, and the sync side saved it."""
    reading = rig.clock.read()
    anchor = Anchor(bytes([rig.boot]) * 16, reading.boottime_ms, utc * 1000, 500)
    save_time(rig.gate.config.sync_dir, SavedTime(utc, anchor, lowered))


def lower(rig: GateRig, serial: int = 1, utc: int = NOW, version: ListVersion = LIST) -> None:
    """The root's word came, and the sync side saved it."""
    save_time(rig.gate.config.sync_dir, SavedTime(utc, None, Lowered(serial, utc, version)))


def lowerings(rig: GateRig) -> list[object]:
    return [one.detail["lowered"] for one in rig.events(EventKind.CLOCK_CHANGED) if "lowered" in one.detail]


def test_a_running_gate_takes_it_over_and_its_tenants_open_again(wrong: GateRig) -> None:
    lower(wrong)
    wrong.advance(TICK_S)
    now = wrong.gate.judge().now
    assert (now.floor, now.clock, now.utc) == (NOW, ClockState.SUSPECT, wrong.clock.utc)
    assert wrong.tap("in", TENANT) is Reason.GRANTED
    assert lowerings(wrong) == [1]
    states = [one.detail["state"] for one in wrong.events(EventKind.CLOCK_CHANGED) if "state" in one.detail]
    assert states == ["trusted", "suspect"]


def test_a_gate_that_was_off_meanwhile_takes_it_over_at_its_start(wrong: GateRig) -> None:
    wrong.close()
    lower(wrong)
    wrong.boot += 1
    wrong.clock.reboot()
    wrong.make()
    wrong.start()
    assert wrong.gate.keeper.floor < FAR
    assert wrong.tap("in", TENANT) is Reason.GRANTED
    wrong.advance(TICK_S)
    assert lowerings(wrong) == [1]


@pytest.mark.parametrize("cut", [False, True], ids=["restart", "power cut"])
def test_it_outlives_what_comes_next_and_is_taken_once(wrong: GateRig, cut: bool) -> None:
    lower(wrong)
    wrong.advance(TICK_S)
    wrong.settle()
    if cut:
        wrong.power_cut()
    else:
        wrong.restart(reboot=True)
    wrong.advance(3 * TICK_S)
    assert wrong.tap("in", TENANT) is Reason.GRANTED
    assert lowerings(wrong) == [1]


def test_afterwards_the_floor_rises_and_is_kept_as_ever(wrong: GateRig) -> None:
    lower(wrong)
    wrong.advance(TICK_S)
    later = wrong.clock.utc + 3 * FLOOR_EVERY_S
    answered(wrong, later)
    wrong.advance(TICK_S)
    assert wrong.gate.judge().now.clock is ClockState.TRUSTED
    wrong.settle()
    (wrong.gate.config.sync_dir / FILE_NAME).unlink()
    wrong.restart(reboot=True)
    assert wrong.gate.keeper.floor >= later


def test_one_that_was_taken_already_lowers_nothing_even_if_the_sync_side_forgot_it(wrong: GateRig) -> None:
    lower(wrong, serial=5)
    wrong.advance(TICK_S)
    later = wrong.clock.utc + 5 * FLOOR_EVERY_S
    answered(wrong, later)
    wrong.advance(TICK_S)
    wrong.settle()
    (wrong.gate.config.sync_dir / FILE_NAME).unlink()
    for serial in (4, 5):
        lower(wrong, serial)
        wrong.advance(TICK_S)
        assert wrong.gate.keeper.floor >= later
    wrong.restart(reboot=True)
    wrong.advance(TICK_S)
    assert wrong.gate.keeper.floor >= later
    assert lowerings(wrong) == [5]


def test_an_answer_that_came_with_it_counts_at_once(wrong: GateRig) -> None:
    now = wrong.clock.utc
    answered(wrong, now + 30, Lowered(1, NOW, LIST))
    wrong.advance(TICK_S)
    judged = wrong.gate.judge().now
    assert (judged.clock, judged.utc) == (ClockState.TRUSTED, wrong.clock.utc + 30)


def test_the_issue_time_of_the_list_of_those_days_does_not_raise_it_again(make_rig: MakeRig) -> None:
    rig = make_rig().start()
    issued = NOW  # of list 1.1, as the estate's first list is signed
    lower(rig, utc=issued - 1000)
    rig.advance(TICK_S)
    rig.restart()
    assert rig.gate.keeper.floor == issued - 1000
    changed = rig.events(EventKind.LIST_CHANGED)[-1].detail
    assert changed["issued_at_not_believed"] == issued
    rig.publish(BASIC.records)
    rig.gate.permissions.refresh()
    assert rig.gate.keeper.floor == issued + 60


def test_a_log_that_opens_late_does_not_bring_the_old_floor_back(wrong: GateRig) -> None:
    wrong.close()
    away = take_disk_away(wrong)
    lower(wrong)
    wrong.boot += 1
    wrong.clock.reboot()
    wrong.make()
    wrong.start()
    wrong.advance(TICK_S)
    give_disk_back(wrong, away)
    assert wrong.gate.memory.lowering() == 1
    assert wrong.gate.keeper.floor < FAR
    wrong.advance(2 * TICK_S)
    wrong.settle()
    wrong.restart(reboot=True)
    assert wrong.gate.keeper.floor < FAR
    assert wrong.gate.memory.lowering() == 1
