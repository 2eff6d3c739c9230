"""What a cell of a table may say."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from office.exchange.cells import Row
from office.exchange.problems import Flaw, Problem
from office.exchange.sheets import Cell


@pytest.mark.parametrize(
    ("cell", "day", "flaws"),
    [
        ("2026年10月1日", date(2026, 10, 1), []),
        (datetime(2199, 12, 31, 8, tzinfo=UTC), date(2199, 12, 31), []),
        ("1970-01-02", date(1970, 1, 2), []),
        ("1970-01-01", None, [Flaw.DAY_TOO_FAR]),
        ("", None, []),
        (None, None, []),
        ("2026-06-31", None, [Flaw.NOT_A_DAY]),
        ("9999-12-31", None, [Flaw.DAY_TOO_FAR]),
        ("0001-01-01", None, [Flaw.DAY_TOO_FAR]),
        (date(9999, 12, 31), None, [Flaw.DAY_TOO_FAR]),
        (datetime(2200, 1, 1, tzinfo=UTC), None, [Flaw.DAY_TOO_FAR]),
    ],
)
def test_a_day_is_one_with_which_times_can_be_counted(
    cell: Cell, day: date | None, flaws: list[Flaw]
) -> None:
    noted: list[Problem] = []
    assert Row("cards", 2, {"valid_until": cell}, noted.append).day("valid_until") == day
    assert [one.code for one in noted] == flaws
