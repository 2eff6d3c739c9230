"""A PIN without a card at a whole gate: where the list allows it, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from sync.events import EventKind
from sync.pin import pin_credential
from sync.records import Grant, GrantKind, PinOnly, Reason, RevocationReason, Tombstone
from terminal.core.tries import PIN_BLOCK_S, PIN_LIMIT
from terminal.pins import PIN_WITHIN_S
from terminal.taps import ANSWER_WITHIN_S
from tests.support.busy_hasher import Busy
from tests.support.estate import NOW
from tests.support.gate_estate import BASIC, BOTH_DOORS, MAIN, MAIN_LOCK, RESIDENT, SIDE_LOCK, WITH_PIN, pin
from tests.support.gate_rig import GateRig

SALT = bytes(range(16))
CODE, DOUBLE, WRONG = "246810", "135790", "271828"
BY_PIN = replace(BASIC.settings, pin_only=PinOnly(SALT, (MAIN,)))
GRANT = Grant(3001, 4001, pin_credential(SALT, CODE), GrantKind.RESIDENT, BOTH_DOORS)
WITH_SECOND = Grant(
    3002,
    4002,
    pin_credential(SALT, DOUBLE),
    GrantKind.RESIDENT,
    BOTH_DOORS,
    pin=pin("2580", "2581"),
)
RECORDS = [*BASIC.records, GRANT, WITH_SECOND]


@pytest.fixture
def keypad(rig: GateRig) -> GateRig:
    """The gate, whose main door opens by PIN alone."""
    rig.publish(RECORDS, BY_PIN)
    return rig


def test_the_right_digits_open_and_their_digest_is_in_no_event(keypad: GateRig) -> None:
    assert keypad.type("in", CODE) is Reason.GRANTED
    assert keypad.level(MAIN_LOCK) is True
    (tap,) = keypad.events(EventKind.TAP)
    assert (tap.credential, tap.issue_id, tap.grant_id) == (None, 4001, 3001)


def test_where_the_list_does_not_allow_it_digits_are_nothing(keypad: GateRig) -> None:
    keypad.reader("side").enter(CODE)
    keypad.settle()
    assert keypad.moved(SIDE_LOCK) == [False]
    assert keypad.events(EventKind.TAP) == []


def test_without_the_setting_digits_are_nothing_anywhere(rig: GateRig) -> None:
    rig.publish(RECORDS)
    rig.reader("in").enter(CODE)
    rig.settle()
    assert rig.moved(MAIN_LOCK) == [False]
    assert rig.events(EventKind.TAP) == []


def test_a_list_that_forbids_it_counts_at_once_though_nobody_tapped_since(keypad: GateRig) -> None:
    assert keypad.type("out", CODE) is Reason.GRANTED
    keypad.publish(RECORDS)
    keypad.reader("in").enter(CODE)
    keypad.settle()
    assert len(keypad.events(EventKind.TAP)) == 1


def test_an_ended_one_is_refused_by_its_reason(keypad: GateRig) -> None:
    ended = Tombstone(3001, 4001, GRANT.credential, RevocationReason.LOST, NOW)
    keypad.publish([*BASIC.records, ended], BY_PIN)
    assert keypad.type("in", CODE) is Reason.LOST


def test_wrong_ones_block_typing_at_this_reader_only_and_no_card(keypad: GateRig) -> None:
    for _ in range(PIN_LIMIT):
        assert keypad.type("in", WRONG) is Reason.UNKNOWN_CREDENTIAL
    assert len(keypad.events(EventKind.WRONG_TRIES)) == 1
    assert keypad.type("in", CODE) is Reason.PIN_BLOCKED
    assert keypad.moved(MAIN_LOCK) == [False]
    assert keypad.tap("in", RESIDENT) is Reason.GRANTED
    keypad.tap("in", WITH_PIN)
    assert keypad.type("in", "2580") is Reason.GRANTED
    assert keypad.type("out", CODE) is Reason.GRANTED
    keypad.advance(PIN_BLOCK_S)
    assert keypad.type("in", CODE) is Reason.GRANTED


def test_digits_after_a_card_that_asked_for_them_belong_to_the_card(keypad: GateRig) -> None:
    keypad.tap("in", WITH_PIN)
    assert keypad.type("in", CODE) is Reason.WRONG_PIN
    keypad.tap("in", WITH_PIN)
    keypad.advance(PIN_WITHIN_S)
    assert keypad.type("in", CODE) is Reason.GRANTED


def test_a_second_pin_may_be_asked_for_and_may_be_the_one_of_duress(keypad: GateRig) -> None:
    assert keypad.type("in", DOUBLE) is Reason.NEEDS_PIN
    assert keypad.type("in", "2580") is Reason.GRANTED
    assert keypad.type("in", DOUBLE) is Reason.NEEDS_PIN
    assert keypad.type("in", "2581") is Reason.GRANTED
    (alarm,) = keypad.events(EventKind.DURESS)
    assert (alarm.credential, alarm.grant_id) == (None, 3002)


def test_a_flood_is_blocked_at_once_and_an_answer_too_late_opens_for_nobody(keypad: GateRig) -> None:
    busy = Busy(keypad)
    for _ in range(20):
        keypad.reader("in").enter(CODE)
        keypad.reader("out").enter(CODE)
        keypad.turn()
    keypad.advance(ANSWER_WITHIN_S)
    busy.let_go()
    keypad.settle()
    outcomes = [(one.reason, one.credential) for one in keypad.events(EventKind.TAP)]
    assert outcomes == [(Reason.PIN_BLOCKED, None)] * 38 + [(Reason.FAULT, None)] * 2
    assert keypad.moved(MAIN_LOCK) == [False]
    assert keypad.type("in", CODE) is Reason.GRANTED


def test_nothing_of_it_is_on_the_disk_of_the_log(keypad: GateRig) -> None:
    keypad.type("in", CODE)
    keypad.type("in", WRONG)
    hidden = (CODE.encode(), WRONG.encode(), GRANT.credential.number, pin_credential(SALT, WRONG).number)
    files: list[Path] = list(keypad.gate.config.terminal_dir.iterdir())
    assert files
    for file in files:
        content = file.read_bytes()
        assert not any(one in content for one in hidden)
