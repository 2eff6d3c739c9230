"""One-use cards at a whole gate: spent durably before the relay moves, once, or not at all."""

from __future__ import annotations

from sync.events import EventKind
from sync.records import DoorMode, GrantKind, Reason
from terminal.log_backlog import GROUP_S, URGENT_WITHIN_S
from tests.support.gate_estate import BASIC, MAIN, MAIN_LOCK, ONE_USE, RESIDENT, SIDE_LOCK, grant
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig

COUNTED = 20


def test_a_one_use_card_opens_once(rig: GateRig) -> None:
    assert rig.tap("in", ONE_USE) is Reason.GRANTED
    rig.advance(60)
    assert rig.tap("in", ONE_USE) is Reason.NO_USES_LEFT
    assert rig.moved(MAIN_LOCK) == [False, True, False]


def test_a_use_is_on_disk_before_the_relay_moves(rig: GateRig) -> None:
    rig.disk.hold()
    rig.present("in", ONE_USE)
    rig.turn()
    assert rig.disk.held.wait(10)
    rig.turn()
    assert rig.moved(MAIN_LOCK) == [False]
    rig.disk.let_go()
    rig.log.wait()
    assert rig.events(EventKind.TAP)[-1].reason is Reason.GRANTED
    rig.turn()
    assert rig.moved(MAIN_LOCK) == [False, True]


def test_other_doors_and_cards_never_wait_for_a_spend(rig: GateRig) -> None:
    rig.disk.hold()
    rig.present("in", ONE_USE)
    rig.turn()
    assert rig.disk.held.wait(10)
    rig.present("side", RESIDENT)
    rig.turn()
    assert rig.level(SIDE_LOCK) is True
    rig.present("out", RESIDENT)
    rig.turn()
    assert rig.level(MAIN_LOCK) is True


def test_a_use_that_cannot_be_stored_opens_nothing_and_is_given_back(rig: GateRig) -> None:
    rig.disk.broken = True
    rig.present("in", ONE_USE)
    rig.until("the fault is shown", lambda: rig.level("red1") is True)
    assert rig.moved(MAIN_LOCK) == [False]
    rig.disk.broken = False
    rig.advance(30)
    assert rig.events(EventKind.TAP)[-1].reason is Reason.FAULT
    assert rig.tap("in", ONE_USE) is Reason.GRANTED
    assert rig.level(MAIN_LOCK) is True


def test_one_card_at_two_readers_in_the_same_instant_opens_once(rig: GateRig) -> None:
    rig.present("in", ONE_USE)
    rig.present("side", ONE_USE)
    rig.settle()
    reasons = {one.reason for one in rig.events(EventKind.TAP)}
    assert reasons == {Reason.GRANTED, Reason.NO_USES_LEFT}
    assert [True in rig.moved(line) for line in (MAIN_LOCK, SIDE_LOCK)].count(True) == 1


def test_a_spent_use_stays_spent_over_restart_power_cut_and_a_new_list(rig: GateRig) -> None:
    rig.tap("in", ONE_USE)
    rig.restart()
    assert rig.tap("in", ONE_USE) is Reason.NO_USES_LEFT
    rig.power_cut()
    assert rig.tap("in", ONE_USE) is Reason.NO_USES_LEFT
    rig.publish(BASIC.records)
    assert rig.tap("in", ONE_USE) is Reason.NO_USES_LEFT


def test_counted_uses_run_out_and_each_is_told(make_rig: MakeRig) -> None:
    rig = make_rig(records=[grant(COUNTED, kind=GrantKind.VISITOR, uses=3)]).start()
    reasons = [rig.tap("in", COUNTED) for _ in range(4)]
    assert reasons == [Reason.GRANTED] * 3 + [Reason.NO_USES_LEFT]


def test_after_the_state_was_lost_counted_cards_refuse_and_others_open(rig: GateRig) -> None:
    lose_state(rig)
    rig.start()
    assert [one.detail for one in rig.events(EventKind.ACCESS_STATE_LOST)] == [{}]
    assert rig.events(EventKind.LOG_SET_ASIDE)
    assert rig.tap("in", ONE_USE) is Reason.FAULT
    assert rig.tap("in", RESIDENT) is Reason.GRANTED


def lose_state(rig: GateRig) -> None:
    rig.close()
    for file in rig.gate.config.terminal_dir.glob("usage.db*"):
        file.write_bytes(b"nonsense" * 1000)
    rig.make()


def known_void(rig: GateRig) -> list[object]:
    """Numbers of grants known to be void, as told so far."""
    rig.advance(GROUP_S)
    return [one.detail["count"] for one in rig.events(EventKind.ACCESS_STATE_LOST) if one.detail]


def test_new_counted_cards_open_once_it_is_known_which_were_on_the_list_at_the_loss(rig: GateRig) -> None:
    lose_state(rig)
    rig.start()
    rig.until("the lists were searched", lambda: bool(known_void(rig)))
    assert known_void(rig) == [2]
    reissued = grant(COUNTED, kind=GrantKind.VISITOR, uses=1)
    rig.publish([*BASIC.records, reissued])
    for _ in range(2):
        assert rig.tap("in", ONE_USE) is Reason.FAULT
        assert rig.tap("in", COUNTED) in (Reason.GRANTED, Reason.NO_USES_LEFT)
        rig.restart()
    assert rig.tap("in", COUNTED) is Reason.NO_USES_LEFT
    assert known_void(rig) == [2]


def test_a_power_cut_before_the_lists_were_searched_gives_nothing_back(rig: GateRig) -> None:
    lose_state(rig)
    rig.power_cut()
    assert rig.tap("in", ONE_USE) is Reason.FAULT
    rig.until("the lists were searched", lambda: bool(known_void(rig)))
    assert rig.tap("in", ONE_USE) is Reason.FAULT


def test_an_answer_of_the_disk_that_comes_too_late_opens_nothing(rig: GateRig) -> None:
    """The person was told `fault` and has gone; the use stays spent, for the disk may say so."""
    rig.disk.hold()
    rig.present("in", ONE_USE)
    rig.turn()
    assert rig.disk.held.wait(10)
    rig.advance(URGENT_WITHIN_S)
    assert rig.level("red1") is True
    rig.disk.let_go()
    rig.settle()
    assert rig.moved(MAIN_LOCK) == [False]
    assert [one.reason for one in rig.events(EventKind.TAP)] == [Reason.GRANTED, Reason.FAULT]
    assert rig.tap("in", ONE_USE) is Reason.NO_USES_LEFT


def test_a_lockdown_ordered_while_the_disk_stores_a_use_keeps_the_door_shut(rig: GateRig) -> None:
    rig.disk.hold()
    rig.present("in", ONE_USE)
    rig.turn()
    assert rig.disk.held.wait(10)
    rig.gate.modes.command(MAIN, DoorMode.LOCKDOWN, by="guard 7")
    rig.disk.let_go()
    rig.settle()
    assert rig.moved(MAIN_LOCK) == [False]
    assert rig.events(EventKind.TAP)[-1].reason is Reason.LOCKED_DOWN
