"""What the office may order, and which arguments each order takes.

Doors go by their number in the list, readers by their name in the gate's configuration,
operators by their id at the office: they stand in the usage log, names never do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum, unique
from typing import Final

from msgspec import Struct

from sync.codec import CodecError
from sync.events import MAX_TEXT
from sync.fields import MAX_WHOLE, text, whole
from sync.records import DoorMode

MAX_BLINK_S: Final = 300
MAX_MAINTENANCE_S: Final = 8 * 3_600
"""A working day."""

Argument = int | str
"""What an argument may be."""


@unique
class OrderKind(IntEnum):
    """An order; the value is its number on the wire and permanent."""

    OPEN = 1
    """Open a door once."""
    MODE = 2
    """Put a door, or every door of the gate, into a mode (`DoorMode`)."""
    BLINK = 3
    """Show which door or reader is meant: for the person who stands there."""
    RESTART_READER = 4
    """Close a reader and open it anew."""
    FIRE_RESET = 5
    """End a fire release that waits for its reset."""
    FORGIVE = 6
    """Forget who is inside, for anti-passback."""
    MAINTENANCE = 7
    """Open maintenance mode for some time, or end it (0 seconds)."""


class _Argument(Struct, frozen=True):
    check: Callable[[object, str], object]
    needed: bool = True


def _number(value: object, what: str) -> int:
    return _from_one(value, what, MAX_WHOLE)


def _seconds(value: object, what: str) -> int:
    return _from_one(value, what, MAX_BLINK_S)


def _maintenance_s(value: object, what: str) -> int:
    return whole(value, what, at_most=MAX_MAINTENANCE_S)


def _mode(value: object, what: str) -> int:
    return _from_one(value, what, max(DoorMode))


def _from_one(value: object, what: str, at_most: int) -> int:
    if not (number := whole(value, what, at_most=at_most)):
        raise CodecError(f"{what}: must be 1 at least")
    return number


def _words(value: object, what: str) -> str:
    words = text(value, what)
    if not 1 <= len(words) <= MAX_TEXT or not words.isprintable():
        raise CodecError(f"{what}: must be a printable text of 1 to {MAX_TEXT} characters")
    return words


_ARGUMENTS: Final[Mapping[OrderKind, Mapping[str, _Argument]]] = {
    OrderKind.OPEN: {
        "door": _Argument(_number),
        "operator": _Argument(_words),
        "reason": _Argument(_words),
    },
    OrderKind.MODE: {
        "door": _Argument(_number, needed=False),
        "mode": _Argument(_mode),
        "operator": _Argument(_words),
        "reason": _Argument(_words),
    },
    OrderKind.BLINK: {
        "door": _Argument(_number, needed=False),
        "operator": _Argument(_words),
        "reader": _Argument(_words, needed=False),
        "seconds": _Argument(_seconds),
    },
    OrderKind.RESTART_READER: {"operator": _Argument(_words), "reader": _Argument(_words)},
    OrderKind.FIRE_RESET: {"operator": _Argument(_words)},
    OrderKind.FORGIVE: {"operator": _Argument(_words)},
    OrderKind.MAINTENANCE: {"operator": _Argument(_words), "seconds": _Argument(_maintenance_s)},
}


def check_arguments(kind: OrderKind, arguments: Mapping[str, object]) -> None:
    """Whether an order of this kind may have these arguments.

    Raises:
        CodecError: one is missing, unknown, or not of its type and range.
    """
    allowed = _ARGUMENTS[kind]
    for name in arguments:
        if name not in allowed:
            raise CodecError(f"order {kind.name}: has an unknown argument")
    for name, argument in allowed.items():
        if name in arguments:
            argument.check(arguments[name], f"order {kind.name}: {name}")
        elif argument.needed:
            raise CodecError(f"order {kind.name}: {name} is missing")
    if kind is OrderKind.BLINK and ("door" in arguments) is ("reader" in arguments):
        raise CodecError("order BLINK: needs either a door or a reader")
