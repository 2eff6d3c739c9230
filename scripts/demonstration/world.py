"""The world around one gate: people, door leaf, cars, fire panel, mains, the operator.

Everything acts through the gate's command socket, and what stands outside the gate stays as it
is while the gate has no power. Each act answers with what the person who does it notices.
A web page can use it as the terminal does; all of it belongs on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from drivers.virtual_door import WALK_S, Hold, VirtualDoor
from scripts.demonstration.cards import PIN, Card
from scripts.demonstration.gate_client import GateRefusedError
from scripts.demonstration.hand import CannotTapError, Hand, SocketHand
from scripts.demonstration.powered_gate import PoweredGate

PEDESTRIAN: Final = "pedestrian"
BARRIER: Final = "barrier"
PEDESTRIAN_IN: Final = "pedestrian_in"
BARRIER_IN: Final = "barrier_in"
BARRIER_OUT: Final = "barrier_out"
READERS: Final = (PEDESTRIAN_IN, BARRIER_IN, BARRIER_OUT)

_CONTACT: Final = "contact1"
_EXIT: Final = "exit1"
_LOOP: Final = "loop2"
_FIRE: Final = "fire"
_MAINS: Final = "mains"
_AT_REST: Final = {_CONTACT: False, _EXIT: True, _LOOP: True, _FIRE: False, _MAINS: True}
"""Lines and levels as scripts/demonstration/gate.toml wires them: door closed, nobody there, no fire."""

_OPERATOR: Final = "operator 1"

PRESS_S: Final = 0.4
"""A finger on a button."""


class World:
    """Plays everything that is not the gate. ``hands`` may replace the hand at a reader."""

    def __init__(
        self,
        gate: PoweredGate,
        monotonic: Callable[[], float],
        hands: Mapping[str, Hand] | None = None,
    ) -> None:
        self.gate = gate
        self._monotonic = monotonic
        self._hands: dict[str, Hand] = {name: SocketHand(gate.ask, name) for name in READERS}
        self._hands |= hands or {}
        self._levels = dict(_AT_REST)
        self._door = VirtualDoor(Hold.BY_CURRENT, is_fed=True)
        self._later: list[tuple[float, Callable[[], object]]] = []

    def power_on(self) -> str:
        """Give the gate its power; raises what ``PoweredGate.switch_on`` raises."""
        self.gate.switch_on(line for line, high in self._levels.items() if not high)
        return "The gate has power."

    def cut_power(self) -> str:
        """Take the power away, in the middle of whatever the gate does."""
        self.gate.cut()
        return "The power is cut."

    # Time

    @property
    def next_wait_s(self) -> float | None:
        """Seconds until ``on_time`` has something to do; ``None``: nothing is begun."""
        due = min((at for at, _ in self._later), default=None)
        return None if due is None else max(0.0, due - self._monotonic())

    def on_time(self) -> None:
        """Do what people had begun and end now: a button comes up, a door falls shut."""
        now = self._monotonic()
        due = [act for at, act in self._later if at <= now]
        self._later = [(at, act) for at, act in self._later if at > now]
        for act in due:
            act()

    # People

    def tap(self, card: Card, reader: str) -> str:
        """Somebody holds a card to a reader."""
        if not self.gate.is_on:
            return "The reader is dark."
        try:
            self._hands[reader].tap(card)
        except (CannotTapError, GateRefusedError) as error:
            return f"Not possible: {error}."
        return f"{card.role}: held to {reader}"

    def type_pin(self, reader: str) -> str:
        """Somebody types the PIN of the demonstration at a reader's keypad."""
        self.gate.ask("type", reader=reader, digits=PIN)
        return f"{PIN} is typed at {reader}."

    def refuse(self, door: str) -> str:
        """The guard says no to whoever waits for the guard's card."""
        try:
            self.gate.ask("refuse", door=door, reason="goods not on the slip")
        except GateRefusedError as error:
            return f"Nobody to refuse: {error}."
        return f"{door}: the guard refuses; nothing is spent."

    def book(self, door: str) -> str:
        """The guard books a slip to the opening that their own card gave."""
        try:
            self.gate.ask("book", door=door, slip="4711")
        except GateRefusedError as error:
            return f"Nothing to book: {error}."
        return f"{door}: slip 4711 is booked to the guard's opening."

    def press_exit(self) -> str:
        """A finger goes down on the exit button."""
        self._set(_EXIT, False)
        return "The exit button is pressed."

    def release_exit(self) -> str:
        """The finger comes up again."""
        self._set(_EXIT, True)
        return "The exit button is released."

    def press_exit_shortly(self) -> str:
        """Press and release, in a moment."""
        self._after(PRESS_S, self.release_exit)
        return self.press_exit()

    @property
    def door_moves(self) -> bool:
        """Whether the pedestrian door gives way: unlocked, or its supply cut by the fire contact."""
        status = self.gate.status()
        # The magnet hangs on the resting contact: without a gate nothing moves the relay.
        self._door.is_fed = status is None or not status["doors"][PEDESTRIAN]["unlocked"]
        self._door.fire_contact_is_open = self._levels[_FIRE]
        return self._door.gives_way

    def push_door(self) -> str:
        """Somebody pushes the pedestrian door; a locked one does not move."""
        if not self._door.is_open and not self.door_moves:
            return "The door is locked; it does not move."
        return self.force_door("The door stands open.")

    def force_door(self, told: str = "The door breaks open.") -> str:
        """The pedestrian door comes open, locked or not."""
        self._door.force()
        self._set(_CONTACT, True)
        return told

    def close_door(self) -> str:
        """The pedestrian door falls shut."""
        self._door.close()
        self._set(_CONTACT, False)
        return "The door is shut."

    def walk_through(self) -> str:
        """Somebody pushes the door and walks; it falls shut in a moment."""
        told = self.push_door()
        if self._door.is_open:
            self._after(WALK_S, self.close_door)
        return told

    @property
    def car_is_there(self) -> bool:
        """Whether a car stands on the barrier's loop."""
        return not self._levels[_LOOP]

    def car(self, *, there: bool) -> str:
        """A car rolls onto the barrier's loop, or off it."""
        self._set(_LOOP, not there)
        return "A car stands under the boom." if there else "The car has driven off."

    @property
    def fire_is_pulled(self) -> bool:
        """Whether the fire input's circuit is open."""
        return self._levels[_FIRE]

    def fire(self, *, pulled: bool) -> str:
        """The fire panel opens its contact, or closes it again."""
        self._set(_FIRE, pulled)
        return "The fire panel calls." if pulled else "The fire panel is quiet."

    @property
    def mains_has_failed(self) -> bool:
        """Whether the mains supply is away."""
        return not self._levels[_MAINS]

    def mains(self, *, failed: bool) -> str:
        """The mains supply fails (the gate runs on its battery), or is back."""
        self._set(_MAINS, not failed)
        return "The mains fail; the battery carries the gate." if failed else "The mains are back."

    # The operator

    def mode(self, door: str, mode: str) -> str:
        """The operator puts a door into a mode."""
        self.gate.ask("mode", door=door, mode=mode, operator=_OPERATOR)
        return f"{door}: {mode} ordered."

    def open_remotely(self, door: str) -> str:
        """The operator opens a door from afar."""
        self.gate.ask("open", door=door, operator=_OPERATOR, reason="asked for at the door")
        return f"{door}: opened remotely."

    # Inside

    def _set(self, line: str, high: bool) -> None:
        """Move a line; without power it stands so when the gate comes back."""
        self._levels[line] = high
        if self.gate.is_on:
            self.gate.ask("sim_line", line=line, level=high)

    def _after(self, seconds: float, act: Callable[[], object]) -> None:
        self._later.append((self._monotonic() + seconds, act))
