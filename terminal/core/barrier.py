"""The vehicle barrier: boom, clearance loop and position contact, as a pure state machine.

Every event is legal in every state; what the boom then does is decided in `boom`.
Without a position contact the boom is believed to be where its travel time puts it;
after power-up it is believed not to be closed. Deadlines lie inside the state and are
worked off at their own time, so a late caller gets the same result.
"""

from __future__ import annotations

from msgspec.structs import replace

from sync.records import DoorMode
from terminal.core import demand as causes
from terminal.core.boom import Barrier, Phase, settle, stay
from terminal.core.demand import Demand
from terminal.core.signals import (
    Alarm,
    Contact,
    ContactChanged,
    Effect,
    Event,
    Fire,
    Input,
    Inputs,
    Loop,
    LoopChanged,
    PassageReport,
    Report,
)
from terminal.core.timing import Timing

__all__ = ["Barrier", "Phase", "initial", "is_busy", "next_deadline", "step"]


def initial(inputs: Inputs, mode: DoorMode, now: float, timing: Timing) -> tuple[Barrier, tuple[Effect, ...]]:
    """The barrier as its inputs read at start, and what to do first; without cause nothing moves."""
    closed = inputs.contact is Contact.CLOSED
    barrier = Barrier(
        Demand(mode=mode, fire=inputs.fire),
        inputs.contact,
        inputs.loop,
        Phase.CLOSED if closed else Phase.STOPPED,
        stay_until=None if closed else now + max(timing.travel_s, timing.clear_s),
    )
    reports: causes.Reports = ()
    if inputs.fire is Fire.ACTIVE:
        reports += (Report(PassageReport.FIRE),)
    if inputs.contact is Contact.FAULT:
        reports += (Report(PassageReport.CONTACT_FAULT, input=Input.CONTACT),)
    if inputs.loop is Loop.FAULT:
        reports += (Report(PassageReport.CONTACT_FAULT, input=Input.LOOP),)
    return settle(barrier, barrier, reports, now, timing)


def next_deadline(barrier: Barrier) -> float | None:
    """Monotonic second at which `step` wants a `TimePassed`; ``None``: never."""
    return causes.earliest(
        causes.next_deadline(barrier.demand),
        barrier.phase_until,
        barrier.output_until,
        barrier.stay_until,
        barrier.blocked_at,
        barrier.grace_until,
    )


def is_busy(barrier: Barrier) -> bool:
    """Whether an interlocked passage must stay shut: this one is not closed."""
    return barrier.phase is not Phase.CLOSED


def step(barrier: Barrier, event: Event, now: float, timing: Timing) -> tuple[Barrier, tuple[Effect, ...]]:
    """The barrier after ``event`` at ``now``, and the effects in the order to carry them out."""
    effects: tuple[Effect, ...] = ()
    while (due := next_deadline(barrier)) is not None and due <= now:
        after, reports = _expire(barrier, due, timing)
        barrier, more = settle(barrier, after, reports, due, timing)
        effects += more
    after, reports = _apply(barrier, event, now, timing)
    barrier, more = settle(barrier, after, reports, now, timing)
    return barrier, effects + more


def _expire(barrier: Barrier, now: float, timing: Timing) -> tuple[Barrier, causes.Reports]:
    """Work off what is due; each deadline found due is gone afterwards."""

    def due(deadline: float | None) -> bool:
        return deadline is not None and deadline <= now

    demand, reports = causes.expire(barrier.demand, now)
    barrier = replace(barrier, demand=demand)
    if due(barrier.output_until):
        barrier = replace(barrier, output=None, output_until=None)
    if due(barrier.stay_until):
        barrier = replace(barrier, stay_until=None)
    if due(barrier.grace_until):
        barrier = replace(barrier, grace_until=None)
    if due(barrier.blocked_at):
        barrier, more = _block(replace(barrier, blocked_at=None))
        reports += more
    if due(barrier.phase_until):
        barrier, more = _arrive(replace(barrier, phase_until=None), now, timing)
        reports += more
    return barrier, reports


