"""Weekly schedules with overnight windows and holidays, on the estate's wall clock.

* A window is minutes of *local wall time*. Where daylight saving skips an hour, the
  skipped minutes never come; where it repeats one, they are inside (or outside) twice.
* A window belongs to the day on which it **starts**: an overnight window follows the
  weekday and the holiday type of its first day to its end, also past midnight into a
  holiday or out of one. "The day before" is the last local day that really was, so a
  window also runs on over a day that a date-line jump left out.
* On a holiday the windows that the schedule names for its type replace the weekly
  ones (those whose weekday bits hold the day). With several types on one day their
  windows add up. Types the schedule does not name close the day, or, when it does not
  observe holidays, leave it an ordinary day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum, unique
from itertools import chain, pairwise
from typing import Final

from msgspec import Struct

from sync.records import Schedule, Window

MINUTES_PER_DAY: Final = 1440
LOOK_AHEAD_S: Final = 8 * 86_400
"""A whole week and a day: past the next occurrence of every weekly window."""
OFFSET_SAMPLE_S: Final = 6 * 3600
"""No zone changed its offset twice within six hours."""
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()

Span = tuple[int, int]
"""Start minute and first minute after; above 1440 past midnight."""
Week = tuple[tuple[Span, ...], ...]
"""Spans by weekday, Monday first."""
Holidays = Mapping[date, tuple[int, ...]]
"""Local day → its holiday types."""


@unique
class Hours(Enum):
    """Where a moment lies."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    HOLIDAY = "holiday"
    """Outside, and only because of a holiday."""


class WeekPlan(Struct, frozen=True):
    """A schedule sorted by weekday, compiled once per list."""

    weekly: Week
    by_holiday: Mapping[int, Week]
    observes_holidays: bool
    edges: frozenset[int]
    """Every minute of the day at which the answer may change."""
    latest_end: int
    """Largest end minute of any span; above 1440 when a window runs past midnight."""

    def spans(self, day: date, holiday_types: tuple[int, ...]) -> tuple[Span, ...]:
        """The spans that start on ``day``."""
        weekday = day.weekday()
        if not holiday_types:
            return self.weekly[weekday]
        named = [self.by_holiday[one][weekday] for one in holiday_types if one in self.by_holiday]
        if named:
            return tuple(chain.from_iterable(named))
        return () if self.observes_holidays else self.weekly[weekday]


def week_plan(schedule: Schedule) -> WeekPlan:
    """Sort a schedule's windows for `inside`."""
    windows = [*schedule.windows, *chain.from_iterable(own for _, own in schedule.holiday_windows)]
    edges = {minute % MINUTES_PER_DAY for one in windows for minute in (one.start_minute, one.end_minute)}
    return WeekPlan(
        weekly=_week(schedule.windows),
        by_holiday={kind: _week(own) for kind, own in schedule.holiday_windows},
        observes_holidays=schedule.observes_holidays,
        edges=frozenset(edges),
        latest_end=max((one.end_minute for one in windows), default=0),
    )


def inside(plan: WeekPlan, holidays: Holidays, at: int, zone: tzinfo) -> Hours:
    """Whether UTC second ``at`` (0 to LAST_UTC) lies inside the plan's hours in ``zone``."""
    local = datetime.fromtimestamp(at, zone)
    minute = 60 * local.hour + local.minute
    today = local.date()
    if _covers(plan.spans(today, holidays.get(today, ())), minute):
        return Hours.INSIDE
    weekly = _covers(plan.weekly[today.weekday()], minute)
    since_yesterday = minute + MINUTES_PER_DAY
    if since_yesterday < plan.latest_end:
        yesterday = _day_before(today, zone)
        if _covers(plan.spans(yesterday, holidays.get(yesterday, ())), since_yesterday):
            return Hours.INSIDE
        weekly = weekly or _covers(plan.weekly[yesterday.weekday()], since_yesterday)
    return Hours.HOLIDAY if weekly else Hours.OUTSIDE


def next_boundary(plan: WeekPlan, holidays: Holidays, at: int, zone: tzinfo) -> int | None:
    """The UTC second after ``at`` at which being inside or not changes; ``None``: not
    within LOOK_AHEAD_S."""
    now_inside = inside(plan, holidays, at, zone) is Hours.INSIDE
    for instant in _candidates(plan, at, zone):
        if (inside(plan, holidays, instant, zone) is Hours.INSIDE) != now_inside:
            return instant
    return None


def _week(windows: Iterable[Window]) -> Week:
    every = tuple(windows)
    return tuple(
        tuple((one.start_minute, one.end_minute) for one in every if one.weekdays >> weekday & 1)
        for weekday in range(7)
    )


def _covers(spans: tuple[Span, ...], minute: int) -> bool:
    return any(start <= minute < end for start, end in spans)


def _day_before(today: date, zone: tzinfo) -> date:
    """The local date of the last second before ``today`` began."""
    midnight = datetime.combine(today, time.min, zone)
    return datetime.fromtimestamp(midnight.timestamp() - 1, zone).date()


def _candidates(plan: WeekPlan, at: int, zone: tzinfo) -> list[int]:
    """All instants of the look-ahead at which the answer may change, oldest first."""
    end = at + LOOK_AHEAD_S
    samples = [(one, _offset(one, zone)) for one in range(at, end + OFFSET_SAMPLE_S, OFFSET_SAMPLE_S)]
    found = {
        _offset_change(early, late, zone)
        for (early, before), (late, after) in pairwise(samples)
        if before != after
    }
    offsets = {offset for _, offset in samples}
    first = datetime.fromtimestamp(at, zone).date()
    for days in range(LOOK_AHEAD_S // 86_400 + 2):  # the last is reached when an hour is skipped
        midnight = ((first + timedelta(days=days)).toordinal() - EPOCH_DAY) * 86_400
        found.update(midnight + 60 * minute - offset for minute in plan.edges for offset in offsets)
    return sorted(one for one in found if at < one <= end)


def _offset(at: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _offset_change(early: int, late: int, zone: tzinfo) -> int:
    """The first second of the new offset, which holds at ``late`` and not at ``early``."""
    new = _offset(late, zone)
    while late - early > 1:
        middle = (early + late) // 2
        if _offset(middle, zone) == new:
            late = middle
        else:
            early = middle
    return late
