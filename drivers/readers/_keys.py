"""What a typing reader's keys mean, on the US layout that such readers have from the factory. Pure.

Codes are those of linux/input-event-codes.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ENTER: Final = 28
DIGIT_KEYS: Final = range(2, 12)
"""KEY_1 to KEY_9, KEY_0: a device without them and Enter types no numbers."""

ENDS: Final = frozenset({ENTER, 96, 15})
"""Enter, Enter of the keypad, Tab: what readers can be set to type after a number."""
BACKSPACE: Final = 14
ESCAPE: Final = 1
SHIFTS: Final = frozenset({42, 54})
LOCKS: Final = frozenset({58, 69, 70})
"""Caps, Num and Scroll Lock; their state is nobody's here: no lamp is lit, no screen looked at."""

_ROWS: Final = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (55, "*", "*"),
    (57, " ", " "),
    (71, "789-456+1230.", "789-456+1230."),
    (98, "/", "/"),
)
"""First key of a row of neighbouring codes, its characters, and those with Shift. From 71 on: the keypad."""

CHARACTERS: Final[Mapping[int, str]] = {
    first + i: character for first, plain, _ in _ROWS for i, character in enumerate(plain)
}
SHIFTED: Final[Mapping[int, str]] = {
    first + i: character for first, _, shifted in _ROWS for i, character in enumerate(shifted)
}
