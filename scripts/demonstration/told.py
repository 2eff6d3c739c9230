"""What the stories that wait for an office have in common: it comes out as told, in time, or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from terminal import clock

LOOK_S: Final = 0.05


class NotAsToldError(Exception):
    """The story came out otherwise than told."""


def until(what: str, check: Callable[[], bool], within_s: float, wait: Callable[[float], None]) -> None:
    """Look again and again; ``wait`` lets so many seconds pass, in which people go on passing."""
    deadline = clock.monotonic() + within_s
    while not check():
        if clock.monotonic() > deadline:
            raise NotAsToldError(f"{what}: not within {within_s:g} s")
        wait(LOOK_S)
