from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.records import Reason
from terminal.core.tries import PIN_BLOCK_S, PIN_LIMIT, PinTries, Tries, after_pin, after_tap, before_pin

UNKNOWN = Reason.UNKNOWN_CREDENTIAL


def alarms(*reasons: Reason) -> list[bool]:
    tries, found = Tries(), []
    for reason in reasons:
        tries, alarm = after_tap(tries, reason)
        found.append(alarm)
    return found


def test_every_fifth_in_a_row_alarms_once() -> None:
    assert [number for number, alarm in enumerate(alarms(*[UNKNOWN] * 12), start=1) if alarm] == [5, 10]


def test_a_grant_begins_anew() -> None:
    assert not any(alarms(*[UNKNOWN] * 4, Reason.GRANTED, *[UNKNOWN] * 4))
    assert not any(alarms(*[UNKNOWN] * 4, Reason.GRANTED_FREE, *[UNKNOWN] * 4))


def test_honest_mistakes_neither_count_nor_begin_anew() -> None:
    assert alarms(*[UNKNOWN] * 4, Reason.OUTSIDE_HOURS, Reason.WRONG_DOOR, UNKNOWN)[-1]


@pytest.mark.parametrize("reason", Reason, ids=lambda one: one.word)
def test_what_counts(reason: Reason) -> None:
    counting = {
        Reason.UNKNOWN_CREDENTIAL,
        Reason.WRONG_PIN,
        Reason.LOST,
        Reason.DAMAGED,
        Reason.SUSPENDED,
        Reason.WITHDRAWN,
        Reason.MOVED_OUT,
        Reason.SUPERSEDED,
    }
    assert any(alarms(*[reason] * 5)) == (reason in counting)


def pins(*reasons: Reason, now: float = 0.0) -> PinTries:
    tries = PinTries()
    for reason in reasons:
        tries = after_pin(before_pin(tries, now), reason)
    return tries


def test_five_wrong_pins_block_entry_for_a_time() -> None:
    assert not pins(*[Reason.WRONG_PIN] * 4).blocked(0.0)
    five = pins(*[Reason.WRONG_PIN] * 5)
    assert [five.blocked(at) for at in (0.0, PIN_BLOCK_S - 1, PIN_BLOCK_S)] == [True, True, False]


def test_an_entry_counts_before_its_outcome_is_known() -> None:
    tries = PinTries()
    for number in range(1, 6):
        tries = before_pin(tries, 0.0)
        assert tries.blocked(0.0) == (number == 5)


def test_after_the_block_five_more_are_allowed() -> None:
    tries = pins(*[Reason.WRONG_PIN] * 5)
    for number in range(1, 6):
        tries = after_pin(before_pin(tries, PIN_BLOCK_S), Reason.WRONG_PIN)
        assert tries.blocked(PIN_BLOCK_S) == (number == 5)


def test_the_right_pin_begins_anew_and_other_refusals_do_not_count() -> None:
    assert pins(*[Reason.WRONG_PIN] * 4, Reason.GRANTED) == PinTries()
    assert pins(*[UNKNOWN, Reason.PIN_BLOCKED, Reason.NEEDS_PIN] * 5) == PinTries()


def test_an_entry_that_is_taken_back_takes_its_block_along() -> None:
    assert not pins(*[Reason.WRONG_PIN] * 4, Reason.INTERLOCK).blocked(0.0)
    assert pins(*[Reason.WRONG_PIN] * 4, Reason.INTERLOCK, Reason.WRONG_PIN).blocked(0.0)


def test_a_door_that_opens_for_everybody_forgives_no_wrong_pin() -> None:
    assert pins(*[Reason.WRONG_PIN] * 4, Reason.GRANTED_FREE, Reason.WRONG_PIN).blocked(0.0)


@given(st.lists(st.sampled_from((Reason.WRONG_PIN, Reason.INTERLOCK, Reason.GRANTED, None)), max_size=60))
def test_however_entries_overlap_no_more_than_five_are_wrong_before_a_block(
    steps: list[Reason | None],
) -> None:
    """``None``: somebody types; a reason: what the oldest entry under way has become."""
    tries, under_way, wrong = PinTries(), 0, 0
    for step in steps:
        if step is None:
            if not tries.blocked(0.0):
                tries, under_way = before_pin(tries, 0.0), under_way + 1
        elif under_way:
            tries, under_way = after_pin(tries, step), under_way - 1
            wrong = 0 if step is Reason.GRANTED else wrong + (step is Reason.WRONG_PIN)
            assert wrong <= PIN_LIMIT
