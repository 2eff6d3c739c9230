"""Times, schedules and reasons in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from sync.records import Reason, Schedule, Window
from terminal.cli._words import REASONS, local_text, schedule_text, utc_text


def test_every_reason_has_words() -> None:
    assert set(REASONS) == set(Reason)
    assert all(REASONS[one].startswith("opens") == one.granted for one in Reason)


@pytest.mark.parametrize(
    ("weekdays", "says"),
    [
        (0x7F, "daily 22:00-30:00"),
        (0x1F, "mon-fri 22:00-30:00"),
        (0x41, "mon+sun 22:00-30:00"),
        (0x6B, "mon-tue+thu+sat-sun 22:00-30:00"),
    ],
)
def test_windows_name_their_days(weekdays: int, says: str) -> None:
    schedule = Schedule(1, (Window(weekdays, 1320, 1800),))
    assert schedule_text(schedule) == f"{says}; other holidays: closed"


def test_holidays_of_a_schedule_are_told() -> None:
    schedule = Schedule(1, (), ((1, ()), (2, (Window(0x7F, 0, 1440),))), observes_holidays=False)
    assert schedule_text(schedule) == (
        "never; holidays of type 1: closed; holidays of type 2: daily 00:00-24:00; other holidays: as any day"
    )


@pytest.mark.parametrize(
    ("second", "text"),
    [
        (0, "1970-01-01 00:00:00Z"),
        (1_800_000_000, "2027-01-15 08:00:00Z"),
        (2**53, f"second {2**53}Z"),
        (-1, "second -1Z"),
    ],
)
def test_no_number_is_too_large_to_be_shown(second: int, text: str) -> None:
    assert utc_text(second) == text


def test_local_times_are_of_the_zone() -> None:
    assert local_text(1_800_000_000, ZoneInfo("Asia/Shanghai")) == "2027-01-15 16:00:00"
