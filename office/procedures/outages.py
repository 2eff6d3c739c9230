"""Outages of water, power and gas (停水停电): who is to be told by when, and what is to be explained.

What comes late, takes long or falls into busy hours is recorded with a reason, never refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import Enum, unique
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from office.procedures.errors import Refused, RuleError
from office.procedures.moving import Hours, start_of

TELL_MAINTENANCE: Final = timedelta(minutes=30)
"""Rule 16.1."""
AT_ONCE: Final = timedelta(minutes=15)
"""What we take for "at once" (ours)."""
PLANNED_AT_MOST: Final = timedelta(hours=4)
"""Rule 16.2."""
TOGETHER_S: Final = 60
MAINS_GATES: Final = 2
SILENT_GATES: Final = 3
"""Rule 16.4 (ours): so many gates within a minute open an incident."""


@unique
class Cause(Enum):
    """Whose outage it is; each has its rule."""

    MUNICIPAL = "municipal"
    PLANNED = "planned"
    UNPLANNED = "unplanned"
    UNANNOUNCED = "unannounced"


RULE_OF: Final = {
    Cause.MUNICIPAL: "16.1",
    Cause.PLANNED: "16.2",
    Cause.UNPLANNED: "16.3",
    Cause.UNANNOUNCED: "16.4",
}


@unique
class Audience(Enum):
    """Who is told."""

    MAINTENANCE = "maintenance"
    DEPARTMENTS = "departments"
    CUSTOMERS = "customers"
    RELATED = "related"
    """Related units (相关单位)."""
    BOARD = "board"
    """A notice on the boards."""


@unique
class Finding(Enum):
    """What maintenance found of an outage that nobody had announced (16.4)."""

    NO_FAULT = "no_fault"
    MUNICIPAL = "municipal"
    OWN_DEFECT = "own_defect"


@unique
class Deviation(Enum):
    """In what planned works do not follow rule 16.2."""

    LATE_REPORT = "late_report"
    TOO_LONG = "too_long"
    BUSY_TIME = "busy_time"


class OutageFacts(Struct, frozen=True):
    """What the rules ask of an outage. Times are in the estate's time zone."""

    cause: Cause
    received_at: datetime
    """When the desk learned of it; of planned works, when maintenance reported them in writing."""
    start: datetime
    end: datetime | None
    finding: Finding | None = None
    found_at: datetime | None = None


class Due(Struct, frozen=True):
    """Somebody is to be told before this moment."""

    audience: Audience
    by: datetime
    rule: str


def is_immediate(facts: OutageFacts) -> bool:
    """Rule 16.1: no day is left to post a notice ahead."""
    return facts.start.date() <= facts.received_at.date()


def due_times(facts: OutageFacts, zone: ZoneInfo) -> tuple[Due, ...]:
    """Who is to be told by when."""
    match facts.cause:
        case Cause.MUNICIPAL if is_immediate(facts):
            return _at_once(facts.received_at, "16.1")
        case Cause.MUNICIPAL:
            told = Due(Audience.MAINTENANCE, facts.received_at + TELL_MAINTENANCE, "16.1")
            return (told, Due(Audience.BOARD, _day_before(facts.start, zone), "16.1"))
        case Cause.PLANNED:
            ahead = _day_before(facts.start, zone)
            return (Due(Audience.CUSTOMERS, ahead, "16.2"), Due(Audience.RELATED, ahead, "16.2"))
        case Cause.UNPLANNED:
            return (Due(Audience.CUSTOMERS, facts.received_at + AT_ONCE, "16.3"),)
        case Cause.UNANNOUNCED:
            first = Due(Audience.MAINTENANCE, facts.received_at + AT_ONCE, "16.4")
            return (first, *_after_finding(facts))


def deviations(facts: OutageFacts, low_use: Sequence[Hours], zone: ZoneInfo) -> tuple[Deviation, ...]:
    """In what planned works do not follow rule 16.2: two days ahead in writing, low use, four hours."""
    if facts.cause is not Cause.PLANNED:
        return ()
    found = []
    if facts.received_at.date() > facts.start.date() - timedelta(days=2):
        found.append(Deviation.LATE_REPORT)
    if facts.end is None or facts.end - facts.start > PLANNED_AT_MOST:
        found.append(Deviation.TOO_LONG)
    if low_use and not any(_within(facts, one, zone) for one in low_use):
        found.append(Deviation.BUSY_TIME)
    return tuple(found)


