"""A virtual door and a virtual barrier on the lines of a simulated bank: what a gate switches and feels."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.gpio.sim import LevelChanged, SimGpio
from drivers.virtual_barrier import Order, VirtualBarrier
from drivers.virtual_door import Hold, VirtualDoor


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


class WiredBarrier:
    """A barrier on simulated lines; ``look`` after anything moved on either side.

    ``outputs``: the gate's lines for `Order`, pulsing high. ``loop`` is low while a vehicle is there
    and ``contact`` low while the boom is down.
    """

    def __init__(
        self,
        gpio: SimGpio,
        clock: Callable[[], float],
        *,
        outputs: Mapping[Order, str],
        loop: str,
        contact: str,
        travel_s: float = 4.0,
    ) -> None:
        self._gpio = gpio
        self._clock = clock
        self._orders = {line: order for order, line in outputs.items()}
        self._loop = loop
        self._contact = contact
        self._heard: LevelChanged | None = next(reversed(gpio.history()), None)
        self.barrier = VirtualBarrier(travel_s=travel_s, _at=clock())
        self.look()

    def look(self) -> None:
        """Carry pulses to the controller, each at its own moment, and boom and loop to the contacts."""
        for change in self._unheard():
            if change.level is True and change.line in self._orders:
                self.barrier.order(self._orders[change.line], change.at)
        self.barrier.on_time(self._clock())
        self._gpio.set_level(self._loop, False if self.barrier.vehicle_is_there else None)
        self._gpio.set_level(self._contact, False if self.barrier.is_down else None)

    def act(self, deed: Callable[[VirtualBarrier], object]) -> None:
        """Let somebody do something at the barrier as it stands now."""
        self.look()
        deed(self.barrier)
        self.look()

    def _unheard(self) -> list[LevelChanged]:
        news: list[LevelChanged] = []
        for change in reversed(self._gpio.history()):
            if change is self._heard:
                break
            news.append(change)
        self._heard = news[0] if news else self._heard
        return news[::-1]
