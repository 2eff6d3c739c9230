from __future__ import annotations

import pytest

from sync.records import ClockState
from terminal.core.situation import LAST_UTC, Now


@pytest.mark.parametrize(
    ("utc", "floor", "clock", "wall"),
    [
        (100, 0, ClockState.TRUSTED, 100),
        (100, 0, ClockState.SUSPECT, 100),
        (100, 0, ClockState.UNKNOWN, None),
        (None, 50, ClockState.TRUSTED, None),
        (100, 150, ClockState.TRUSTED, 150),
        (0, 0, ClockState.TRUSTED, 0),
        (-1, -5, ClockState.TRUSTED, None),
        (LAST_UTC, 0, ClockState.TRUSTED, LAST_UTC),
        (LAST_UTC + 1, 0, ClockState.TRUSTED, None),
        (100, LAST_UTC + 1, ClockState.TRUSTED, None),
    ],
)
def test_the_second_to_decide_with(utc: int | None, floor: int, clock: ClockState, wall: int | None) -> None:
    assert Now(1.0, utc, floor, clock).wall == wall
