"""Colours that can be read: every text on every ground of the style sheet, by day and by night (WCAG AA)."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Final

import pytest

SHEET: Final = Path(__file__).resolve().parents[3] / "office" / "desk" / "static" / "desk" / "desk.css"
READABLE: Final = 4.5
"""Contrast of text (WCAG 2.2, 1.4.3)."""
SEEN: Final = 3.0
"""Contrast of a field's border and of the mark of the focus (1.4.11)."""
TEXTS: Final = ("ink", "soft", "brand", "good", "bad", "wait")
GROUNDS: Final = ("paper", "ground", "tint")
PAIRS: Final = [*product(TEXTS, GROUNDS), ("on-brand", "brand"), ("on-brand", "bad")]


def palettes() -> dict[str, dict[str, str]]:
    day, night = re.findall(r":root \{([^}]*)\}", SHEET.read_text("utf-8"))[:2]
    read = [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", one)) for one in (day, night)]
    return {"day": read[0], "night": read[0] | read[1]}


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * one for one in digits) if len(digits) == len("abc") else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_is_21() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("hour", ["day", "night"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_a_text_can_be_read_on_its_ground(hour: str, text: str, ground: str) -> None:
    colours = palettes()[hour]
    assert contrast(colours[text], colours[ground]) >= READABLE


@pytest.mark.parametrize("hour", ["day", "night"])
def test_fields_and_the_focus_are_seen(hour: str) -> None:
    colours = palettes()[hour]
    for mark, ground in product(("soft", "brand"), GROUNDS):
        assert contrast(colours[mark], colours[ground]) >= SEEN


def test_no_state_is_told_by_colour_alone() -> None:
    sheet = SHEET.read_text("utf-8")
    coloured = set(re.findall(r"\.state\.([\w-]+)[^{}]*\{ color", sheet))
    signed = set(re.findall(r"\.state\.([\w-]+)::before", sheet)) | {"applied", "paid", "found"}
    assert coloured
    assert coloured <= signed  # the others have the plain circle before their word
