"""A passage is a door or a barrier: the one entry by which a gate runs either.

Also the place from which the gate imports the words both share: events, effects, timing.
"""

from __future__ import annotations

from enum import Enum, unique

from sync.records import DoorMode
from terminal.core import barrier, door
from terminal.core.barrier import Barrier
from terminal.core.door import Door
from terminal.core.signals import (
    Alarm,
    Contact,
    ContactChanged,
    Drive,
    Effect,
    Event,
    ExitPressed,
    ExitReleased,
    Fire,
    FireChanged,
    FireRecalled,
    FireReset,
    Granted,
    Input,
    Inputs,
    Lock,
    Loop,
    LoopChanged,
    ModeChanged,
    Output,
    PassageReport,
    RemoteOpened,
    Report,
    ShowAlarm,
    TimePassed,
)
from terminal.core.timing import BARRIER_TIMING, DOOR_TIMING, OnFire, Timing

__all__ = [
    "BARRIER_TIMING",
    "DOOR_TIMING",
    "Alarm",
    "Barrier",
    "Contact",
    "ContactChanged",
    "Door",
    "Drive",
    "Effect",
    "Event",
    "ExitPressed",
    "ExitReleased",
    "Fire",
    "FireChanged",
    "FireRecalled",
    "FireReset",
    "Granted",
    "Input",
    "Inputs",
    "Lock",
    "Loop",
    "LoopChanged",
    "ModeChanged",
    "OnFire",
    "Output",
    "Passage",
    "PassageKind",
    "PassageReport",
    "RemoteOpened",
    "Report",
    "ShowAlarm",
    "TimePassed",
    "Timing",
    "initial",
    "is_busy",
    "next_deadline",
    "step",
]

Passage = Door | Barrier


@unique
class PassageKind(Enum):
    """Which machine moves a passage; values are the words of the gate's config."""

    DOOR = "door"
    BARRIER = "barrier"


def initial(
    kind: PassageKind, inputs: Inputs, mode: DoorMode, now: float, timing: Timing
) -> tuple[Passage, tuple[Effect, ...]]:
    """The passage as its inputs read at start, and what to do first; ``now`` is monotonic seconds."""
    match kind:
        case PassageKind.DOOR:
            return door.initial(inputs, mode, now, timing)
        case PassageKind.BARRIER:
            return barrier.initial(inputs, mode, now, timing)


def step(passage: Passage, event: Event, now: float, timing: Timing) -> tuple[Passage, tuple[Effect, ...]]:
    """The passage after ``event`` at ``now``, and the effects in the order to carry them out."""
    match passage:
        case Door():
            return door.step(passage, event, now, timing)
        case Barrier():
            return barrier.step(passage, event, now, timing)


def next_deadline(passage: Passage) -> float | None:
    """Monotonic second at which `step` wants a `TimePassed`; ``None``: never."""
    match passage:
        case Door():
            return door.next_deadline(passage)
        case Barrier():
            return barrier.next_deadline(passage)


def is_busy(passage: Passage) -> bool:
    """Whether a passage interlocked with this one must stay shut."""
    match passage:
        case Door():
            return door.is_busy(passage)
        case Barrier():
            return barrier.is_busy(passage)
