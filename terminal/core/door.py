"""The door: strike or magnet, contact, exit button, fire input, as a pure state machine.

The machine says locked or unlocked; which relay level that is, and what the lock does
without power, is wiring. Every event is legal in every state. Deadlines lie inside the
state and are worked off at their own time, so a late caller gets the same result.
"""

from __future__ import annotations

from enum import Enum, unique

from msgspec import Struct
from msgspec.structs import replace

from sync.records import DoorMode
from terminal.core import demand as causes
from terminal.core.demand import Demand
from terminal.core.signals import (
    Alarm,
    Contact,
    ContactChanged,
    Effect,
    Event,
    Fire,
    Granted,
    Input,
    Inputs,
    Lock,
    PassageReport,
    RemoteOpened,
    Report,
    ShowAlarm,
)
from terminal.core.timing import Timing


@unique
class Condition(Enum):
    """A door in one word, for people."""

    CLOSED = "closed"
    UNLOCKED = "unlocked"
    OPEN = "open"
    HELD_SOON = "held_soon"
    HELD = "held"
    FORCED = "forced"
    UNKNOWN = "unknown"
    """Locked, but the contact's line is broken."""


class Door(Struct, frozen=True):
    """State of one door. Times are monotonic seconds."""

    demand: Demand
    contact: Contact
    unlocked: bool = False
    grace_until: float | None = None
    """Opening before this moment is not forced: the lock has only just closed."""
    held_soon_at: float | None = None
    held_at: float | None = None
    alarm: Alarm = Alarm.NONE

    @property
    def condition(self) -> Condition:
        """What a person at the door would call it."""
        if self.alarm is not Alarm.NONE:
            return Condition(self.alarm.value)
        if self.contact is Contact.OPEN:
            return Condition.OPEN
        if self.unlocked:
            return Condition.UNLOCKED
        return Condition.UNKNOWN if self.contact is Contact.FAULT else Condition.CLOSED


def initial(inputs: Inputs, mode: DoorMode, now: float, timing: Timing) -> tuple[Door, tuple[Effect, ...]]:
    """The door as its inputs read at start, and what to do first (the lock always).

    A door found open is not forced; its held time starts.
    """
    door = Door(Demand(mode=mode, fire=inputs.fire), inputs.contact)
    reports: causes.Reports = ()
    if inputs.fire is Fire.ACTIVE:
        reports += (Report(PassageReport.FIRE),)
    if inputs.contact is Contact.FAULT:
        reports += (Report(PassageReport.CONTACT_FAULT, input=Input.CONTACT),)
    door, effects = _settle(door, door, reports, now, timing)
    return door, effects if door.unlocked else (Lock(unlocked=False), *effects)


def next_deadline(door: Door) -> float | None:
    """Monotonic second at which `step` wants a `TimePassed`; ``None``: never."""
    return causes.earliest(
        causes.next_deadline(door.demand), door.grace_until, door.held_soon_at, door.held_at
    )


def is_busy(door: Door) -> bool:
    """Whether an interlocked door must stay shut: this one is unlocked or known to be open."""
    return door.unlocked or door.contact is Contact.OPEN


def step(door: Door, event: Event, now: float, timing: Timing) -> tuple[Door, tuple[Effect, ...]]:
    """The door after ``event`` at ``now``, and the effects in the order to carry them out."""
    effects: tuple[Effect, ...] = ()
    while (due := next_deadline(door)) is not None and due <= now:
        after, reports = _expire(door, due)
        door, more = _settle(door, after, reports, due, timing)
        effects += more
    after, reports = _apply(door, event, now, timing)
    door, more = _settle(door, after, reports, now, timing)
    return door, effects + more


def _apply(door: Door, event: Event, now: float, timing: Timing) -> tuple[Door, causes.Reports]:
    demand, reports = causes.apply(door.demand, event, now, timing)
    door = replace(door, demand=demand)
    match event:
        case Granted() | RemoteOpened() if door.alarm is Alarm.FORCED:
            # Somebody with rights stands there: the open door is theirs from now on.
            return replace(door, alarm=Alarm.NONE), (*reports, Report(PassageReport.DOOR_FORCED_ENDED))
        case ContactChanged(contact=contact) if contact is not door.contact:
            return _move(door, contact, now, timing)
        case _:
            return door, reports


