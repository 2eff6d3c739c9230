"""Which events need a person, and when such a need is over. Pure.

Every kind of event stands in `RULES` or, with the reason, in `NO_ALARM`; a test compares them
with `sync.events.EventKind`. An alarm of one kind and subject is open once: what repeats is
counted in it. Some conditions end by themselves: such an alarm is cleared once it has ended
and somebody has taken notice of it. The others are cleared by a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, StrEnum, unique
from typing import Final

from msgspec import Struct, field

from office.procedures.issue_states import State
from office.procedures.rights import ENDS
from sync.events import Detail, EventKind
from sync.records import Reason

MAX_NAME: Final = 60
"""Of an input, in a subject: what a gate sends may be longer."""
OPENED: Final = "opened"
"""Text of an alarm of a stopped card for which a gate opened; the desk has the words."""


@unique
class Alarm(StrEnum):
    """`office.registry.models.AlarmKind` has the same words; a test compares them."""

    STOPPED_CARD = "stopped_card"
    DOOR_FORCED = "door_forced"
    DOOR_HELD = "door_held"
    WRONG_TRIES = "wrong_tries"
    DURESS = "duress"
    FIRE = "fire"
    TAMPER = "tamper"
    MAINS_FAIL = "mains_fail"
    BATTERY_LOW = "battery_low"
    DEVICE = "device"
    GUARD_REFUSED = "guard_refused"
    LIST_FAULT = "list_fault"
    EVENTS_LOST = "events_lost"
    GATE_SILENT = "gate_silent"
    GATE_REFUSES = "gate_refuses"
    MASS_CHANGE = "mass_change"
    HUB = "hub"


RULE_OF: Final[Mapping[Alarm, str]] = {Alarm.STOPPED_CARD: "14.4", Alarm.MAINS_FAIL: "16.4"}
"""The procedures' rule behind an alarm; the others are our own."""
LOOK_AGAIN: Final = frozenset(
    {Alarm.STOPPED_CARD, Alarm.DOOR_FORCED, Alarm.WRONG_TRIES, Alarm.DURESS, Alarm.FIRE, Alarm.TAMPER}
)
"""A repetition needs a person although one has taken notice already."""


@unique
class Per(Enum):
    """What an alarm is about."""

    GATE = "gate"
    DOOR = "door"
    READER = "reader"
    INPUT = "input"
    ISSUE = "issue"


class AlarmRule(Struct, frozen=True):
    """What a kind of event does to an alarm."""

    alarm: Alarm
    per: Per
    ends: bool = False


class EventFact(Struct, frozen=True):
    """What the rules ask of an event."""

    gate_id: int
    kind: EventKind
    door: int | None = None
    reader: int | None = None
    issue_id: int | None = None
    reason: Reason | None = None
    detail: Mapping[str, Detail] = field(default_factory=dict)
    at_ms: int = 0
    """UTC milliseconds: when it happened at the earliest."""
    until_ms: int = 0
    """When at the latest."""


class Signal(Struct, frozen=True):
    """An alarm is raised once more, or its condition has ended."""

    alarm: Alarm
    subject: str
    ends: bool = False
    text: str = ""
    """In the gate's own words, if it has any."""


RULES: Final[Mapping[EventKind, AlarmRule | None]] = {
    EventKind.REVOKED_CARD_TAPPED: AlarmRule(Alarm.STOPPED_CARD, Per.ISSUE),
    EventKind.DOOR_FORCED: AlarmRule(Alarm.DOOR_FORCED, Per.DOOR),
    EventKind.DOOR_FORCED_ENDED: AlarmRule(Alarm.DOOR_FORCED, Per.DOOR, ends=True),
    EventKind.DOOR_HELD: AlarmRule(Alarm.DOOR_HELD, Per.DOOR),
    EventKind.DOOR_HELD_ENDED: AlarmRule(Alarm.DOOR_HELD, Per.DOOR, ends=True),
    EventKind.WRONG_TRIES: AlarmRule(Alarm.WRONG_TRIES, Per.READER),
    EventKind.DURESS: AlarmRule(Alarm.DURESS, Per.DOOR),
    EventKind.FIRE: AlarmRule(Alarm.FIRE, Per.DOOR),
    EventKind.FIRE_CLEARED: AlarmRule(Alarm.FIRE, Per.DOOR, ends=True),
    EventKind.CONTACT_FAULT: AlarmRule(Alarm.DEVICE, Per.DOOR),
    EventKind.CONTACT_RESTORED: AlarmRule(Alarm.DEVICE, Per.DOOR, ends=True),
    EventKind.BARRIER_BLOCKED: AlarmRule(Alarm.DOOR_HELD, Per.DOOR),
    EventKind.READER_DOWN: AlarmRule(Alarm.DEVICE, Per.READER),
    EventKind.READER_UP: AlarmRule(Alarm.DEVICE, Per.READER, ends=True),
    EventKind.GPIO_DOWN: AlarmRule(Alarm.DEVICE, Per.GATE),
    EventKind.GPIO_UP: AlarmRule(Alarm.DEVICE, Per.GATE, ends=True),
    EventKind.COMPANION_REFUSED: AlarmRule(Alarm.GUARD_REFUSED, Per.DOOR),
    EventKind.LIST_FAULT: AlarmRule(Alarm.LIST_FAULT, Per.GATE),
    EventKind.LIST_OLD: AlarmRule(Alarm.LIST_FAULT, Per.GATE),
    EventKind.EVENTS_LOST: AlarmRule(Alarm.EVENTS_LOST, Per.GATE),
    EventKind.LOG_SET_ASIDE: AlarmRule(Alarm.EVENTS_LOST, Per.GATE),
    EventKind.ACCESS_STATE_LOST: AlarmRule(Alarm.EVENTS_LOST, Per.GATE),
    EventKind.INPUT_CHANGED: None,
}
"""``None``: its detail says which (`INPUTS`)."""

