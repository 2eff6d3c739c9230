"""A kill in the middle of a write, within this process: nothing after the checkpoint happens any more."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable

OFFICE = 0
"""Stands for the office where gates are numbered from 1."""


class KilledError(BaseException):
    """This side is dead, as after SIGKILL; no handler of its own may notice."""

    def __init__(self, side: int) -> None:
        super().__init__(f"side {side} was killed at a write")
        self.side = side


class Fuse:
    """A checkpoint that kills its side at one of the next writes, once it was lit."""

    def __init__(self, side: int) -> None:
        self._side = side
        self._left: int | None = None

    def light(self, steps: int) -> None:
        """Kill at the step after so many more."""
        self._left = steps

    def put_out(self) -> None:
        """Kill nobody."""
        self._left = None

    def __call__(self, _step: str) -> None:
        if self._left == 0:
            self._left = None
            raise KilledError(self._side)
        if self._left is not None:
            self._left -= 1


def survive(act: Callable[[], object], begin_anew: Callable[[int], object]) -> bool:
    """Do ``act``; a side that is killed on the way begins anew. Whether nobody was."""
    killed = None
    with warnings.catch_warnings():
        # A database that the dead were just opening is closed by nobody, as after SIGKILL.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            act()
        except KilledError as error:
            killed = error.side
        if killed is not None:
            gc.collect()
    if killed is None:
        return True
    side = killed
    while not survive(lambda: begin_anew(side), begin_anew):
        pass
    return False