def check_outage(facts: OutageFacts, low_use: Sequence[Hours], zone: ZoneInfo, reason: str) -> None:
    """What deviates needs a reason; raises ``RuleError``."""
    if facts.end is not None and facts.end <= facts.start:
        raise RuleError(RULE_OF[facts.cause], Refused.DATES_WRONG, since=facts.start, until=facts.end)
    if facts.cause in {Cause.MUNICIPAL, Cause.PLANNED} and facts.end is None:
        raise RuleError(RULE_OF[facts.cause], Refused.END_UNKNOWN)
    if deviations(facts, low_use, zone) and not reason.strip():
        raise RuleError("16.2", Refused.DEVIATION_WITHOUT_REASON)


def is_late(facts: OutageFacts, audience: Audience, at: datetime, zone: ZoneInfo) -> bool:
    """Whether this audience should have been told before."""
    return any(one.audience is audience and at >= one.by for one in due_times(facts, zone))


def check_told(
    facts: OutageFacts, audience: Audience, at: datetime, zone: ZoneInfo, late_reason: str
) -> None:
    """Late is recorded with its reason."""
    if is_late(facts, audience, at, zone) and not late_reason.strip():
        raise RuleError(RULE_OF[facts.cause], Refused.LATE_WITHOUT_REASON)


def check_switch_off(*, prepared: bool, emergency: bool) -> None:
    """Rule 16.5: maintenance switches off once everybody is prepared, unless it is an emergency."""
    if not (prepared or emergency):
        raise RuleError("16.5", Refused.NOT_PREPARED)


class PowerReport(Struct, frozen=True):
    """A gate reports that its mains have failed, or has gone silent."""

    gate_id: int
    place: str
    """Path of the place where the gate stands."""
    area: str
    """Path of its building, garage or phase."""
    at_s: int
    silent: bool = False


class Incident(Struct, frozen=True):
    """Several gates at once: an outage that nobody has announced (16.4)."""

    place: str
    """Path of the area; of silent gates, the smallest place that holds all of them."""
    gates: tuple[int, ...]
    at_s: int


def incidents(reports: Iterable[PowerReport]) -> tuple[Incident, ...]:
    """Where two gates of one area report mains failure, or three go silent, within a minute."""
    ordered = sorted(reports, key=lambda one: (one.at_s, one.gate_id))
    mains = [one for one in ordered if not one.silent]
    found = []
    for area in dict.fromkeys(one.area for one in mains):
        gates = _together([one for one in mains if one.area == area], MAINS_GATES)
        if gates:
            found.append(Incident(area, tuple(sorted({one.gate_id for one in gates})), gates[0].at_s))
    silent = _together([one for one in ordered if one.silent], SILENT_GATES)
    if silent:
        place = _common([one.place for one in silent])
        found.append(Incident(place, tuple(sorted({one.gate_id for one in silent})), silent[0].at_s))
    return tuple(found)


def _together(ordered: Sequence[PowerReport], at_least: int) -> list[PowerReport]:
    """The first reports of so many gates that lie within a minute; none if there are none."""
    for number, first in enumerate(ordered):
        group = [one for one in ordered[number:] if one.at_s - first.at_s <= TOGETHER_S]
        if len({one.gate_id for one in group}) >= at_least:
            return group
    return []


def _common(paths: Sequence[str]) -> str:
    parts = [one.split(".")[:-1] for one in paths]
    shared = []
    for step in zip(*parts, strict=False):
        if len(set(step)) > 1:
            break
        shared.append(step[0])
    return "".join(f"{one}." for one in shared)


def _at_once(at: datetime, rule: str) -> tuple[Due, ...]:
    return tuple(Due(one, at + AT_ONCE, rule) for one in (Audience.DEPARTMENTS, Audience.CUSTOMERS))


def _after_finding(facts: OutageFacts) -> tuple[Due, ...]:
    if facts.found_at is None:
        return ()
    if facts.finding is Finding.MUNICIPAL:
        return _at_once(facts.found_at, "16.1")
    if facts.finding is Finding.OWN_DEFECT:
        return (Due(Audience.CUSTOMERS, facts.found_at + AT_ONCE, "16.3"),)
    return ()


def _day_before(start: datetime, zone: ZoneInfo) -> datetime:
    """The end of the day before: what is posted by then is posted a day ahead."""
    return start_of(start.date(), zone)


def _within(facts: OutageFacts, hours: Hours, zone: ZoneInfo) -> bool:
    if facts.end is None:
        return False
    day: date = facts.start.date()
    midnight = start_of(day, zone)
    quiet_from, quiet_until = (midnight + timedelta(minutes=one) for one in (hours.start, hours.end))
    return quiet_from <= facts.start and facts.end <= quiet_until
