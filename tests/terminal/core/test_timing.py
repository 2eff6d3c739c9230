from __future__ import annotations

import math
from typing import Any

import pytest
from msgspec.structs import fields

from terminal.core.timing import BARRIER_TIMING, DOOR_TIMING, Timing


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("open_s", {"open_s": 0.0}),
        ("open_s", {"open_s": math.nan}),
        ("long_open_s", {"open_s": 30.0, "long_open_s": 20.0}),
        ("held_s", {"held_s": math.inf}),
        ("pre_alarm_s", {"held_s": 5.0, "pre_alarm_s": 5.0}),
        ("pre_alarm_s", {"pre_alarm_s": -1.0}),
        ("grace_s", {"grace_s": 0.0}),
        ("exit_stuck_s", {"exit_stuck_s": 4000.0}),
        ("pulse_s", {"pulse_s": 0.0}),
        ("travel_s", {"travel_s": 1.0, "pulse_s": 0.6}),
        ("clear_s", {"clear_s": -5.0}),
        ("blocked_s", {"blocked_s": 4.0}),
    ],
)
def test_a_time_out_of_range_is_refused_by_name(field: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"^{field} is .*(allowed are|must be)"):
        Timing(**wrong)


def test_the_defaults_keep_their_own_rules() -> None:
    for timing in (DOOR_TIMING, BARRIER_TIMING):
        assert Timing(**{one.name: getattr(timing, one.name) for one in fields(Timing)}) == timing
