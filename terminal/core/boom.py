"""The boom of a barrier: what it is made to do, given its state.

The first rule outranks every other: the boom never closes on a vehicle. It closes only
while the loop reads clear, and turns round the moment it does not.
"""

from __future__ import annotations

from enum import Enum, unique

from msgspec import Struct
from msgspec.structs import replace

from terminal.core import demand as causes
from terminal.core.demand import Demand
from terminal.core.signals import (
    Alarm,
    Contact,
    Drive,
    Effect,
    Loop,
    Output,
    PassageReport,
    Report,
    ShowAlarm,
)
from terminal.core.timing import Timing


@unique
class Phase(Enum):
    """What the boom does, as far as it can be known."""

    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    STOPPED = "stopped"
    """Neither commanded nor known to be closed: power-up, turning round, forced, failed close."""


class Barrier(Struct, frozen=True):
    """State of one barrier. Times are monotonic seconds."""

    demand: Demand
    contact: Contact
    loop: Loop
    phase: Phase
    phase_until: float | None = None
    """End of the travel time while opening or closing."""
    output: Output | None = None
    """The one output that is on."""
    output_until: float | None = None
    """End of its pulse; ``None`` while fire holds it."""
    stay_until: float | None = None
    """The boom does not start to close before this."""
    blocked_at: float | None = None
    blocked: bool = False
    """Reported as blocked; not again before it has closed."""
    grace_until: float | None = None
    """Leaving the closed contact before this moment is a bounce, not force."""
    alarm: Alarm = Alarm.NONE


def stay(barrier: Barrier, until: float) -> Barrier:
    """Do not start to close before then."""
    return replace(barrier, stay_until=max(until, barrier.stay_until or until))


def settle(
    before: Barrier, barrier: Barrier, reports: causes.Reports, now: float, timing: Timing
) -> tuple[Barrier, tuple[Effect, ...]]:
    """Bring boom, outputs and buzzer into line with what is wanted; outputs switch first."""
    barrier, moved = _move(barrier, now, timing)
    barrier = _hold_for_fire(barrier, now, timing)
    barrier = _watch_loop(barrier, now, timing)
    drives: tuple[Effect, ...] = ()
    if barrier.output is not before.output:
        if before.output is not None:
            drives += (Drive(before.output, on=False),)
        if barrier.output is not None:
            drives += (Drive(barrier.output, on=True),)
    shown: tuple[Effect, ...] = () if barrier.alarm is before.alarm else (ShowAlarm(barrier.alarm),)
    return barrier, (*drives, *reports, *moved, *shown)


def _move(barrier: Barrier, now: float, timing: Timing) -> tuple[Barrier, causes.Reports]:
    """Turn round, open or close, where there is cause."""
    wanted = causes.is_wanted(barrier.demand, timing)
    clear = barrier.loop is Loop.CLEAR
    barrier = replace(barrier, demand=causes.forget_unused(barrier.demand, timing, untouched=clear))
    match barrier.phase:
        case Phase.CLOSING if wanted or not clear:
            return _turn_round(barrier, now, timing), ()
        case Phase.CLOSED | Phase.STOPPED if wanted and barrier.output is not Output.STOP:
            return _start_opening(barrier, now, timing)
        case Phase.OPEN | Phase.STOPPED if not wanted and clear and _is_idle(barrier):
            return _start_closing(barrier, now, timing)
        case _:
            return barrier, ()


def _is_idle(barrier: Barrier) -> bool:
    return barrier.stay_until is None and barrier.output is None


def _turn_round(barrier: Barrier, now: float, timing: Timing) -> Barrier:
    """From closing to opening; by way of stop where one is wired."""
    stop_s = timing.pulse_s if timing.has_stop else 0.0
    # The demand keeps it going up to the top even if the loop clears in between.
    demand = causes.extend(barrier.demand, now + stop_s + timing.travel_s)
    barrier = replace(barrier, demand=demand)
    if not timing.has_stop:
        return _drive_open(barrier, now, timing)
    return replace(
        barrier,
        phase=Phase.STOPPED,
        phase_until=None,
        output=Output.STOP,
        output_until=now + stop_s,
    )


def _start_opening(barrier: Barrier, now: float, timing: Timing) -> tuple[Barrier, causes.Reports]:
    reports: causes.Reports = ()
    if barrier.phase is Phase.CLOSED:
        reports = (Report(PassageReport.DOOR_OPENED, by=barrier.demand.by),)
    if barrier.alarm is Alarm.FORCED:
        reports += (Report(PassageReport.DOOR_FORCED_ENDED),)
    return _drive_open(replace(barrier, alarm=Alarm.NONE), now, timing), reports


def _drive_open(barrier: Barrier, now: float, timing: Timing) -> Barrier:
    return replace(
        barrier,
        phase=Phase.OPENING,
        phase_until=now + timing.travel_s,
        output=Output.OPEN,
        output_until=now + timing.pulse_s,
        grace_until=None,
    )


def _start_closing(barrier: Barrier, now: float, timing: Timing) -> tuple[Barrier, causes.Reports]:
    demand = barrier.demand
    unused = (Report(PassageReport.DOOR_NOT_USED, by=demand.by),) if demand.unused else ()
    closing = replace(
        barrier,
        demand=replace(demand, unused=False, by=None),
        phase=Phase.CLOSING,
        phase_until=now + timing.travel_s,
        output=Output.CLOSE,
        output_until=now + timing.pulse_s,
    )
    return closing, unused


def _hold_for_fire(barrier: Barrier, now: float, timing: Timing) -> Barrier:
    """Fire keeps the open output on: no other command on the barrier's own board can lower it."""
    held = barrier.output is Output.OPEN and barrier.output_until is None
    if causes.is_released(barrier.demand, timing):
        if barrier.phase in (Phase.OPENING, Phase.OPEN):
            return replace(barrier, output=Output.OPEN, output_until=None)
    elif held:
        return stay(replace(barrier, output=None), now + timing.clear_s)
    return barrier


def _watch_loop(barrier: Barrier, now: float, timing: Timing) -> Barrier:
    """Time how long the loop alone keeps the boom from closing."""
    waits = (
        barrier.phase in (Phase.OPEN, Phase.STOPPED)
        and barrier.loop is not Loop.CLEAR
        and not causes.is_wanted(barrier.demand, timing)
    )
    if not waits:
        return replace(barrier, blocked_at=None)
    return barrier if barrier.blocked_at is not None else replace(barrier, blocked_at=now + timing.blocked_s)
