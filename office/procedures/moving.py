"""KH-15: moving in, moving away, and the lift's busy hours. Days are days in the estate's time zone.

What is owed is drawn up and recorded. It is no fact here, so that no rule can ask for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from office.procedures.errors import Refused, RuleError

NOTICE_DAYS: Final = 3
"""Rule 15.3."""
TASK_DAYS: Final = 14
"""So long before a tenancy ends the desk asks whether it goes on."""


class TenancyFacts(Struct, frozen=True):
    """A move-in as 《入伙客户情况登记表》 has it."""

    since: date
    until: date
    """First day after the tenancy."""
    owner_is_owner: bool
    """Who is named as owner owns the unit on this day."""
    owner_present: bool
    persons: int


def check_tenancy(new: TenancyFacts) -> None:
    """Rule 15.1: with dates, persons, and the owner of the unit present."""
    if new.until <= new.since:
        raise RuleError("15.1", Refused.DATES_WRONG, since=new.since, until=new.until)
    if not new.owner_is_owner:
        raise RuleError("15.1", Refused.NOT_THE_OWNER)
    if not new.owner_present:
        raise RuleError("15.1", Refused.OWNER_ABSENT)
    if not new.persons:
        raise RuleError("15.1", Refused.NO_PERSONS)


def check_extension(until: date, new_until: date) -> None:
    """A tenancy is extended; ending it earlier is a move (15.3)."""
    if new_until <= until:
        raise RuleError("15.1", Refused.DATES_WRONG, since=until, until=new_until)


def tenancy_grace_end(until: date, grace_days: int, zone: ZoneInfo) -> datetime:
    """Rule 15.1 (ours): when tenant cards end: with the grace after the tenancy."""
    return start_of(until + timedelta(days=grace_days), zone)


def ask_for_extension(until: date, today: date) -> bool:
    """Whether the desk is to ask now if the tenancy goes on."""
    return today >= until - timedelta(days=TASK_DAYS)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day, time(), zone)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """24:00 of a day: the first moment at which a card that ends on it no longer opens (15.3)."""
    return start_of(day + timedelta(days=1), zone)


def card_end(before: datetime | None, moves_on: date, zone: ZoneInfo) -> datetime:
    """When a card of somebody who moves away ends; an earlier end of its own stays."""
    end = end_of_day(moves_on, zone)
    return end if before is None else min(before, end)


def is_late(noticed_on: date, moves_on: date) -> bool:
    """Whether the three days' notice of rule 15.3 were not kept."""
    return (moves_on - noticed_on).days < NOTICE_DAYS


def check_notice(noticed_on: date, moves_on: date, late_reason: str) -> None:
    """Rule 15.3: late notice is recorded with its reason, and never refused for being late."""
    if moves_on < noticed_on:
        raise RuleError("15.3", Refused.DAY_IS_OVER, day=moves_on)
    if is_late(noticed_on, moves_on) and not late_reason.strip():
        raise RuleError("15.3", Refused.LATE_WITHOUT_REASON)


class MoveFacts(Struct, frozen=True):
    """What a release slip of somebody who moves away depends on: nothing that is owed."""

    by_tenant: bool
    owner_consented: bool
    goods_checked: bool
    running: bool
    """Neither over nor called off."""


def check_slip_of_move(move: MoveFacts) -> None:
    """Rule 15.3: a tenant's slip waits for the owner's signed consent (签确) and the check of the goods."""
    if not move.running:
        raise RuleError("15.3", Refused.WRONG_STATE)
    if move.by_tenant and not move.owner_consented:
        raise RuleError("15.3", Refused.CONSENT_MISSING)
    if move.by_tenant and not move.goods_checked:
        raise RuleError("15.3", Refused.GOODS_NOT_CHECKED)


class Hours(Struct, frozen=True, order=True):
    """Busy hours of the lift on every day, in minutes of local time."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"


def read_hours(text: str) -> tuple[Hours, ...]:
    """Hours from ``07:30-09:00 17:30-19:30``; raises ``ValueError`` naming what is wrong."""
    found = []
    for one in text.replace(",", " ").split():
        start, _, end = one.partition("-")
        try:
            hours = Hours(_minute(start), _minute(end))
        except ValueError:
            raise ValueError(f"{one}: write hours such as 07:30-09:00") from None
        if hours.end <= hours.start:
            raise ValueError(f"{one}: it must end after it begins, on the same day")
        found.append(hours)
    return tuple(sorted(found))


class Window(Struct, frozen=True, order=True):
    """From one moment until before another, in local time."""

    start: datetime
    end: datetime


def busy_hours(window: Window, peaks: Sequence[Hours]) -> tuple[Hours, ...]:
    """Busy hours that a use of the lift runs into (15.4)."""
    days = (window.end.date() - window.start.date()).days
    met = []
    for hours in peaks:
        for ahead in range(days + 1):
            day = window.start.date() + timedelta(days=ahead)
            busy = _on(day, hours, window.start)
            if window.start < busy.end and busy.start < window.end:
                met.append(hours)
                break
    return tuple(met)


def quiet_windows(window: Window, peaks: Sequence[Hours], day_starts: int = 480) -> tuple[Window, ...]:
    """Windows of the same length and day outside the busy hours, from 08:00 on (15.4): at most three."""
    length, day = window.end - window.start, window.start.date()
    starts = [day_starts, *(one.end for one in peaks)]
    found = []
    for minute in sorted(set(starts)):
        start = datetime.combine(day, time(), window.start.tzinfo) + timedelta(minutes=minute)
        offered = Window(start, start + length)
        late = offered.end > _on(day, Hours(0, 20 * 60), window.start).end
        if not late and not busy_hours(offered, peaks):
            found.append(offered)
    return tuple(found[:3])


def check_lift(window: Window, peaks: Sequence[Hours], reason: str) -> None:
    """Rule 15.4: busy hours should be avoided; a clerk may book them with a reason, in and out alike."""
    if window.end <= window.start:
        raise RuleError("15.4", Refused.DATES_WRONG, since=window.start, until=window.end)
    met = busy_hours(window, peaks)
    if met and not reason.strip():
        offered = " · ".join(f"{one.start:%H:%M}-{one.end:%H:%M}" for one in quiet_windows(window, peaks))
        busy = " · ".join(str(one) for one in met)
        raise RuleError("15.4", Refused.LIFT_IS_BUSY, busy=busy, offered=offered or "-")


def _on(day: date, hours: Hours, like: datetime) -> Window:
    midnight = datetime.combine(day, time(), like.tzinfo)
    return Window(midnight + timedelta(minutes=hours.start), midnight + timedelta(minutes=hours.end))


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    found = int(hour) * 60 + int(minute)
    if not (0 <= int(hour) <= 24 and 0 <= int(minute) < 60 and found <= 1440):
        raise ValueError(text)
    return found


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
