"""A door that behaves: leaf, lock, its supply, and people who push, walk through or break it open.

Pure: time is passed in and the next deadline goes out. What the gate switches and feels is
``is_fed`` and ``is_open``; whoever plays the door carries both to lines, or over a
command socket to a gate in another process.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import Final

from msgspec import Struct

WALK_S: Final = 1.2
"""From pushing a door until it falls shut behind somebody."""


@unique
class Hold(Enum):
    """What current does to the lock."""

    BY_CURRENT = "by_current"
    """Magnet and fail-safe strike: without current the door is free."""
    WITHOUT_CURRENT = "without_current"
    """Fail-secure strike: current sets the door free."""


class VirtualDoor(Struct):
    """One leaf. A person's act answers whether the leaf moved."""

    hold: Hold
    is_fed: bool
    """The relay's contact lets the lock have its current."""
    has_power: bool = True
    fire_contact_is_open: bool = False
    """In the lock's supply, where no software is."""
    emergency_exit_is_pressed: bool = False
    """In the lock's supply, too: pressed, it takes the current away."""
    is_open: bool = False
    falls_shut_at: float | None = None

    @property
    def gives_way(self) -> bool:
        """Whether a push opens it."""
        breaks = self.fire_contact_is_open or self.emergency_exit_is_pressed
        current = self.is_fed and self.has_power and not breaks
        return current is (self.hold is Hold.WITHOUT_CURRENT)

    def push(self) -> bool:
        """Somebody pushes; a locked leaf stays, an open one is open."""
        self.is_open = self.is_open or self.gives_way
        return self.is_open

    def walk_through(self, now: float) -> bool:
        """Somebody pushes and walks; it falls shut behind them."""
        if self.push():
            self.falls_shut_at = now + WALK_S
        return self.is_open

    def force(self) -> None:
        """The leaf breaks open, locked or not."""
        self.is_open = True

    def close(self) -> None:
        """Somebody pulls the leaf shut."""
        self.is_open, self.falls_shut_at = False, None

    def next_deadline(self) -> float | None:
        """When ``on_time`` has something to do."""
        return self.falls_shut_at

    def on_time(self, now: float) -> None:
        """Let happen what is due."""
        if self.falls_shut_at is not None and now >= self.falls_shut_at:
            self.close()
