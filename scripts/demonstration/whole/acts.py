"""What a person can do on the gate page: each act by its name, and what they notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from scripts.demonstration.cards import Card
from scripts.demonstration.gate_client import GateGoneError, GateRefusedError
from scripts.demonstration.powered_gate import NoPowerError
from scripts.demonstration.world import READERS, World
from sync.records import MAX_NUMBER_BYTES

TAP: Final = "tap"
CABLE: Final = "cable"
"""Pulls the gate's cable to the office out, or plugs it in; not an act on its world."""

ACTS: Final[Mapping[str, tuple[str, Callable[[World], str]]]] = {
    "walk": ("Walk through the door", World.walk_through),
    "push": ("Push the door", World.push_door),
    "close": ("Close the door", World.close_door),
    "exit": ("Exit button", World.press_exit_shortly),
    "car": ("Car on the loop, or off", lambda world: world.car(there=not world.car_is_there)),
    "fire": ("Fire contact, on or off", lambda world: world.fire(pulled=not world.fire_is_pulled)),
    "mains": ("Mains, off or on", lambda world: world.mains(failed=not world.mains_has_failed)),
}
"""By name: what stands on the button, and what it does."""


class UnknownActError(Exception):
    """No such act, reader or card number; the text says which."""


def act(world: World, name: str, given: Mapping[str, str]) -> str:
    """Do it; what the person notices. Raises ``UnknownActError``."""
    try:
        if name == TAP:
            return world.tap(_card(given.get("number") or given.get("card", "")), _reader(given))
        if name not in ACTS:
            raise UnknownActError(f"there is no act {name[:20]!r}")
        return ACTS[name][1](world)
    except GateRefusedError as error:
        return f"Not possible: {error}."
    except (NoPowerError, GateGoneError):
        return "The gate does not answer."


def _card(text: str) -> Card:
    try:
        number = bytes.fromhex(text.replace(":", "").replace("-", ""))
    except ValueError:
        number = b""
    if not 0 < len(number) <= MAX_NUMBER_BYTES:
        raise UnknownActError("a card's number is hexadecimal digits in pairs, such as 04A1B2C3")
    return Card(f"card {number.hex().upper()}", number, "")


def _reader(given: Mapping[str, str]) -> str:
    reader = given.get("reader", "")
    if reader not in READERS:
        raise UnknownActError(f"there is no reader {reader[:20]!r}")
    return reader
