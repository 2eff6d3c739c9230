"""Random lives of passages for property tests: timings, inputs, events, time between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import strategies as st

from sync.records import DoorMode
from terminal.core.passage import (
    Contact,
    ContactChanged,
    Effect,
    Event,
    ExitPressed,
    ExitReleased,
    Fire,
    FireChanged,
    FireRecalled,
    FireReset,
    Granted,
    Inputs,
    Loop,
    LoopChanged,
    ModeChanged,
    OnFire,
    RemoteOpened,
    TimePassed,
    Timing,
)

Passage = TypeVar("Passage")


def timings(on_fire: OnFire | None = None) -> st.SearchStrategy[Timing]:
    return st.builds(
        Timing,
        open_s=st.sampled_from((0.5, 5.0, 15.0)),
        long_open_s=st.sampled_from((15.0, 60.0)),
        relock_on_close=st.booleans(),
        held_s=st.sampled_from((6.0, 20.0)),
        pre_alarm_s=st.sampled_from((0.0, 5.0)),
        grace_s=st.sampled_from((0.05, 1.0)),
        exit_stuck_s=st.sampled_from((4.0, 60.0)),
        on_fire=st.sampled_from(OnFire) if on_fire is None else st.just(on_fire),
        fire_needs_reset=st.booleans(),
        has_stop=st.booleans(),
        pulse_s=st.sampled_from((0.3, 1.0)),
        travel_s=st.sampled_from((2.0, 8.0)),
        clear_s=st.sampled_from((0.5, 5.0)),
        close_after_passage=st.booleans(),
        blocked_s=st.sampled_from((8.0, 60.0)),
    )


inputs = st.builds(
    Inputs, contact=st.sampled_from(Contact), fire=st.sampled_from(Fire), loop=st.sampled_from(Loop)
)
modes = st.sampled_from(DoorMode)
grants = st.builds(Granted, long=st.booleans(), by=st.none() | st.integers(1, 3))
events: st.SearchStrategy[Event] = st.one_of(
    grants,
    st.builds(RemoteOpened),
    st.builds(ExitPressed),
    st.builds(ExitReleased),
    st.builds(ContactChanged, st.sampled_from(Contact)),
    st.builds(LoopChanged, st.sampled_from(Loop)),
    st.builds(FireChanged, st.booleans()),
    st.builds(FireRecalled),
    st.builds(FireReset),
    st.builds(ModeChanged, modes),
    st.builds(TimePassed),
)
pauses = st.sampled_from((0.0, 0.01, 0.2, 0.5, 1.0, 4.0, 5.0, 7.9, 20.0, 61.0))
lives = st.lists(st.tuples(pauses, events), max_size=25)


def at_each_deadline(
    step: Callable[[Passage, Event, float, Timing], tuple[Passage, tuple[Effect, ...]]],
    next_deadline: Callable[[Passage], float | None],
    passage: Passage,
    now: float,
    timing: Timing,
) -> tuple[Passage, tuple[Effect, ...]]:
    """The passage at ``now`` and all effects until then, when it was stepped on time."""
    seen: tuple[Effect, ...] = ()
    while (due := next_deadline(passage)) is not None and due <= now:
        passage, effects = step(passage, TimePassed(), due, timing)
        seen += effects
    return passage, seen
