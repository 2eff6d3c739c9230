"""A vehicle barrier that behaves: a boom that takes its time, a loop, vehicles that come and go.

Pure: time is passed in and the next deadline goes out. The barrier has its own controller, as real ones
do: a pulse at an input starts it, and a boom that meets something turns round. Whoever plays it carries
the gate's pulses and the two contacts to lines.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import Final

from msgspec import Struct

DOWN, UP = 0.0, 1.0
LOW: Final = 0.3
"""A boom below this hits what stands under it."""
DRIVE_S: Final = 4.0
"""From rolling onto the loop to leaving it on the other side."""


@unique
class Order(Enum):
    """The controller's inputs."""

    OPEN = "open"
    CLOSE = "close"
    STOP = "stop"


_SPEED: Final = {Order.OPEN: 1, Order.CLOSE: -1, Order.STOP: 0}


class VirtualBarrier(Struct):
    """One boom, the loop under it and at most one vehicle on the loop."""

    travel_s: float = 4.0
    position: float = DOWN
    vehicle_is_there: bool = False
    is_jammed: bool = False
    """The motor turns nothing."""
    hits: int = 0
    """How often the boom came down on a vehicle."""
    drives_off_at: float | None = None
    _speed: int = 0
    _at: float = 0.0

    @property
    def is_down(self) -> bool:
        """What the contact at the boom tells."""
        return self.position <= DOWN

    @property
    def lets_through(self) -> bool:
        """Whether a vehicle may drive."""
        return self.position >= UP

    def order(self, order: Order, now: float) -> None:
        """A pulse at one of the controller's inputs."""
        self.on_time(now)
        self._speed = _SPEED[order]

    def arrive(self) -> None:
        """A vehicle rolls onto the loop and waits."""
        self.vehicle_is_there = True

    def drive_through(self, now: float) -> bool:
        """The vehicle drives, if the boom is up; whether it does."""
        self.on_time(now)
        if self.lets_through:
            self.vehicle_is_there, self.drives_off_at = True, now + DRIVE_S
        return self.lets_through

    def drive_off(self) -> None:
        """The vehicle leaves the loop, forwards or back."""
        self.vehicle_is_there, self.drives_off_at = False, None

    def next_deadline(self) -> float | None:
        """When ``on_time`` has something to do."""
        due = [] if self.drives_off_at is None else [self.drives_off_at]
        if self._speed and not self.is_jammed:
            way = UP - self.position if self._speed > 0 else self.position
            if self._comes_down_on_something:
                way = max(0.0, self.position - LOW)
            due.append(self._at + way * self.travel_s)
        return min(due, default=None)

    def on_time(self, now: float) -> None:
        """Let happen what is due, in its order."""
        while (due := self.next_deadline()) is not None and due <= now:
            self._move(due)
            if self.drives_off_at is not None and due >= self.drives_off_at:
                self.drive_off()
            elif self._comes_down_on_something and self.position <= LOW:
                self.hits += 1
                self._speed = 1
            else:
                self._speed = 0
        self._move(now)

    @property
    def _comes_down_on_something(self) -> bool:
        return self._speed < 0 and self.vehicle_is_there and self.position > DOWN

    def _move(self, now: float) -> None:
        if not self.is_jammed:
            moved = self._speed * (now - self._at) / self.travel_s
            # A billionth of the way is no distance: rounding must not keep it from its end.
            self.position = round(min(UP, max(DOWN, self.position + moved)), 9)
        self._at = now
