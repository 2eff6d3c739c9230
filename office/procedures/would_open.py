"""What the office knows of whether a card would open a door at a time. Pure.

The gate decides (`gatehouse-terminal explain` asks it); here stands what follows from the
records that it is to have, and nothing is guessed: where hours, a PIN, a second person,
uses or the door's mode decide, the answer is that the gate knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, unique

from msgspec import Struct

from sync.records import Direction, Grant, ListSettings, Reason, Record, Tombstone


@unique
class Verdict(Enum):
    """As far as the office can tell."""

    OPENS = "opens"
    REFUSES = "refuses"
    GATE_KNOWS = "gate_knows"


@unique
class Finding(Enum):
    """One reason for the verdict."""

    NO_RECORD = "no_record"
    ENDED = "ended"
    OTHER_DOOR = "other_door"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    OPENS = "opens"
    HOURS = "hours"
    PIN = "pin"
    COMPANION = "companion"
    USES = "uses"
    DOOR_MODES = "door_modes"
    PASSBACK = "passback"
    UNKNOWN_DOOR = "unknown_door"


class Line(Struct, frozen=True):
    """What one record says, or the door."""

    finding: Finding
    grant_id: int | None = None
    reason: Reason | None = None
    """Of an end."""
    schedule: int | None = None


class Assessment(Struct, frozen=True):
    """The verdict and what led to it."""

    verdict: Verdict
    lines: tuple[Line, ...]


_OPEN_QUESTIONS = frozenset({Finding.HOURS, Finding.PIN, Finding.COMPANION, Finding.USES, Finding.PASSBACK})


def assess(
    records: Sequence[Record], settings: ListSettings, door: int, direction: Direction, at: int
) -> Assessment:
    """``records``: all that the gate is to have of the card, in every form its readers see."""
    policy = next((one for one in settings.doors if one.door_id == door), None)
    if policy is None:
        return Assessment(Verdict.REFUSES, (Line(Finding.UNKNOWN_DOOR),))
    if not records:
        lines: tuple[Line, ...] = (Line(Finding.NO_RECORD),)
    else:
        lines = tuple(
            dict.fromkeys(line for one in records for line in _lines(one, records, door, direction, at))
        )
    found = {one.finding for one in lines}
    if policy.area_in is not None and found & {Finding.OPENS, *_OPEN_QUESTIONS}:
        lines += (Line(Finding.PASSBACK),)
    if policy.modes:
        return Assessment(Verdict.GATE_KNOWS, (*lines, Line(Finding.DOOR_MODES)))
    if Finding.OPENS in found and policy.area_in is None:
        return Assessment(Verdict.OPENS, lines)
    open_question = found & _OPEN_QUESTIONS or Finding.OPENS in found
    return Assessment(Verdict.GATE_KNOWS if open_question else Verdict.REFUSES, lines)


def _lines(
    record: Record, records: Sequence[Record], door: int, direction: Direction, at: int
) -> tuple[Line, ...]:
    if isinstance(record, Tombstone):
        return (Line(Finding.ENDED, record.grant_id, record.reason.reason),)
    if any(_ends(one, record) for one in records):
        return ()  # its tombstone speaks
    refused = _refusal(record, door, direction, at)
    if refused is not None:
        return (Line(refused, record.grant_id),)
    asked = {
        Finding.HOURS: record.schedule is not None,
        Finding.PIN: record.pin is not None,
        Finding.COMPANION: bool(record.companion),
        Finding.USES: record.spends,
    }
    questions = [one for one, asks in asked.items() if asks]
    if not questions:
        return (Line(Finding.OPENS, record.grant_id),)
    return tuple(
        Line(one, record.grant_id, schedule=record.schedule if one is Finding.HOURS else None)
        for one in questions
    )


def _ends(one: Record, grant: Grant) -> bool:
    return isinstance(one, Tombstone) and (
        one.grant_id == grant.grant_id or (one.reason.chip_wide and one.issue_id == grant.issue_id)
    )


def _refusal(grant: Grant, door: int, direction: Direction, at: int) -> Finding | None:
    if not grant.directions_at(door) & direction:
        return Finding.OTHER_DOOR
    if grant.valid_until is not None and at >= grant.valid_until:
        return Finding.EXPIRED
    if grant.valid_from is not None and at < grant.valid_from:
        return Finding.NOT_YET
    return None
