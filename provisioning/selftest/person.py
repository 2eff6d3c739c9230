"""The person at the gate, as the self-test sees one: is asked, is asked to do something, is told."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Final, Protocol

from msgspec import Struct

from provisioning.errors import ProvisioningError

YES: Final = "yes"
NO: Final = "no"
AGAIN: Final = "again"
CAME_FREE: Final = "came free"
LOCKED: Final = "became locked"
NOTHING: Final = "nothing"
OPENED: Final = "went up"
CLOSED: Final = "went down"


class SelfTestError(ProvisioningError):
    """The self-test cannot be made; the text says why, and the cure."""


@unique
class Asked(StrEnum):
    """What a question is about."""

    AREA = "area"
    STOP_GATE = "stop_gate"
    CLICK = "click"
    """Which way did it move while the relay clicked?"""
    GIVES_WAY = "gives_way"
    """Does the door open when it is pushed?"""
    SHOWN = "shown"
    """Was the lamp seen, the buzzer heard?"""


@unique
class Deed(StrEnum):
    """What somebody is asked to do; each has its opposite, so that all is as before."""

    OPEN_DOOR = "open the door"
    CLOSE_DOOR = "close the door"
    PRESS_EXIT = "press the exit button, and hold it"
    RELEASE_EXIT = "let go of the exit button"
    OCCUPY_LOOP = "bring a car or a steel plate over the loop"
    CLEAR_LOOP = "clear the loop"
    BREAK_FIRE = "trip the fire contact"
    RESTORE_FIRE = "reset the fire contact"
    PRESS_EMERGENCY = "press the emergency exit"
    RESTORE_EMERGENCY = "reset the emergency exit"
    TRIP_INPUT = "trip the input"
    RESTORE_INPUT = "restore the input"
    HOLD_CARD = "hold a card to the reader"


class Question(Struct, frozen=True):
    """A question with its possible answers."""

    about: Asked
    subject: str
    """The door, reader or lamp it is about."""
    text: str
    answers: tuple[str, ...]


class Person(Protocol):
    """Somebody at the gate, or whoever stands in for one at a simulated gate."""

    def ask(self, question: Question) -> str:
        """One of the question's answers."""

    def please(self, deed: Deed, subject: str) -> None:
        """Ask for something to be done; the self-test watches whether it happens."""

    def say(self, text: str) -> None:
        """Tell how it goes."""
