"""A door that behaves: leaf, lock, its supply, and people who push, walk through or break it open.

Pure: time is passed in and the next deadline goes out. What the gate switches and feels is
``is_fed`` and ``is_open``; whoever plays the door carries both to lines (`wired` for
simulated ones, a command socket for a gate in another process).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, unique
from typing import Final

from msgspec import Struct

from drivers.gpio.sim import SimGpio

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


class WiredDoor:
    """A door on simulated lines; ``look`` after anything moved on either side."""

    def __init__(
        self,
        gpio: SimGpio,
        clock: Callable[[], float],
        *,
        hold: Hold,
        relay: str,
        contact: str,
        normally_closed: bool,
    ) -> None:
        """``normally_closed``: the lock hangs on that contact of the relay (energised by a high level)."""
        self._gpio = gpio
        self._clock = clock
        self._relay = relay
        self._contact = contact
        self._normally_closed = normally_closed
        self.door = VirtualDoor(hold, is_fed=normally_closed)
        self.look()

    def look(self) -> None:
        """Carry the relay to the lock and the leaf to the contact: low while it is shut."""
        energised = self._gpio.level(self._relay) is True
        self.door.is_fed = energised is not self._normally_closed
        self.door.on_time(self._clock())
        self._gpio.set_level(self._contact, None if self.door.is_open else False)

    def act(self, deed: Callable[[VirtualDoor], object]) -> bool:
        """Let somebody do something to the door as it stands now; whether it is open then."""
        self.look()
        deed(self.door)
        self.look()
        return self.door.is_open
