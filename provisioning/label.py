"""The label on a gate's box, as text and as a drawing of 90 x 50 mm.

No picture code: a person compares the fingerprint, in groups of four, with the office's
screen, and what a camera would add is a dependency and a habit of not looking.
"""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from msgspec import Struct

WIDTH_MM: Final = 90
HEIGHT_MM: Final = 50
MARGIN_MM: Final = 5
_GLYPH: Final = 0.62
"""Width of a monospaced sign, in parts of its height."""


class Label(Struct, frozen=True):
    """What stands on it."""

    name: str
    gate_id: int
    estate: str
    fingerprint: str
    date: str
    software: str


def as_text(label: Label) -> str:
    """Lines for a terminal or a line printer."""
    return "\n".join(f"{name:<9} {value}" for name, value in _rows(label))


def as_svg(label: Label) -> str:
    """A drawing that any browser prints; no font, picture or address from elsewhere."""
    room = WIDTH_MM - 2 * MARGIN_MM
    lines = [_line(label.name, 13, min(7.0, room / (_GLYPH * max(1, len(label.name)))), "sans-serif")]
    at = 22.0
    for name, value in _rows(label)[1:]:
        size = min(4.2, room / (_GLYPH * (len(value) + 10)))
        lines.append(_line(f"{name:<9} {value}", at, size, "monospace"))
        at += 6
    frame = (
        f'<rect x="1" y="1" width="{WIDTH_MM - 2}" height="{HEIGHT_MM - 2}" fill="none" stroke="black"'
        ' stroke-width="0.4"/>'
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_MM}mm" height="{HEIGHT_MM}mm"'
        f' viewBox="0 0 {WIDTH_MM} {HEIGHT_MM}">'
    )
    return "\n".join([head, frame, *lines, "</svg>", ""])


def _rows(label: Label) -> list[tuple[str, str]]:
    return [
        ("name", label.name),
        ("gate", f"{label.gate_id} of estate {label.estate}"),
        ("key", label.fingerprint),
        ("date", label.date),
        ("software", label.software),
    ]


def _line(text: str, at: float, size: float, family: str) -> str:
    return (
        f'<text x="{MARGIN_MM}" y="{at:g}" font-size="{size:.2f}" font-family="{family}"'
        f' xml:space="preserve">{escape(text)}</text>'
    )
