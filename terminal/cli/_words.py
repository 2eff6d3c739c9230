"""Times, schedules and reasons in words."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final

from sync.records import Reason, Schedule, Window
from terminal.core.situation import LAST_UTC

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

REASONS: Final = {
    Reason.GRANTED: "opens",
    Reason.GRANTED_FREE: "opens: the door stands free for everybody",
    Reason.UNKNOWN_CREDENTIAL: "refused: this card is not on the list",
    Reason.NOT_YET_VALID: "refused: the grant has not begun",
    Reason.EXPIRED: "refused: the grant has ended",
    Reason.OUTSIDE_HOURS: "refused: outside the hours of its schedule",
    Reason.HOLIDAY: "refused: a holiday closes the hours of its schedule",
    Reason.LOST: "refused: the card was reported lost",
    Reason.DAMAGED: "refused: the card was reported damaged",
    Reason.SUSPENDED: "refused: the card is suspended",
    Reason.WITHDRAWN: "refused: the grant was withdrawn",
    Reason.MOVED_OUT: "refused: the holder moved out",
    Reason.SUPERSEDED: "refused: another card has replaced this one",
    Reason.WRONG_DOOR: "refused: not for this door or direction",
    Reason.NO_USES_LEFT: "refused: all its uses are spent",
    Reason.NEEDS_SECOND_CREDENTIAL: "not alone: a second person's card must follow",
    Reason.NEEDS_PIN: "not alone: the PIN must be typed",
    Reason.WRONG_PIN: "refused: the PIN is wrong",
    Reason.PIN_BLOCKED: "refused: too many wrong PINs",
    Reason.PASSBACK: "refused: the card is inside already (anti-passback)",
    Reason.INTERLOCK: "refused: another door of the interlock is open",
    Reason.LOCKED_DOWN: "refused: the door is locked down",
    Reason.LIST_TOO_OLD: "refused: the list is too old for this kind of grant",
    Reason.CLOCK_UNKNOWN: "refused: its times cannot be judged while the clock is unknown",
    Reason.COMPANION_REFUSED: "refused by the guard",
    Reason.FAULT: "refused: the gate cannot decide soundly",
}


def utc_text(second: int) -> str:
    """A UTC second as people write it."""
    return f"{local_text(second, UTC)}Z"


def local_text(second: int, zone: tzinfo) -> str:
    """A UTC second on the wall clock of ``zone``."""
    if not 0 <= second <= LAST_UTC:
        return f"second {second}"
    return datetime.fromtimestamp(second, zone).strftime("%Y-%m-%d %H:%M:%S")


def schedule_text(schedule: Schedule) -> str:
    """The weekly windows, then those of holidays."""
    parts = [", ".join(map(_window, schedule.windows)) or "never"]
    parts += [
        f"holidays of type {kind}: {', '.join(map(_window, windows)) or 'closed'}"
        for kind, windows in schedule.holiday_windows
    ]
    parts.append("other holidays: " + ("closed" if schedule.observes_holidays else "as any day"))
    return "; ".join(parts)


def _window(window: Window) -> str:
    return f"{_days(window.weekdays)} {_minute(window.start_minute)}-{_minute(window.end_minute)}"


def _days(weekdays: int) -> str:
    """Runs of days: mon-fri, sun."""
    days = [bit for bit in range(len(WEEKDAYS)) if weekdays >> bit & 1]
    starts = [one for one in days if one - 1 not in days]
    ends = [one for one in days if one + 1 not in days]
    if len(days) == len(WEEKDAYS):
        return "daily"
    return "+".join(
        WEEKDAYS[start] if start == end else f"{WEEKDAYS[start]}-{WEEKDAYS[end]}"
        for start, end in zip(starts, ends, strict=True)
    )


def _minute(minute: int) -> str:
    """Past midnight it counts on: 30:00 is six in the morning of the next day."""
    return f"{minute // 60:02}:{minute % 60:02}"