def _apply(barrier: Barrier, event: Event, now: float, timing: Timing) -> tuple[Barrier, causes.Reports]:
    lead_s = 0.0 if barrier.phase is Phase.OPEN else timing.travel_s
    demand, reports = causes.apply(barrier.demand, event, now, timing, lead_s=lead_s)
    barrier = replace(barrier, demand=demand)
    match event:
        case ContactChanged(contact=contact) if contact is not barrier.contact:
            return _contact(barrier, contact, now, timing)
        case LoopChanged(loop=loop) if loop is not barrier.loop:
            return _loop(barrier, loop, now, timing)
        case _:
            return barrier, reports


def _arrive(barrier: Barrier, now: float, timing: Timing) -> tuple[Barrier, causes.Reports]:
    """The travel time is over; a contact that contradicts it means the boom did not move."""
    if barrier.phase is Phase.OPENING:
        arrived = replace(barrier, phase=Phase.OPEN)
        return _block(arrived) if barrier.contact is Contact.CLOSED else (arrived, ())
    if barrier.contact is Contact.OPEN:
        return _block(stay(replace(barrier, phase=Phase.STOPPED), now + timing.blocked_s))
    return _close(barrier, now, timing)


def _block(barrier: Barrier) -> tuple[Barrier, causes.Reports]:
    reports = () if barrier.blocked else (Report(PassageReport.BARRIER_BLOCKED),)
    return replace(barrier, blocked=True), reports


def _close(barrier: Barrier, now: float, timing: Timing) -> tuple[Barrier, causes.Reports]:
    """The boom is down."""
    reports: causes.Reports = (Report(PassageReport.DOOR_CLOSED),)
    if barrier.alarm is Alarm.FORCED:
        reports += (Report(PassageReport.DOOR_FORCED_ENDED),)
    closed = replace(
        barrier,
        phase=Phase.CLOSED,
        phase_until=None,
        output=None,
        output_until=None,
        blocked=False,
        grace_until=now + timing.grace_s,
        alarm=Alarm.NONE,
    )
    return closed, reports


def _contact(
    barrier: Barrier, contact: Contact, now: float, timing: Timing
) -> tuple[Barrier, causes.Reports]:
    """The closed-position contact reads ``contact``, which is not what it read before."""
    before, barrier = barrier.contact, replace(barrier, contact=contact)
    if contact is Contact.FAULT:
        return barrier, (Report(PassageReport.CONTACT_FAULT, input=Input.CONTACT),)
    reports: causes.Reports = ()
    if before is Contact.FAULT:
        reports = (Report(PassageReport.CONTACT_RESTORED, input=Input.CONTACT),)
    match contact, barrier.phase:
        case Contact.CLOSED, Phase.CLOSING | Phase.STOPPED | Phase.OPEN:
            barrier, more = _close(barrier, now, timing)
        case Contact.OPEN, Phase.CLOSED:
            barrier, more = _lift(barrier, before, now, timing)
        case _:
            more = ()
    return barrier, reports + more


def _lift(barrier: Barrier, before: Contact, now: float, timing: Timing) -> tuple[Barrier, causes.Reports]:
    """The boom left its closed position without a command."""
    reports: causes.Reports = (Report(PassageReport.DOOR_OPENED),)
    barrier = replace(barrier, phase=Phase.STOPPED)
    if barrier.grace_until is not None:
        return stay(replace(barrier, grace_until=None), now + timing.travel_s), reports
    barrier = stay(barrier, now + timing.blocked_s)
    if before is not Contact.CLOSED:
        return barrier, reports
    return replace(barrier, alarm=Alarm.FORCED), (*reports, Report(PassageReport.DOOR_FORCED))


def _loop(barrier: Barrier, loop: Loop, now: float, timing: Timing) -> tuple[Barrier, causes.Reports]:
    """The clearance loop reads ``loop``, which is not what it read before."""
    before, barrier = barrier.loop, replace(barrier, loop=loop)
    reports: causes.Reports = ()
    if loop is Loop.FAULT:
        reports = (Report(PassageReport.CONTACT_FAULT, input=Input.LOOP),)
    elif before is Loop.FAULT:
        reports = (Report(PassageReport.CONTACT_RESTORED, input=Input.LOOP),)
    if loop is not Loop.CLEAR:
        return barrier, reports
    demand = barrier.demand
    if before is Loop.OCCUPIED:
        demand = causes.passed(demand)
        if timing.close_after_passage:
            demand = causes.close_early(demand)
    return stay(replace(barrier, demand=demand), now + timing.clear_s), reports
