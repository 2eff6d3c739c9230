"""What holds for every life of a door; readable stories stand in scenarios/door_*.txt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.records import DoorMode
from terminal.core import door as machine
from terminal.core.demand import Button
from terminal.core.door import Condition, Door
from terminal.core.passage import (
    DOOR_TIMING,
    Alarm,
    Contact,
    ContactChanged,
    Drive,
    Effect,
    Event,
    ExitPressed,
    Fire,
    FireChanged,
    Granted,
    Inputs,
    Lock,
    ModeChanged,
    OnFire,
    ShowAlarm,
    TimePassed,
    Timing,
)
from tests.terminal.core import passages
from tests.terminal.core.passages import at_each_deadline, events, grants, inputs, lives, modes, timings

START_S = 1000.0
Life = list[tuple[float, Event]]
Step = tuple[Door, tuple[Effect, ...], float]


def live(timing: Timing, first: Inputs, mode: DoorMode, life: Life) -> Iterator[Step]:
    now = START_S
    door, effects = machine.initial(first, mode, now, timing)
    yield door, effects, now
    for pause, event in life:
        now += pause
        door, effects = machine.step(door, event, now, timing)
        yield door, effects, now


def last(timing: Timing, first: Inputs, mode: DoorMode, life: Life) -> tuple[Door, float]:
    *_, (door, _, now) = live(timing, first, mode, life)
    return door, now


anything = given(timing=timings(), first=inputs, mode=modes, life=lives)
bounded = settings(max_examples=80, deadline=None)


@bounded
@anything
def test_effects_tell_the_whole_state_and_only_changes(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life
) -> None:
    unlocked: bool | None = None
    alarm = Alarm.NONE
    for door, effects, _ in live(timing, first, mode, life):
        for effect in effects:
            assert not isinstance(effect, Drive)
            if isinstance(effect, Lock):
                assert effect.unlocked is not unlocked
                unlocked = effect.unlocked
            if isinstance(effect, ShowAlarm):
                assert effect.alarm is not alarm
                alarm = effect.alarm
        assert (unlocked, alarm) == (door.unlocked, door.alarm)
        assert door.condition in Condition


@bounded
@anything
def test_a_step_leaves_nothing_undone(timing: Timing, first: Inputs, mode: DoorMode, life: Life) -> None:
    for door, _, now in live(timing, first, mode, life):
        assert machine.step(door, TimePassed(), now, timing) == (door, ())


@bounded
@anything
def test_after_any_step_the_next_deadline_lies_ahead(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life
) -> None:
    for door, _, now in live(timing, first, mode, life):
        due = machine.next_deadline(door)
        assert due is None or due > now


@bounded
@given(timing=timings(), first=inputs, mode=modes, life=lives, late=st.floats(0.0, 200.0))
def test_a_late_caller_gets_the_same_door_and_the_same_effects(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life, late: float
) -> None:
    door, now = last(timing, first, mode, life)
    on_time = at_each_deadline(machine.step, machine.next_deadline, door, now + late, timing)
    assert machine.step(door, TimePassed(), now + late, timing) == on_time


@bounded
@given(timing=timings(), first=inputs, mode=modes, life=lives, more=st.lists(grants, min_size=1))
def test_a_grant_never_shortens_an_opening(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life, more: list[Granted]
) -> None:
    door, now = last(timing, first, mode, life)
    for grant in more:
        before = door.demand.open_until
        door, _ = machine.step(door, grant, now, timing)
        until = door.demand.open_until
        assert door.unlocked
        assert until is not None
        assert until >= max(before or now, now + timing.open_s)


@bounded
@given(timing=timings(OnFire.RELEASE), first=inputs, mode=modes, life=lives)
def test_fire_keeps_the_door_unlocked_whatever_happens(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life
) -> None:
    active = first.fire is Fire.ACTIVE
    steps = live(timing, first, mode, life)
    door, _, _ = next(steps)
    assert door.unlocked or not active
    for (_, event), (door, _, _) in zip(life, steps, strict=True):
        if isinstance(event, FireChanged):
            active = event.active
        assert door.unlocked or not active


@bounded
@anything
def test_without_fire_and_free_access_the_door_locks_by_itself(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life
) -> None:
    door, now = last(timing, first, mode, life)
    if door.demand.mode is DoorMode.FREE or door.demand.fire is not Fire.NONE:
        return
    until = max(door.demand.open_until or now, door.demand.button_stuck_at or now)
    assert until <= now + max(timing.long_open_s, timing.exit_stuck_s)
    door, _ = machine.step(door, TimePassed(), until, timing)
    assert not door.unlocked


@bounded
@anything
def test_leaning_on_the_exit_button_opens_in_every_mode(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life
) -> None:
    door, now = last(timing, first, mode, life)
    was_stuck = door.demand.button is Button.STUCK
    door, _ = machine.step(door, ExitPressed(), now, timing)
    assert door.unlocked or was_stuck


@bounded
@given(timing=timings(), mode=modes, life=st.lists(st.tuples(passages.pauses, events), max_size=20))
def test_without_a_contact_nothing_is_held_forced_or_unused(
    timing: Timing, mode: DoorMode, life: Life
) -> None:
    life = [one for one in life if not isinstance(one[1], ContactChanged)]
    for door, effects, _ in live(timing, Inputs(Contact.ABSENT), mode, life):
        assert door.alarm is Alarm.NONE
        kinds = {getattr(effect, "kind", None) for effect in effects}
        assert not any(kind and kind.value.startswith("door_") for kind in kinds)


@bounded
@anything
def test_forced_means_opened_while_locked(timing: Timing, first: Inputs, mode: DoorMode, life: Life) -> None:
    steps = live(timing, first, mode, life)
    before, _, _ = next(steps)
    for (_, event), (door, _, now) in zip(life, steps, strict=True):
        if door.alarm is Alarm.FORCED and before.alarm is not Alarm.FORCED:
            due, _ = machine.step(before, TimePassed(), now, timing)
            assert event == ContactChanged(Contact.OPEN)
            assert (due.contact, due.unlocked) == (Contact.CLOSED, False)
        before = door


@pytest.mark.parametrize(
    ("contact", "sent", "expected"),
    [
        (Contact.CLOSED, [], Condition.CLOSED),
        (Contact.FAULT, [], Condition.UNKNOWN),
        (Contact.CLOSED, [Granted()], Condition.UNLOCKED),
        (Contact.CLOSED, [Granted(), ContactChanged(Contact.OPEN)], Condition.OPEN),
        (Contact.CLOSED, [ContactChanged(Contact.OPEN)], Condition.FORCED),
        (Contact.OPEN, [ModeChanged(DoorMode.FREE)], Condition.OPEN),
    ],
)
def test_condition_in_one_word(contact: Contact, sent: list[Event], expected: Condition) -> None:
    life = [(0.0, event) for event in sent]
    door, _ = last(DOOR_TIMING, Inputs(contact), DoorMode.NORMAL, life)
    assert door.condition is expected


@pytest.mark.parametrize(
    ("contact", "busy"),
    [(Contact.OPEN, True), (Contact.CLOSED, False), (Contact.FAULT, False), (Contact.ABSENT, False)],
)
def test_a_locked_door_is_busy_only_while_it_is_known_to_be_open(contact: Contact, busy: bool) -> None:
    door, _ = machine.initial(Inputs(contact), DoorMode.NORMAL, 0.0, DOOR_TIMING)
    assert machine.is_busy(door) is busy


def test_the_lock_moves_before_anything_is_reported() -> None:
    door, _ = machine.initial(Inputs(Contact.CLOSED), DoorMode.NORMAL, 0.0, DOOR_TIMING)
    _, effects = machine.step(door, ExitPressed(), 1.0, DOOR_TIMING)
    assert effects[0] == Lock(unlocked=True)
