"""Taps at a whole gate: what opens, for how long, and what never moves a line."""

from __future__ import annotations

import pytest

from sync.events import EventKind
from sync.records import Access, Reason
from terminal.core.tries import ALARM_EVERY
from tests.support.gate_estate import (
    CONTACT,
    LONG,
    LOST,
    MAIN,
    MAIN_LOCK,
    OTHER,
    RESIDENT,
    SIDE_LOCK,
    UNKNOWN,
    grant,
)
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig

OPEN_S = 5.0
LONG_OPEN_S = 20.0


def test_a_granted_card_unlocks_its_door_alone_and_it_locks_again_by_itself(rig: GateRig) -> None:
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert rig.level(MAIN_LOCK) is True
    rig.advance(OPEN_S)
    assert rig.level(MAIN_LOCK) is False
    assert rig.moved(SIDE_LOCK) == [False]


def test_the_relay_moves_before_the_log_has_the_tap(rig: GateRig) -> None:
    rig.present("in", RESIDENT)
    rig.turn()
    assert rig.level(MAIN_LOCK) is True
    assert rig.log.waiting == 1
    assert rig.events(EventKind.TAP)[-1].reason is Reason.GRANTED


def test_a_second_grant_extends_the_opening(rig: GateRig) -> None:
    rig.tap("in", RESIDENT)
    rig.advance(OPEN_S - 1)
    rig.tap("in", OTHER)
    rig.advance(OPEN_S - 1)
    assert rig.level(MAIN_LOCK) is True
    rig.advance(1)
    assert rig.level(MAIN_LOCK) is False


def test_a_short_grant_never_shortens_a_long_opening(rig: GateRig) -> None:
    rig.tap("in", LONG)
    rig.tap("in", RESIDENT)
    rig.advance(LONG_OPEN_S - 1)
    assert rig.level(MAIN_LOCK) is True
    rig.advance(1)
    assert rig.level(MAIN_LOCK) is False


@pytest.mark.parametrize(
    ("number", "reason"),
    [(UNKNOWN, Reason.UNKNOWN_CREDENTIAL), (LOST, Reason.LOST), (b"", Reason.UNKNOWN_CREDENTIAL)],
)
def test_a_refused_card_moves_no_line(rig: GateRig, number: int | bytes, reason: Reason) -> None:
    assert rig.tap("in", number) is reason
    rig.advance(60)
    assert rig.moved(MAIN_LOCK) == rig.moved(SIDE_LOCK) == [False]


@pytest.mark.parametrize("length", [1, 4, 7, 10, 64, 65, 255])
def test_a_number_of_any_length_is_served_and_what_no_list_can_hold_is_unknown(
    rig: GateRig, length: int
) -> None:
    assert rig.tap("in", bytes(length)) is Reason.UNKNOWN_CREDENTIAL
    (tap,) = rig.events(EventKind.TAP)
    assert ("unreadable" in tap.detail) is (length > 64)
    assert (tap.credential is None) is (length > 64)


def test_an_event_tells_where_which_card_and_whose(rig: GateRig) -> None:
    rig.tap("out", RESIDENT)
    (tap,) = rig.events(EventKind.TAP)
    assert (tap.door, tap.reader, tap.direction) == (1, 2, 2)
    assert (tap.credential, tap.issue_id, tap.grant_id) == (grant(RESIDENT).credential, 2001, 1001)
    assert tap.wall_ms is not None
    assert tap.wall_ms // 1000 == rig.clock.utc


def test_a_lost_card_alarms_with_every_tap(rig: GateRig) -> None:
    rig.tap("in", LOST)
    rig.tap("side", LOST)
    alarms = rig.events(EventKind.REVOKED_CARD_TAPPED)
    assert [(one.door, one.reason, one.issue_id) for one in alarms] == [
        (1, Reason.LOST, 2000 + LOST),
        (2, Reason.LOST, 2000 + LOST),
    ]


def test_wrong_tries_alarm_and_the_next_good_card_opens(rig: GateRig) -> None:
    for _ in range(ALARM_EVERY):
        rig.tap("in", UNKNOWN)
    (alarm,) = rig.events(EventKind.WRONG_TRIES)
    assert (alarm.reader, alarm.detail) == (1, {"count": ALARM_EVERY})
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert rig.level(MAIN_LOCK) is True


def test_wrong_tries_are_counted_for_each_reader_and_a_good_card_ends_the_row(rig: GateRig) -> None:
    for reader in ("in", "out"):
        for _ in range(ALARM_EVERY - 1):
            rig.tap(reader, UNKNOWN)
    rig.tap("in", RESIDENT)
    rig.tap("in", UNKNOWN)
    assert not rig.events(EventKind.WRONG_TRIES)


def test_lamps_tell_granted_from_refused_at_the_reader_that_was_tapped(rig: GateRig) -> None:
    rig.tap("in", RESIDENT)
    assert (rig.level("green1"), rig.level("red1"), rig.level("green2")) == (True, False, False)
    rig.advance(1.0)
    assert rig.level("green1") is False
    rig.tap("out", UNKNOWN)
    assert (rig.level("green2"), rig.level("red2"), rig.level("buzzer2")) == (False, True, True)
    rig.advance(1.0)
    assert rig.level("red2") is False
    assert rig.moved("red1") == [False]


def test_a_grant_for_one_door_is_the_wrong_door_at_the_other(make_rig: MakeRig) -> None:
    rig = make_rig(records=[grant(RESIDENT, access=(Access(MAIN),))]).start()
    assert rig.tap("side", RESIDENT) is Reason.WRONG_DOOR
    assert rig.moved(SIDE_LOCK) == [False]


def test_passing_is_logged_with_the_grant_that_opened_and_not_passing_too(rig: GateRig) -> None:
    rig.tap("in", RESIDENT)
    rig.set_low(CONTACT)
    rig.set_low(CONTACT, False)
    assert rig.level(MAIN_LOCK) is False  # locked behind the one person it was for
    rig.tap("in", OTHER)
    rig.advance(OPEN_S + 2)
    opened, unused = rig.events(EventKind.DOOR_OPENED, EventKind.DOOR_NOT_USED)
    assert (opened.kind, opened.grant_id) == (EventKind.DOOR_OPENED, 1000 + RESIDENT)
    assert (unused.kind, unused.grant_id) == (EventKind.DOOR_NOT_USED, 1000 + OTHER)
