"""The health that a gate tells: short, bounded, and about machines alone."""

from __future__ import annotations

from sync.message_codec import decode_message, encode_message
from sync.messages import Status
from sync.records import ClockState
from terminal.agent.status import MAX_FACTS, MAX_TEXT, status_facts
from terminal.clock import Judged
from terminal.core.situation import Now
from tests.support.estate import NOW

JUDGED = Judged(Now(1.0, NOW, NOW, ClockState.TRUSTED), 1_000, NOW * 1000)
GATE = {
    "ok": True,
    "readers": {"front": {"ok": True}, "back": {"ok": False, "cause": "no answer"}},
    "doors": {"front": {"state": "locked", "mode": "normal", "alarm": "none"}},
    "inputs": {"tamper": True, "mains": False},
    "log": {"lost": 3, "last_error": "the disk is full"},
    "last_tap": {"card": "04A10001", "holder": "somebody"},
}


def test_what_is_told_of_a_running_gate() -> None:
    assert status_facts(GATE, JUDGED, {"rollback": 2}) == {
        "clock": "trusted",
        "gate": "running",
        "reader back": "away: no answer",
        "reader front": "ok",
        "door front": "locked, normal, alarm none",
        "input mains": "quiet",
        "input tamper": "active",
        "log lost": "3",
        "log error": "the disk is full",
        "refused rollback": "2",
    }


def test_it_can_be_said_to_the_office() -> None:
    facts = status_facts(GATE, JUDGED, {"rollback": 2})
    assert list(facts) != sorted(facts), "in an order for people"
    assert decode_message(encode_message(Status(facts))) == Status(facts)


def test_maintenance_is_told_while_it_is_open() -> None:
    gate = {**GATE, "maintenance": {"open": True, "left_s": 1234}}
    assert status_facts(gate, JUDGED, {})["maintenance"] == "open", "and not for how long: that changes"
    assert "maintenance" not in status_facts({**GATE, "maintenance": {"open": False}}, JUDGED, {})


def test_a_gate_that_is_away_is_told_as_such() -> None:
    assert status_facts({}, JUDGED, {}) == {"clock": "trusted", "gate": "away"}


def test_nothing_of_a_card_or_its_holder_is_told() -> None:
    told = " ".join(f"{name} {text}" for name, text in status_facts(GATE, JUDGED, {}).items())
    assert "04A10001" not in told
    assert "somebody" not in told


def test_it_is_bounded_whatever_the_gate_says() -> None:
    readers = {f"reader{number}" * 100: {"ok": False, "cause": "x" * 9_000} for number in range(500)}
    facts = status_facts({"readers": readers}, JUDGED, {f"attack{number}": 1 for number in range(500)})
    assert len(facts) <= MAX_FACTS
    assert all(len(name) <= MAX_TEXT and len(text) <= MAX_TEXT for name, text in facts.items())
