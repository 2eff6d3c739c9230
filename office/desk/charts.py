"""Bars as plain numbers for an SVG in the page: no script, no library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

WIDTH: Final = 720
ROW: Final = 26
LABEL: Final = 150
_ROOM_FOR_NUMBER: Final = 70


class Bar(Struct, frozen=True):
    """One bar of a chart; units are those of the SVG."""

    label: str
    value: str
    top: int
    width: float

    @property
    def middle(self) -> int:
        """Where its texts stand."""
        return self.top + 16

    @property
    def end(self) -> float:
        """Where its number stands."""
        return LABEL + self.width + 6


class Chart(Struct, frozen=True):
    """A chart of horizontal bars; every bar carries its number, so that its length is never the only sign."""

    title: str
    bars: list[Bar]
    left: int = LABEL
    width: int = WIDTH

    @property
    def height(self) -> int:
        """Of the whole picture."""
        return ROW * len(self.bars) + 4


def chart(title: str, values: Sequence[tuple[str, float]], shown: str = "{:,.0f}") -> Chart:
    """A chart; the longest bar fills the width."""
    most = max((value for _, value in values), default=0)
    scale = (WIDTH - LABEL - _ROOM_FOR_NUMBER) / most if most > 0 else 0
    bars = [
        Bar(label, shown.format(value), ROW * place, round(max(0.0, value) * scale, 1))
        for place, (label, value) in enumerate(values)
    ]
    return Chart(title, bars)
