"""Readers that die, freeze and come back, while the others go on reading."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.indicator import Signal
from sync.events import EventKind
from sync.records import Reason
from terminal.control import CommandError
from terminal.supervisor import LONGEST_RETRY_S, SILENCE_S
from tests.support.gate_estate import CONTACT, MAIN_LOCK, RESIDENT
from tests.support.gate_rig import GateRig
from tests.support.patterns import PATTERNS
from tests.terminal.conftest import MakeRig


def health(rig: GateRig) -> list[tuple[EventKind, int | None]]:
    return [(one.kind, one.reader) for one in rig.events(EventKind.READER_UP, EventKind.READER_DOWN)]


def test_every_reader_is_told_when_it_first_works(rig: GateRig) -> None:
    assert health(rig) == [(EventKind.READER_UP, 1), (EventKind.READER_UP, 2), (EventKind.READER_UP, 3)]


def test_a_reader_that_is_pulled_out_comes_back_by_itself_and_others_never_notice(rig: GateRig) -> None:
    rig.reader("in").vanish("cable pulled out")
    rig.turn()
    assert rig.tap("out", RESIDENT) is Reason.GRANTED
    assert "readers away: in" in rig.gate.status_line()
    rig.advance(1)
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert health(rig)[3:] == [(EventKind.READER_DOWN, 1), (EventKind.READER_UP, 1)]
    (down,) = rig.events(EventKind.READER_DOWN)
    assert down.detail == {"cause": "cable pulled out"}


def test_a_reader_that_freezes_is_opened_anew(rig: GateRig) -> None:
    rig.reader("in").freeze()
    rig.advance(SILENCE_S + 3)
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert health(rig)[3:] == [(EventKind.READER_DOWN, 1), (EventKind.READER_UP, 1)]


def test_a_reader_that_says_it_is_away_is_told_once_and_reads_again_when_it_is_back(rig: GateRig) -> None:
    reader = rig.reader("in")
    reader.fail("no reader")
    rig.advance(60)
    reader.repair()
    rig.turn()
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert health(rig)[3:] == [(EventKind.READER_DOWN, 1), (EventKind.READER_UP, 1)]


def test_a_gate_starts_without_one_of_its_readers(make_rig: MakeRig) -> None:
    def absent(document: dict[str, Any]) -> None:
        document["readers"]["in"]["absent"] = True

    rig = make_rig(change=absent).start()
    assert rig.tap("out", RESIDENT) is Reason.GRANTED
    rig.advance(3 * LONGEST_RETRY_S)
    assert health(rig).count((EventKind.READER_DOWN, 1)) == 1
    with pytest.raises(CommandError, match="'in' is away: simulated reader: set absent"):
        rig.order("tap", reader="in", card="04A10001")


def test_a_card_that_does_not_answer_is_shown_as_a_fault_and_opens_nothing(rig: GateRig) -> None:
    rig.reader("in").present_mute()
    rig.turn()
    assert rig.level("red1") is True
    assert rig.moved(MAIN_LOCK) == [False]
    assert rig.gate.readers["in"].health.ok


def test_a_readers_own_lamps_show_what_those_on_our_lines_show(rig: GateRig) -> None:
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert list(rig.reader("in").shown) == [PATTERNS[Signal.GRANTED]]
    assert list(rig.reader("out").shown) == []


def test_a_readers_own_lamps_tick_while_its_door_is_in_alarm(rig: GateRig) -> None:
    rig.set_low(CONTACT)
    assert list(rig.reader("in").shown) == [PATTERNS[Signal.PRE_ALARM]]
    rig.set_low(CONTACT, False)
    assert list(rig.reader("in").shown) == [PATTERNS[Signal.PRE_ALARM], None]
    assert list(rig.reader("side").shown) == []


def test_a_housing_opened_and_closed_is_an_event_with_its_reader(rig: GateRig) -> None:
    rig.reader("in").tamper(True)
    rig.settle()
    rig.reader("in").tamper(False)
    rig.settle()
    told = rig.events(EventKind.INPUT_CHANGED)
    assert [(one.reader, one.detail) for one in told] == [
        (1, {"input": "in", "kind": "tamper", "active": 1}),
        (1, {"input": "in", "kind": "tamper", "active": 0}),
    ]
    assert rig.gate.readers["in"].health.ok


def test_a_cause_of_any_length_in_any_script_leaves_its_event(rig: GateRig) -> None:
    rig.reader("in").fail("读卡器" * 200)
    rig.settle()
    (down,) = rig.events(EventKind.READER_DOWN)
    assert str(down.detail["cause"]).startswith("读卡器")


def test_a_reader_restarted_by_command_reads_again(rig: GateRig) -> None:
    before = rig.reader("in")
    rig.order("restart_reader", reader="in")
    assert rig.reader("in") is not before
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