def _expire(door: Door, now: float) -> tuple[Door, causes.Reports]:
    """Work off what is due; each deadline found due is gone afterwards."""
    demand, reports = causes.expire(door.demand, now)
    door = replace(door, demand=demand)
    if door.grace_until is not None and door.grace_until <= now:
        door, more = _end_opening(door)
        reports += more
    if door.held_soon_at is not None and door.held_soon_at <= now:
        door = replace(door, held_soon_at=None, alarm=Alarm.HELD_SOON)
        reports += (Report(PassageReport.DOOR_HELD_SOON),)
    if door.held_at is not None and door.held_at <= now:
        door = replace(door, held_at=None, alarm=Alarm.HELD)
        reports += (Report(PassageReport.DOOR_HELD),)
    return door, reports


def _end_opening(door: Door) -> tuple[Door, causes.Reports]:
    """The opening is over for good: say so if nobody used it."""
    demand = door.demand
    unused = (Report(PassageReport.DOOR_NOT_USED, by=demand.by),) if demand.unused else ()
    return replace(door, grace_until=None, demand=replace(demand, unused=False, by=None)), unused


def _move(door: Door, contact: Contact, now: float, timing: Timing) -> tuple[Door, causes.Reports]:
    """The contact reads ``contact``, which is not what it read before."""
    before, door = door.contact, replace(door, contact=contact)
    if contact is Contact.FAULT:
        return door, (Report(PassageReport.CONTACT_FAULT, input=Input.CONTACT),)
    restored: causes.Reports = ()
    if before is Contact.FAULT:
        restored = (Report(PassageReport.CONTACT_RESTORED, input=Input.CONTACT),)
    match contact:
        case Contact.OPEN:
            door, reports = _open(door, before)
        case Contact.CLOSED if before is not Contact.ABSENT:
            door, reports = _close(door, now, timing)
        case _:
            reports = ()
    return door, restored + reports


def _open(door: Door, before: Contact) -> tuple[Door, causes.Reports]:
    reports: causes.Reports = (Report(PassageReport.DOOR_OPENED, by=door.demand.by),)
    door = replace(door, demand=causes.passed(door.demand))
    if before is not Contact.CLOSED or door.unlocked or door.grace_until is not None:
        return door, reports
    return replace(door, alarm=Alarm.FORCED), (*reports, Report(PassageReport.DOOR_FORCED))


def _close(door: Door, now: float, timing: Timing) -> tuple[Door, causes.Reports]:
    if timing.relock_on_close:
        door = replace(door, demand=causes.close_early(door.demand))
    if not door.unlocked and door.alarm is not Alarm.FORCED:
        # It locked while it stood open; bouncing off its frame is not forced.
        door = replace(door, grace_until=now + timing.grace_s)
    return door, (Report(PassageReport.DOOR_CLOSED),)


def _settle(
    before: Door, door: Door, reports: causes.Reports, now: float, timing: Timing
) -> tuple[Door, tuple[Effect, ...]]:
    """Bring lock, timers and buzzer into line with what is wanted; the lock moves first."""
    demand, unlocked = door.demand, causes.is_wanted(door.demand, timing)
    lock: tuple[Effect, ...] = () if unlocked is door.unlocked else (Lock(unlocked),)
    if unlocked:
        door = replace(door, grace_until=None)
    elif door.unlocked:
        door = replace(door, grace_until=now + timing.grace_s)
    demand = causes.forget_unused(demand, timing, untouched=door.contact is Contact.CLOSED)
    door, ended = _settle_alarm(replace(door, demand=demand, unlocked=unlocked), now, timing)
    shown: tuple[Effect, ...] = () if door.alarm is before.alarm else (ShowAlarm(door.alarm),)
    return door, (*lock, *reports, *ended, *shown)


def _settle_alarm(door: Door, now: float, timing: Timing) -> tuple[Door, causes.Reports]:
    """Start or end the held time, and end alarms whose cause is gone.

    A broken contact line ends held (nobody knows) but not forced: cutting the line must
    not silence it.
    """
    if door.alarm is Alarm.FORCED:
        if door.contact in (Contact.OPEN, Contact.FAULT) and not causes.is_free(door.demand, timing):
            return door, ()
        return replace(door, alarm=Alarm.NONE), (Report(PassageReport.DOOR_FORCED_ENDED),)
    if door.contact is Contact.OPEN and not door.unlocked:
        if door.held_at is not None or door.alarm is Alarm.HELD:
            return door, ()
        held_at = now + timing.held_s
        soon_at = held_at - timing.pre_alarm_s if timing.pre_alarm_s else None
        return replace(door, held_soon_at=soon_at, held_at=held_at), ()
    ended = (Report(PassageReport.DOOR_HELD_ENDED),) if door.alarm is Alarm.HELD else ()
    return replace(door, held_soon_at=None, held_at=None, alarm=Alarm.NONE), ended
