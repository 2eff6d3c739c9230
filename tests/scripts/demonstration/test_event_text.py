"""An event as one aligned line that fits a usual terminal."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scripts.demonstration.cards import LOST, SLIP
from scripts.demonstration.event_text import Names, event_text

NAMES = Names("East gate", {1: "pedestrian", 2: "barrier"}, ZoneInfo("Asia/Shanghai"))
AT = {"number": 7, "time": "2026-11-23T21:02:32.574Z", "boottime_ms": 61_234}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"kind": "tap", "door": 1, "credential": LOST.text, "reason": "lost"},
            "  7 05:02:32.574 refused             pedestrian lost card, lost",
        ),
        (
            {
                "kind": "tap",
                "door": 2,
                "credential": SLIP.text,
                "reason": "granted",
                "detail": {"companion": "01"},
            },
            "  7 05:02:32.574 GRANTED             barrier    slip, second card shown",
        ),
        (
            {"kind": "tap", "door": 1, "reason": "granted_free"},
            "  7 05:02:32.574 GRANTED             pedestrian granted_free",
        ),
        ({"kind": "door_opened", "door": 1}, "  7 05:02:32.574 door opened         pedestrian"),
        ({"kind": "started", "door": 9}, "  7 05:02:32.574 started"),
        (
            {"kind": "input_changed", "detail": {"input": "fire", "kind": "fire", "active": 1}},
            "  7 05:02:32.574 input changed                  input=fire, kind=fire, active=1",
        ),
    ],
)
def test_lines(fields: dict[str, Any], text: str) -> None:
    assert event_text(AT | fields, NAMES) == text
    assert len(text) < 80


def test_without_a_clock_the_time_since_the_boot_stands_in() -> None:
    fields = {"number": 12345, "kind": "fire", "boottime_ms": 61_234, "door": 2}
    assert event_text(fields, NAMES) == "12345 +61.2 s      fire                barrier"
