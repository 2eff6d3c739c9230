"""What holds for every life of a barrier; readable stories stand in scenarios/barrier_*.txt."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.records import DoorMode
from terminal.core import barrier as machine
from terminal.core.barrier import Barrier, Phase
from terminal.core.passage import (
    BARRIER_TIMING,
    Contact,
    Drive,
    Effect,
    Event,
    Fire,
    FireChanged,
    Granted,
    Inputs,
    Lock,
    Loop,
    LoopChanged,
    OnFire,
    Output,
    TimePassed,
    Timing,
)
from tests.terminal.core.passages import at_each_deadline, grants, inputs, lives, modes, timings

START_S = 1000.0
Life = list[tuple[float, Event]]
Step = tuple[Barrier, tuple[Effect, ...], float, Loop]


def live(timing: Timing, first: Inputs, mode: DoorMode, life: Life) -> Iterator[Step]:
    """Each state with its effects, at each event and at each deadline between; the loop then."""
    now, loop = START_S, first.loop
    barrier, effects = machine.initial(first, mode, now, timing)
    yield barrier, effects, now, loop
    for pause, event in life:
        now += pause
        while (due := machine.next_deadline(barrier)) is not None and due <= now:
            barrier, effects = machine.step(barrier, TimePassed(), due, timing)
            yield barrier, effects, due, loop
        barrier, effects = machine.step(barrier, event, now, timing)
        loop = event.loop if isinstance(event, LoopChanged) else loop
        yield barrier, effects, now, loop


def last(timing: Timing, first: Inputs, mode: DoorMode, life: Life) -> tuple[Barrier, float]:
    *_, (barrier, _, now, _) = live(timing, first, mode, life)
    return barrier, now


anything = given(timing=timings(), first=inputs, mode=modes, life=lives)
bounded = settings(max_examples=80, deadline=None)


@bounded
@anything
def test_never_closes_on_a_vehicle(timing: Timing, first: Inputs, mode: DoorMode, life: Life) -> None:
    on: Output | None = None
    clear_since: float | None = START_S if first.loop is Loop.CLEAR else None
    for barrier, effects, now, loop in live(timing, first, mode, life):
        if loop is not Loop.CLEAR:
            clear_since = None
        elif clear_since is None:
            clear_since = now
        for effect in effects:
            if isinstance(effect, Drive):
                on = effect.output if effect.on else None
                if effect.on and effect.output is Output.CLOSE:
                    assert clear_since is not None
                    assert now - clear_since >= timing.clear_s - 1e-6
        if loop is not Loop.CLEAR:
            assert on is not Output.CLOSE
            assert barrier.phase is not Phase.CLOSING


@bounded
@anything
def test_one_output_at_a_time_and_every_change_is_told(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life
) -> None:
    on: set[Output] = set()
    for barrier, effects, _, _ in live(timing, first, mode, life):
        for effect in effects:
            assert not isinstance(effect, Lock)
            if isinstance(effect, Drive):
                assert (effect.output in on) is not effect.on
                on ^= {effect.output}
                assert len(on) <= 1
                assert effect.output is not Output.STOP or timing.has_stop
        assert on == ({barrier.output} if barrier.output else set())


@bounded
@anything
def test_a_step_leaves_nothing_undone(timing: Timing, first: Inputs, mode: DoorMode, life: Life) -> None:
    for barrier, _, now, _ in live(timing, first, mode, life):
        assert machine.step(barrier, TimePassed(), now, timing) == (barrier, ())


@bounded
@anything
def test_every_pulse_has_an_end_and_the_next_deadline_lies_ahead(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life
) -> None:
    for barrier, _, now, _ in live(timing, first, mode, life):
        due = machine.next_deadline(barrier)
        assert due is None or due > now
        if barrier.output is not None and barrier.output_until is None:
            assert barrier.output is Output.OPEN
            assert barrier.demand.fire is not Fire.NONE


@bounded
@given(timing=timings(), first=inputs, mode=modes, life=lives, late=st.floats(0.0, 200.0))
def test_a_late_caller_gets_the_same_barrier_and_the_same_effects(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life, late: float
) -> None:
    barrier, now = last(timing, first, mode, life)
    on_time = at_each_deadline(machine.step, machine.next_deadline, barrier, now + late, timing)
    assert machine.step(barrier, TimePassed(), now + late, timing) == on_time


@bounded
@given(timing=timings(OnFire.RELEASE), first=inputs, mode=modes, life=lives)
def test_fire_raises_the_boom_and_keeps_the_open_output_on(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life
) -> None:
    barrier, now = last(timing, first, mode, life)
    barrier, _ = machine.step(barrier, FireChanged(True), now, timing)
    assert barrier.output in (Output.OPEN, Output.STOP)
    barrier, _ = machine.step(barrier, TimePassed(), now + timing.pulse_s, timing)
    assert (barrier.output, barrier.output_until) == (Output.OPEN, None)
    barrier, _ = machine.step(barrier, TimePassed(), now + 500.0, timing)
    assert (barrier.phase, barrier.output) == (Phase.OPEN, Output.OPEN)


@bounded
@given(timing=timings(), first=inputs, mode=modes, life=lives, grant=grants)
def test_a_grant_opens_and_never_shortens(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life, grant: Granted
) -> None:
    barrier, now = last(timing, first, mode, life)
    before = barrier.demand.open_until
    barrier, _ = machine.step(barrier, grant, now, timing)
    until = barrier.demand.open_until
    assert until is not None
    assert until >= max(before or now, now + timing.open_s)
    assert barrier.phase in (Phase.OPENING, Phase.OPEN) or barrier.output is Output.STOP


@bounded
@anything
def test_left_alone_with_a_clear_loop_the_boom_comes_down(
    timing: Timing, first: Inputs, mode: DoorMode, life: Life
) -> None:
    barrier, now = last(timing, first, mode, life)
    if barrier.demand.mode is DoorMode.FREE or barrier.demand.fire is not Fire.NONE:
        return
    barrier, _ = machine.step(barrier, LoopChanged(Loop.CLEAR), now, timing)
    was_closed = barrier.phase is Phase.CLOSED
    barrier, sent = machine.step(barrier, TimePassed(), now + 400.0, timing)
    closing = was_closed or barrier.phase is Phase.CLOSED or Drive(Output.CLOSE, on=True) in sent
    assert closing
    assert barrier.phase is Phase.CLOSED or barrier.contact is Contact.OPEN


def test_a_barrier_that_is_not_told_its_loop_never_closes() -> None:
    barrier, _ = machine.initial(Inputs(Contact.ABSENT), DoorMode.NORMAL, 0.0, BARRIER_TIMING)
    barrier, effects = machine.step(barrier, TimePassed(), 5000.0, BARRIER_TIMING)
    assert not any(isinstance(effect, Drive) for effect in effects)
    assert barrier.blocked
