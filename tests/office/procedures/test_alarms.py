"""Which events need a person: every kind is decided on, and what ends ends the same alarm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.procedures.alarms import (
    INPUTS,
    NO_ALARM,
    RULES,
    Alarm,
    EventFact,
    hub_alarm,
    signals,
    stopped_card_opened,
)
from office.procedures.issue_states import State
from office.procedures.usage import Outcome, outcome
from office.registry.models import AlarmKind
from office.registry.models import Outcome as StoredOutcome
from sync.events import EventKind
from sync.records import Reason

WORDS = st.text(max_size=120)


def test_every_kind_of_event_is_an_alarm_or_deliberately_none() -> None:
    assert set(RULES) | set(NO_ALARM) == set(EventKind)
    assert set(RULES) & set(NO_ALARM) == set()
    assert all(NO_ALARM.values())


def test_words_are_those_of_the_registry() -> None:
    assert {one.value for one in Alarm} == set(AlarmKind.values)
    assert {one.name: one.value for one in Outcome} == {one.name: one.value for one in StoredOutcome}


def fact(kind: EventKind, **about: object) -> EventFact:
    return EventFact(1, kind, **about)  # type: ignore[arg-type]


def test_14_4_a_stopped_card_that_is_tapped_is_an_alarm_of_that_card() -> None:
    (signal,) = signals(fact(EventKind.REVOKED_CARD_TAPPED, issue_id=7, door=10))
    assert (signal.alarm, signal.subject, signal.ends) == (Alarm.STOPPED_CARD, "issue:7", False)


@pytest.mark.parametrize(
    ("kind", "reason", "at_ms", "raised"),
    [
        (EventKind.TAP, Reason.GRANTED, 5_000, True),
        (EventKind.TAP, Reason.GRANTED, 4_999, False),
        (EventKind.TAP, Reason.LOST, 9_000, False),
        (EventKind.TAP, Reason.GRANTED_FREE, 9_000, False),
        (EventKind.DOOR_OPENED, Reason.GRANTED, 9_000, False),
    ],
)
def test_14_4_a_gate_that_opens_after_the_stop_is_told(
    kind: EventKind, reason: Reason, at_ms: int, raised: bool
) -> None:
    event = fact(kind, issue_id=7, reason=reason, at_ms=at_ms, until_ms=at_ms)
    assert bool(stopped_card_opened(event, [(1_000, State.ACTIVE), (5_000, State.LOST)])) is raised
    assert stopped_card_opened(event, [(1_000, State.ACTIVE)]) == ()
    assert stopped_card_opened(event, []) == ()


@pytest.mark.parametrize(
    ("at_ms", "until_ms", "raised"),
    [(5_000, 5_000, True), (7_000, 7_999, True), (7_000, 8_000, False), (8_500, 8_500, False)],
)
def test_14_4_a_card_that_opens_again_was_stopped_until_then(at_ms: int, until_ms: int, raised: bool) -> None:
    life = [(1_000, State.ACTIVE), (5_000, State.LOST), (6_000, State.FOUND), (8_000, State.ACTIVE)]
    about = {"issue_id": 7, "reason": Reason.GRANTED, "at_ms": at_ms, "until_ms": until_ms}
    assert bool(stopped_card_opened(fact(EventKind.TAP, **about), life)) is raised


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (EventKind.DOOR_FORCED, EventKind.DOOR_FORCED_ENDED),
        (EventKind.DOOR_HELD, EventKind.DOOR_HELD_ENDED),
        (EventKind.FIRE, EventKind.FIRE_CLEARED),
        (EventKind.CONTACT_FAULT, EventKind.CONTACT_RESTORED),
        (EventKind.READER_DOWN, EventKind.READER_UP),
        (EventKind.GPIO_DOWN, EventKind.GPIO_UP),
    ],
)
def test_what_ends_names_the_alarm_that_began(begins: EventKind, ends: EventKind) -> None:
    (first,), (last,) = (signals(fact(one, door=10, reader=3)) for one in (begins, ends))
    assert (first.alarm, first.subject) == (last.alarm, last.subject)
    assert (first.ends, last.ends) == (False, True)


@pytest.mark.parametrize("kind", [*INPUTS, "something new"])
def test_an_input_raises_its_alarm_and_ends_it(kind: str) -> None:
    on, off = (
        signals(fact(EventKind.INPUT_CHANGED, detail={"input": "lid", "kind": kind, "active": active}))[0]
        for active in (1, 0)
    )
    assert on.alarm is INPUTS.get(kind, Alarm.DEVICE)
    assert on.subject == off.subject == "gate:1/input:lid"
    assert (on.ends, off.ends) == (False, True)


def test_a_technician_at_work_raises_no_alarm_by_his_hands_but_plays_nothing_down() -> None:
    marked = {"maintenance": 1}
    assert signals(fact(EventKind.DOOR_FORCED, door=10, detail=marked)) == ()
    assert signals(fact(EventKind.READER_UP, reader=1, detail=marked))[0].ends
    for kind in (EventKind.FIRE, EventKind.DURESS, EventKind.REVOKED_CARD_TAPPED):
        assert signals(fact(kind, door=10, issue_id=7, detail=marked))


@given(
    kind=st.sampled_from(EventKind),
    door=st.none() | st.integers(0, 1 << 53),
    reader=st.none() | st.integers(0, 1 << 53),
    detail=st.dictionaries(WORDS, WORDS | st.integers() | st.binary(max_size=20), max_size=4)
    | st.fixed_dictionaries({"input": WORDS, "kind": WORDS, "active": WORDS}),
)
def test_whatever_a_gate_sends_gives_a_bounded_printable_subject(
    kind: EventKind, door: int | None, reader: int | None, detail: dict[str, int | str | bytes]
) -> None:
    for signal in signals(EventFact(1 << 53, kind, door, reader, None, None, detail)):
        assert len(signal.subject) <= 120
        assert signal.subject.isprintable()
        assert signal.text.isprintable() or not signal.text


@given(st.sampled_from(EventKind), st.none() | st.sampled_from(Reason))
def test_every_event_has_an_outcome(kind: EventKind, reason: Reason | None) -> None:
    found = outcome(kind, reason)
    rule = RULES.get(kind)
    assert (found is Outcome.ALARM) == (kind in RULES and not (rule is not None and rule.ends))
    assert outcome(None, reason) is Outcome.UNREADABLE
    if kind is EventKind.TAP:
        assert (found is Outcome.OPENED) == (reason is not None and reason.granted)


def test_alarms_of_the_hub_have_a_word() -> None:
    assert hub_alarm("gate_refused_rollback") is Alarm.GATE_REFUSES
    assert hub_alarm("events_lost") is Alarm.EVENTS_LOST
    assert hub_alarm("anything else") is Alarm.HUB
