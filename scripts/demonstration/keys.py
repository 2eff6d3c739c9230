"""What a single key does: the menu of acts, for a terminal or any other page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from scripts.demonstration.cards import CARDS, Card
from scripts.demonstration.gate_client import GateGoneError, GateRefusedError
from scripts.demonstration.gate_process import GateStartError
from scripts.demonstration.powered_gate import NoPowerError
from scripts.demonstration.world import BARRIER, PEDESTRIAN, PEDESTRIAN_IN, READERS, World

NEXT_READER: Final = "\t"
QUIT: Final = "q"
TYPE_PIN: Final = "i"

HELP: Final = (
    "  ".join(f"{card.key} {card.role}" for card in CARDS[:6]),
    "  ".join(f"{card.key} {card.role}" for card in CARDS[6:]),
    "w walk through  p push door  c close door  b break open  e exit button",
    "v car on the loop  f fire  m mains  x gate's power  r remote open  i type PIN",
    "l lockdown  a free access  n normal  g guard refuses  o books a slip  q quit",
)

_ACTS: Final[Mapping[str, Callable[[World], str]]] = {
    "w": World.walk_through,
    "p": World.push_door,
    "c": World.close_door,
    "b": World.force_door,
    "e": World.press_exit_shortly,
    "v": lambda world: world.car(there=not world.car_is_there),
    "f": lambda world: world.fire(pulled=not world.fire_is_pulled),
    "m": lambda world: world.mains(failed=not world.mains_has_failed),
    "x": lambda world: world.cut_power() if world.gate.is_on else world.power_on(),
}
_AT_A_DOOR: Final[Mapping[str, Callable[[World, str], str]]] = {
    "l": lambda world, door: world.mode(door, "lockdown"),
    "a": lambda world, door: world.mode(door, "free"),
    "n": lambda world, door: world.mode(door, "normal"),
    "r": World.open_remotely,
    "g": World.refuse,
    "o": World.book,
}
_CARDS: Final[Mapping[str, Card]] = {card.key: card for card in CARDS}


class Keyboard:
    """Turns keys into acts at one reader at a time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.reader = PEDESTRIAN_IN
        """Where cards are tapped; its door takes the operator's orders."""

    def press(self, key: str) -> str:
        """Do what ``key`` stands for; answers with what is noticed, or why nothing happens."""
        if key == NEXT_READER:
            self.reader = READERS[(READERS.index(self.reader) + 1) % len(READERS)]
            return f"Cards are tapped at {self.reader} now."
        act = self._act(key)
        if act is None:
            return "This key does nothing; see above."
        try:
            return act()
        except (NoPowerError, GateGoneError, GateRefusedError, GateStartError) as error:
            return f"Not possible: {error}."

    def _act(self, key: str) -> Callable[[], str] | None:
        if key in _CARDS:
            return partial(self._world.tap, _CARDS[key], self.reader)
        if key in _ACTS:
            return partial(_ACTS[key], self._world)
        if key == TYPE_PIN:
            return partial(self._world.type_pin, self.reader)
        if key in _AT_A_DOOR:
            door = PEDESTRIAN if self.reader == PEDESTRIAN_IN else BARRIER
            return partial(_AT_A_DOOR[key], self._world, door)
        return None
