"""Card and PIN at a whole gate: typed in time, wrong ones block typing only, duress opens and alarms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.events import EventKind
from sync.records import Reason
from terminal.core.tries import PIN_BLOCK_S, PIN_LIMIT
from terminal.pins import PIN_WITHIN_S
from terminal.taps import ANSWER_WITHIN_S
from tests.support.busy_hasher import Busy
from tests.support.estate import card
from tests.support.gate_estate import BASIC, MAIN_LOCK, RESIDENT, SIDE_LOCK, WITH_PIN, grant, lost, pin
from tests.support.gate_rig import GateRig

RIGHT, DURESS, WRONG = "2580", "2581", "0000"


@pytest.fixture
def busy(rig: GateRig) -> Iterator[Busy]:
    one = Busy(rig)
    yield one
    one.let_go()


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
    assert rig.gate.taps.pins.hasher.is_idle
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


def enter_card_and_pin(rig: GateRig, reader: str, digits: str) -> None:
    """Nobody waits for the answer."""
    rig.present(reader, WITH_PIN)
    rig.turn()
    rig.reader(reader).enter(digits)
    rig.turn()


def pin_outcomes(rig: GateRig) -> list[Reason | None]:
    """What became of the entries, without the taps that only asked for one."""
    taps = rig.events(EventKind.TAP)
    return [
        one.reason for one in taps if one.credential == card(WITH_PIN) and one.reason is not Reason.NEEDS_PIN
    ]


def test_while_digits_are_hashed_every_other_tap_is_served(rig: GateRig, busy: Busy) -> None:
    enter_card_and_pin(rig, "in", RIGHT)
    for reader in ("side", "in"):
        rig.present(reader, RESIDENT)
        rig.turn()
    assert (rig.level(SIDE_LOCK), rig.level(MAIN_LOCK)) == (True, True)
    busy.let_go()
    assert pin_outcomes(rig) == [Reason.GRANTED]


def test_a_flood_of_entries_is_blocked_at_once_and_counts_no_try(rig: GateRig, busy: Busy) -> None:
    for _ in range(20):
        for reader in ("in", "out", "side"):
            enter_card_and_pin(rig, reader, WRONG)
    assert rig.moved(MAIN_LOCK) == [False]
    busy.let_go()
    outcomes = pin_outcomes(rig)
    assert (outcomes.count(Reason.WRONG_PIN), outcomes.count(Reason.PIN_BLOCKED)) == (2, 58)
    rig.tap("in", WITH_PIN)
    assert rig.type("in", RIGHT) is Reason.GRANTED


def test_no_more_pins_are_compared_than_may_be_wrong(rig: GateRig) -> None:
    """Typed faster than they are hashed: each counts before it is compared."""
    for _ in range(PIN_LIMIT - 1):
        rig.tap("in", WITH_PIN)
        assert rig.type("in", WRONG) is Reason.WRONG_PIN
    busy = Busy(rig)
    enter_card_and_pin(rig, "in", WRONG)
    enter_card_and_pin(rig, "out", RIGHT)
    busy.let_go()
    assert pin_outcomes(rig)[-2:] == [Reason.PIN_BLOCKED, Reason.WRONG_PIN]
    assert rig.moved(MAIN_LOCK) == [False]


def test_an_answer_that_comes_too_late_opens_for_nobody(rig: GateRig, busy: Busy) -> None:
    enter_card_and_pin(rig, "in", RIGHT)
    rig.advance(ANSWER_WITHIN_S)
    busy.let_go()
    assert pin_outcomes(rig) == [Reason.FAULT]
    assert rig.moved(MAIN_LOCK) == [False]


def test_without_the_memory_to_compare_nobody_is_let_in_and_no_try_counts(
    rig: GateRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.pin.MAX_MEMORY", 1)  # OpenSSL refuses: it may take a byte
    for _ in range(PIN_LIMIT):
        rig.tap("in", WITH_PIN)
        assert rig.type("in", RIGHT) is Reason.FAULT
    monkeypatch.undo()
    rig.tap("in", WITH_PIN)
    assert rig.type("in", RIGHT) is Reason.GRANTED


def test_what_the_office_did_meanwhile_counts(rig: GateRig, busy: Busy) -> None:
    enter_card_and_pin(rig, "in", RIGHT)
    enter_card_and_pin(rig, "side", RIGHT)
    others = [one for one in BASIC.records if one.grant_id != 1000 + WITH_PIN]
    rig.publish([*others, lost(WITH_PIN)])
    busy.let_go()
    assert pin_outcomes(rig) == [Reason.LOST, Reason.LOST]
    assert rig.moved(MAIN_LOCK) == [False]


def test_a_pin_that_was_changed_meanwhile_is_asked_for_again(rig: GateRig, busy: Busy) -> None:
    enter_card_and_pin(rig, "in", RIGHT)
    others = [one for one in BASIC.records if one.grant_id != 1000 + WITH_PIN]
    rig.publish([*others, grant(WITH_PIN, pin=pin("1357"))])
    busy.let_go()
    assert pin_outcomes(rig) == []
    assert rig.type("in", "1357") is Reason.GRANTED


def test_a_gate_that_ends_while_digits_are_hashed_opens_for_nobody(rig: GateRig) -> None:
    busy = Busy(rig)
    enter_card_and_pin(rig, "in", RIGHT)
    busy.let_go()
    rig.restart()
    assert pin_outcomes(rig) == []
    rig.reader("in").enter(RIGHT)
    rig.settle()
    assert rig.moved(MAIN_LOCK) == [False]
    assert rig.tap("in", WITH_PIN) is Reason.NEEDS_PIN
    assert rig.type("in", RIGHT) is Reason.GRANTED
