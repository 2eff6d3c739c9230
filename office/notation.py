"""How people write times, hours and weekdays in an estate file.

times     2026-10-01T08:00:00+08:00, or without offset in the estate's time zone
hours     08:00-18:00, 22:00-06:00 (into the next day), 00:00-24:00
windows   mon-fri 08:00-18:00 · sat,sun 10:00-16:00 · daily 06:00-22:00
"""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sync.records import RecordError, Window

FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(2199, 12, 31)
"""What a person may mean by a day: gates count from 1970, and a day, a grace, a time zone can be added."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAILY = 0x7F
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_MINUTE = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def read_time(value: object, zone: ZoneInfo) -> int:
    """UTC seconds of an ISO 8601 text or a TOML date-time; raises ``ValueError``."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        raise ValueError("write a time such as 2026-10-01T08:00:00")  # noqa: TRY004  # a person's typo
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    seconds = int(moment.timestamp())
    if seconds < 0:
        raise ValueError("times begin in 1970")
    return seconds


def read_day(value: object) -> date:
    """A calendar day from ISO 8601 text or a TOML date; raises ``ValueError``."""
    if isinstance(value, str):
        return date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("write a day such as 2026-10-01")  # noqa: TRY004  # a person's typo
    return value


def read_minute(text: str) -> int:
    """Minute of the day of ``HH:MM``; raises ``ValueError``."""
    found = _MINUTE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r}: write a time of day such as 04:00")
    return 60 * int(found[1]) + int(found[2])


def read_window(text: str, *, weekdays: bool = True) -> Window:
    """A window such as ``mon-fri 08:00-18:00``, or hours alone; raises ``ValueError``."""
    words = text.split()
    if len(words) != (2 if weekdays else 1):
        example = "mon-fri 08:00-18:00" if weekdays else "08:00-18:00"
        raise ValueError(f"{text!r}: write a window such as {example}")
    days = _read_weekdays(words[0]) if weekdays else DAILY
    found = _HOURS.fullmatch(words[-1])
    if found is None:
        raise ValueError(f"{words[-1]!r}: write hours such as 08:00-18:00 or 22:00-06:00")
    start, end = 60 * int(found[1]) + int(found[2]), 60 * int(found[3]) + int(found[4])
    try:
        return Window(days, start, end if end > start else end + 1440)
    except RecordError as error:
        raise ValueError(f"{text!r}: {error}") from None


def _read_weekdays(text: str) -> int:
    if text == "daily":
        return DAILY
    days = 0
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            raise ValueError(f"{part!r}: write weekdays such as mon-fri, sat,sun or daily")
        start, count = WEEKDAYS.index(first), WEEKDAYS.index(last or first) - WEEKDAYS.index(first)
        for step in range(count % 7 + 1):
            days |= 1 << (start + step) % 7
    return days
