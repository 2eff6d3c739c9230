"""Card and PIN at a whole gate: typed in time, wrong ones block typing only, duress opens and alarms."""

from __future__ import annotations

from sync.events import EventKind
from sync.records import Reason
from terminal.core.tries import PIN_BLOCK_S, PIN_LIMIT
from terminal.taps import PIN_WITHIN_S
from tests.support.gate_estate import MAIN_LOCK, RESIDENT, WITH_PIN
from tests.support.gate_rig import GateRig

RIGHT, DURESS, WRONG = "2580", "2581", "0000"


def test_card_and_right_pin_open(rig: GateRig) -> None:
    assert rig.tap("in", WITH_PIN) is Reason.NEEDS_PIN
    assert rig.moved(MAIN_LOCK) == [False]
    rig.advance(PIN_WITHIN_S - 1)
    assert rig.type("in", RIGHT) is Reason.GRANTED
    assert rig.level(MAIN_LOCK) is True


def test_a_wrong_pin_needs_the_card_again(rig: GateRig) -> None:
    rig.tap("in", WITH_PIN)
    assert rig.type("in", WRONG) is Reason.WRONG_PIN
    rig.reader("in").enter(RIGHT)
    rig.settle()
    assert rig.moved(MAIN_LOCK) == [False]
    rig.tap("in", WITH_PIN)
    assert rig.type("in", RIGHT) is Reason.GRANTED


def test_a_pin_typed_too_late_at_another_reader_or_after_another_card_is_nothing(rig: GateRig) -> None:
    rig.tap("in", WITH_PIN)
    rig.advance(PIN_WITHIN_S)
    rig.reader("in").enter(RIGHT)
    rig.tap("in", WITH_PIN)
    rig.reader("side").enter(RIGHT)
    rig.tap("out", WITH_PIN)
    rig.tap("out", RESIDENT)
    rig.reader("out").enter(RIGHT)
    rig.settle()
    assert [one.reason for one in rig.events(EventKind.TAP) if one.grant_id == 1000 + WITH_PIN] == [
        Reason.NEEDS_PIN
    ] * 3


def test_wrong_pins_block_typing_for_this_card_alone_and_only_for_a_while(rig: GateRig) -> None:
    for _ in range(PIN_LIMIT):
        rig.tap("in", WITH_PIN)
        assert rig.type("in", WRONG) is Reason.WRONG_PIN
    rig.tap("in", WITH_PIN)
    assert rig.type("in", RIGHT) is Reason.PIN_BLOCKED
    assert rig.moved(MAIN_LOCK) == [False]
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    rig.advance(PIN_BLOCK_S)
    rig.tap("in", WITH_PIN)
    assert rig.type("in", RIGHT) is Reason.GRANTED


def test_wrong_pins_raise_the_alarm_of_wrong_tries(rig: GateRig) -> None:
    for _ in range(PIN_LIMIT):
        rig.tap("in", WITH_PIN)
        rig.type("in", WRONG)
    assert len(rig.events(EventKind.WRONG_TRIES)) == 1


def test_the_duress_pin_opens_like_the_right_one_and_alarms_silently(rig: GateRig) -> None:
    rig.tap("in", WITH_PIN)
    assert rig.type("in", DURESS) is Reason.GRANTED
    assert rig.level(MAIN_LOCK) is True
    assert (rig.level("green1"), rig.level("red1")) == (True, False)
    (alarm,) = rig.events(EventKind.DURESS)
    assert (alarm.grant_id, alarm.reader) == (1000 + WITH_PIN, 1)


def test_no_event_holds_what_was_typed(rig: GateRig) -> None:
    rig.tap("in", WITH_PIN)
    rig.type("in", RIGHT)
    rig.tap("in", WITH_PIN)
    rig.type("in", "271828")
    for file in rig.gate.config.terminal_dir.iterdir():
        assert b"271828" not in file.read_bytes()
    assert all("2580" not in repr(one) for one in rig.events())
