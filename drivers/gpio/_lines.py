"""What every bank of lines needs: who uses which pin, and time for a bias to act."""

from __future__ import annotations

import select
from collections.abc import Hashable

from drivers.ports import DriverSettingsError

BIAS_SETTLES_S = 0.001
"""A 50 kOhm pull charges 100 m of cable (about 10 nF) to a sure level in half of it."""


class Claims:
    """The users of a bank's pins; a pin may go by several names, but has one user."""

    def __init__(self) -> None:
        self._users: dict[Hashable, str] = {}

    def take(self, pin: Hashable, *, line: str, user: str) -> None:
        """Note that ``user`` has ``pin``, which its section calls ``line``.

        Raises:
            DriverSettingsError: it has a user already; both are named.
        """
        if pin in self._users:
            raise DriverSettingsError(
                f"line {line!r} is used twice: by {self._users[pin]} and by {user}; give one another line"
            )
        self._users[pin] = user

    def clear(self) -> None:
        """Nobody uses anything."""
        self._users.clear()


def let_bias_settle() -> None:
    """Wait until an input that nothing drives shows the level of its bias and not its past one.

    Blocks for a millisecond, only while a line is claimed: an exit button read too early
    would open a door at the start.
    """
    select.select((), (), (), BIAS_SETTLES_S)
