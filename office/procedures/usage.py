"""What a usage event came to: one word for each kind, by which people search."""

from __future__ import annotations

from enum import IntEnum, unique
from typing import Final

from office.procedures.alarms import RULES, Per
from sync.events import EventKind
from sync.records import Reason


@unique
class Outcome(IntEnum):
    """`office.registry.models.Outcome` has the same numbers; a test compares them."""

    OPENED = 1
    REFUSED = 2
    ALARM = 3
    PASSAGE = 4
    SERVICE = 5
    UNREADABLE = 6


_OPENED: Final = frozenset({EventKind.REMOTE_OPENED, EventKind.EXIT_BUTTON, EventKind.SLIP_BOOKED})
_PASSAGE: Final = frozenset(
    {
        EventKind.DOOR_OPENED,
        EventKind.DOOR_CLOSED,
        EventKind.DOOR_NOT_USED,
        EventKind.DOOR_HELD_SOON,
        EventKind.PASSBACK_BREACH,
        EventKind.PASSBACK_FORGIVEN,
        EventKind.MODE_CHANGED,
    }
)


def outcome(kind: EventKind | None, reason: Reason | None) -> Outcome:
    """The word of an event; ``None``: its payload cannot be read, or was erased."""
    if kind is None:
        return Outcome.UNREADABLE
    if kind is EventKind.TAP:
        return Outcome.OPENED if reason is not None and reason.granted else Outcome.REFUSED
    if kind in _OPENED:
        return Outcome.OPENED
    if kind in _PASSAGE:
        return Outcome.PASSAGE
    rule = RULES.get(kind)
    if rule is not None and rule.ends:
        return Outcome.PASSAGE if rule.per is Per.DOOR else Outcome.SERVICE
    return Outcome.ALARM if kind in RULES else Outcome.SERVICE
