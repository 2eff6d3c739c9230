"""The words a story is told in: acts, events and states, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from scripts.demonstration.cards import Card, role_of
from scripts.demonstration.event_text import Names
from scripts.demonstration.world import World

COMES_WITHIN_S: Final = 5.0


class Act(Struct, frozen=True):
    """Somebody does something; what they notice is told."""

    act: Callable[[World], str]


class Seen(Struct, frozen=True):
    """An event as far as a story tells it; what is ``None`` is not in the event."""

    kind: str
    door: str | None = None
    role: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        return ", ".join(word for word in (self.kind, self.door, self.role, self.reason) if word)


class Events(Struct, frozen=True):
    """Exactly these events come next, in any order among themselves."""

    expected: tuple[Seen, ...]


class Stands(Struct, frozen=True):
    """The gate's status has this value at this place now."""

    told: str
    path: tuple[str, ...]
    value: object
    within_s: float = 0.0
    """How long it may take until the value is there."""


Step = Act | Events | Stands


class Chapter(Struct, frozen=True):
    """A part of the story that comes out as told, or does not."""

    title: str
    steps: tuple[Step, ...]


def see(kind: str, door: str | None = None, card: Card | None = None, reason: str | None = None) -> Events:
    """One event comes next."""
    return Events((Seen(kind, door, None if card is None else card.role, reason),))


def stands(told: str, path: str, value: object) -> Stands:
    """The status at ``path`` (words between dots) is ``value``, for people: ``told``."""
    return Stands(told, tuple(path.split(".")), value)


def comes(told: str, path: str, value: object) -> Stands:
    """The status comes to be so, without an event that says it."""
    return replace(stands(told, path, value), within_s=COMES_WITHIN_S)


def seen(fields: Mapping[str, Any], names: Names) -> Seen:
    """An event of the gate in the words of the story."""
    credential = fields.get("credential")
    return Seen(
        fields["kind"],
        names.doors.get(fields.get("door", 0)),
        None if credential is None else role_of(credential),
        fields.get("reason"),
    )
