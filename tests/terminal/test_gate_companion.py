"""A release slip needs a guard's card in time (rule 15.2), who may refuse, or open and book it later."""

from __future__ import annotations

import pytest

from sync.events import EventKind
from sync.records import Reason
from terminal.control import CommandError
from terminal.outcomes import BOOKING_WITHIN_S
from tests.support.estate import card
from tests.support.gate_estate import BASIC, GUARD, MAIN_LOCK, OTHER, RESIDENT, SIDE_LOCK, SLIP, lost
from tests.support.gate_rig import GateRig

WITHIN_S = 60.0


def test_a_slip_opens_with_a_guards_card_and_both_stand_in_the_log(rig: GateRig) -> None:
    assert rig.tap("out", SLIP) is Reason.NEEDS_SECOND_CREDENTIAL
    assert rig.moved(MAIN_LOCK) == [False]
    rig.advance(WITHIN_S - 1)
    assert rig.tap("in", GUARD) is Reason.GRANTED
    assert rig.level(MAIN_LOCK) is True
    tap = rig.events(EventKind.TAP)[-1]
    assert (tap.grant_id, tap.reader) == (1000 + SLIP, 2)
    assert tap.detail == {"companion": card(GUARD).key}


def test_a_slip_is_spent_once(rig: GateRig) -> None:
    rig.tap("out", SLIP)
    rig.tap("out", GUARD)
    rig.advance(30)
    assert rig.tap("out", SLIP) is Reason.NO_USES_LEFT


def test_after_the_time_limit_the_guards_card_is_his_own(rig: GateRig) -> None:
    rig.tap("out", SLIP)
    rig.advance(WITHIN_S)
    rig.tap("out", GUARD)
    assert rig.events(EventKind.TAP)[-1].grant_id == 1000 + GUARD
    rig.advance(30)
    assert rig.tap("out", SLIP) is Reason.NEEDS_SECOND_CREDENTIAL  # nothing was spent


def test_another_residents_tap_in_between_is_served_and_ends_nothing(rig: GateRig) -> None:
    rig.tap("out", SLIP)
    assert rig.tap("out", RESIDENT) is Reason.GRANTED
    assert rig.events(EventKind.TAP)[-1].grant_id == 1000 + RESIDENT
    rig.tap("out", GUARD)
    assert rig.events(EventKind.TAP)[-1].grant_id == 1000 + SLIP


def test_a_guard_at_the_other_door_completes_nothing_there(rig: GateRig) -> None:
    rig.tap("out", SLIP)
    rig.tap("side", GUARD)
    assert rig.events(EventKind.TAP)[-1].grant_id == 1000 + GUARD
    assert rig.moved(MAIN_LOCK) == [False]
    assert rig.level(SIDE_LOCK) is True


def test_the_guard_refuses_and_nothing_is_spent(rig: GateRig) -> None:
    rig.tap("out", SLIP)
    rig.order("refuse", door="main", reason="家具不在清单上")
    (refused,) = rig.events(EventKind.COMPANION_REFUSED)
    assert (refused.grant_id, refused.reason) == (1000 + SLIP, Reason.COMPANION_REFUSED)
    assert refused.detail == {"why": "家具不在清单上"}
    rig.tap("out", GUARD)
    assert rig.events(EventKind.TAP)[-1].grant_id == 1000 + GUARD
    rig.advance(30)
    assert rig.tap("out", SLIP) is Reason.NEEDS_SECOND_CREDENTIAL


def test_there_must_be_something_to_refuse(rig: GateRig) -> None:
    with pytest.raises(CommandError, match="nobody waits"):
        rig.order("refuse", door="main", reason="no")
    rig.tap("out", SLIP)
    rig.advance(WITHIN_S)
    with pytest.raises(CommandError, match="nobody waits"):
        rig.order("refuse", door="main", reason="no")
    assert not rig.events(EventKind.COMPANION_REFUSED)


def test_a_guard_opens_by_his_own_card_and_books_the_slip_afterwards(rig: GateRig) -> None:
    rig.tap("out", GUARD)
    rig.advance(BOOKING_WITHIN_S - 1)
    rig.order("book", door="main", slip="KH-09-0042")
    (booked,) = rig.events(EventKind.SLIP_BOOKED)
    assert (booked.door, booked.issue_id, booked.detail) == (1, 2000 + GUARD, {"slip": "KH-09-0042"})


def test_booking_needs_a_guards_own_recent_opening(rig: GateRig) -> None:
    rig.tap("out", OTHER)
    rig.tap("out", SLIP)
    rig.tap("out", GUARD)  # completes the slip: not his own opening
    with pytest.raises(CommandError, match="no guard opened main"):
        rig.order("book", door="main", slip="KH-09-0042")
    rig.tap("side", GUARD)
    rig.advance(BOOKING_WITHIN_S + 1)
    with pytest.raises(CommandError, match="no guard opened side"):
        rig.order("book", door="side", slip="KH-09-0042")
    assert not rig.events(EventKind.SLIP_BOOKED)


def test_a_guards_card_that_did_not_open_is_no_opening(rig: GateRig) -> None:
    rig.order("mode", door="main", mode="lockdown", operator="guard 7")
    assert rig.tap("in", GUARD) is Reason.LOCKED_DOWN
    with pytest.raises(CommandError, match="no guard opened main"):
        rig.order("book", door="main", slip="KH-09-0042")


def test_the_slip_was_revoked_while_it_waited(rig: GateRig) -> None:
    rig.tap("out", SLIP)
    rig.publish([lost(SLIP) if one.grant_id == 1000 + SLIP else one for one in BASIC.records])
    assert rig.tap("out", GUARD) is Reason.LOST
    assert rig.moved(MAIN_LOCK) == [False]


def test_a_wait_does_not_survive_a_restart(rig: GateRig) -> None:
    rig.tap("out", SLIP)
    rig.restart()
    rig.tap("out", GUARD)
    assert rig.events(EventKind.TAP)[-1].grant_id == 1000 + GUARD


def test_status_shows_that_somebody_waits_until_it_is_over(rig: GateRig) -> None:
    rig.tap("out", SLIP)
    assert rig.order("status")["doors"]["main"]["waits_for_companion"] is True
    rig.advance(WITHIN_S)
    assert rig.order("status")["doors"]["main"]["waits_for_companion"] is False