NO_ALARM: Final[Mapping[EventKind, str]] = {
    EventKind.TAP: "what it means is decided at the gate; of a stopped card another event follows",
    EventKind.DOOR_OPENED: "as it should be",
    EventKind.DOOR_CLOSED: "as it should be",
    EventKind.DOOR_HELD_SOON: "the gate itself warns whoever stands there",
    EventKind.DOOR_NOT_USED: "somebody turned back",
    EventKind.EXIT_BUTTON: "as it should be",
    EventKind.REMOTE_OPENED: "somebody of the office ordered it",
    EventKind.FIRE_RESET: "somebody with rights did it; the end of the fire is an event of its own",
    EventKind.SLIP_BOOKED: "a guard did it",
    EventKind.PASSBACK_BREACH: "soft anti-passback is noted and reported only",
    EventKind.PASSBACK_FORGIVEN: "somebody of the office ordered it, or the hour came",
    EventKind.MODE_CHANGED: "by schedule, or somebody of the office ordered it",
    EventKind.LIST_CHANGED: "as it should be",
    EventKind.MAINTENANCE_BEGUN: "a technician's card or the office opened it; the gate's page shows it",
    EventKind.MAINTENANCE_ENDED: "as it should be",
    EventKind.STARTED: "a gate that stays away is noticed by its silence",
    EventKind.STOPPED: "a gate that stays away is noticed by its silence",
    EventKind.CLOCK_CHANGED: "the hub measures the clock and alarms of its own",
    EventKind.MAINTENANCE_BEGUN: "a technician is at work; the gates' page shows it",
    EventKind.MAINTENANCE_ENDED: "as it should be",
}

INPUTS: Final[Mapping[str, Alarm]] = {
    "fire": Alarm.FIRE,
    "tamper": Alarm.TAMPER,
    "mains_fail": Alarm.MAINS_FAIL,
    "battery_low": Alarm.BATTERY_LOW,
}
"""By the kind of input that a gate's configuration gives it; an unknown one is a device's."""

ALWAYS_TOLD: Final = frozenset({Alarm.FIRE, Alarm.DURESS, Alarm.STOPPED_CARD})
"""Never played down by a technician's presence."""


def signals(event: EventFact) -> tuple[Signal, ...]:
    """What an event raises or ends."""
    rule = RULES.get(event.kind)
    if event.kind is EventKind.INPUT_CHANGED:
        active = bool(event.detail.get("active"))
        rule = AlarmRule(INPUTS.get(str(event.detail.get("kind")), Alarm.DEVICE), Per.INPUT, ends=not active)
    if rule is None:
        return ()
    at_work = bool(event.detail.get("maintenance")) and rule.alarm not in ALWAYS_TOLD
    if at_work and not rule.ends:
        return ()
    return (Signal(rule.alarm, _subject(event, rule.per), rule.ends, _words(event)),)


def stopped_card_opened(event: EventFact, life: Sequence[tuple[int, State]]) -> tuple[Signal, ...]:
    """Rule 14.4: a gate that had not heard of the stop opened for the card after it.

    ``life`` tells since which UTC millisecond the card was in which state, in order: what counts is how
    the card stood when the gate opened, not how it stands when the office hears of it.
    """
    if event.kind is not EventKind.TAP or event.reason is not Reason.GRANTED:
        return ()
    if not all(_state_at(life, one) in ENDS for one in (event.at_ms, event.until_ms)):
        return ()
    return (Signal(Alarm.STOPPED_CARD, _subject(event, Per.ISSUE), text=OPENED),)


def _state_at(life: Sequence[tuple[int, State]], at_ms: int) -> State | None:
    return next((state for since_ms, state in reversed(life) if since_ms <= at_ms), None)


def hub_alarm(name: str) -> Alarm:
    """Under which word the desk shows an alarm that the hub counted under ``name``."""
    if name.startswith("gate_refused_"):
        return Alarm.GATE_REFUSES
    return Alarm.EVENTS_LOST if name in ("events_lost", "log_replaced") else Alarm.HUB


def _subject(event: EventFact, per: Per) -> str:
    match per:
        case Per.ISSUE if event.issue_id is not None:
            return f"issue:{event.issue_id}"
        case Per.READER if event.reader is not None:
            return f"gate:{event.gate_id}/reader:{event.reader}"
        case Per.DOOR if event.door is not None:
            return f"door:{event.door}"
        case Per.INPUT:
            return f"gate:{event.gate_id}/input:{printable(str(event.detail.get('input', '')))[:MAX_NAME]}"
        case _:
            return f"gate:{event.gate_id}"


def _words(event: EventFact) -> str:
    told = [str(event.detail[one]) for one in ("cause", "reason", "count") if one in event.detail]
    return printable(" · ".join(told))


def printable(text: str) -> str:
    """Text from outside, safe to show."""
    return "".join(one if one.isprintable() else "·" for one in text)
