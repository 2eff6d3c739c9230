"""The font that forms are printed with: the system's, found by its file, with every character looked up."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from msgspec import Struct

from office.errors import OfficeError, Trouble


class Font(Struct, frozen=True):
    """A font of the system that has the characters of Chinese names."""

    family: str
    path: Path
    face: int
    """In a collection."""


KNOWN: Final = (
    Font("Noto Sans CJK SC", Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"), 2),
    Font("WenQuanYi Micro Hei", Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"), 0),
    Font("WenQuanYi Zen Hei", Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"), 0),
)
"""In this order; docs/adr/0017 says why none is shipped along."""
_LINE_BREAKS: Final = frozenset("\n\r\t")


def chosen_font() -> Font:
    """The first of the known fonts that is installed; raises ``OfficeError``."""
    for font in KNOWN:
        if font.path.exists():
            return font
    text = "no font with Chinese characters is installed; run: apt-get install fonts-noto-cjk"
    raise OfficeError(text, Trouble.NO_FONT)


@lru_cache(maxsize=len(KNOWN))
def characters(font: Font) -> frozenset[int]:
    """Code points that the font has glyphs for."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - only where something is printed

    with TTFont(font.path, fontNumber=font.face, lazy=True) as opened:
        return frozenset(opened.getBestCmap())


def missing(text: str, font: Font) -> set[str]:
    """Characters of the text that the font cannot show."""
    known = characters(font)
    return {one for one in set(text) - _LINE_BREAKS if ord(one) not in known}


def legible(text: str, font: Font) -> str:
    """The text with each character that the font lacks named by its number instead of an empty box.

    Rare characters of names are the reason: a form must not look right and be wrong.
    """
    lacking = missing(text, font)
    if not lacking:
        return text
    pattern = "[" + re.escape("".join(sorted(lacking))) + "]"
    return re.sub(pattern, lambda found: f"[U+{ord(found[0]):04X}]", text)
