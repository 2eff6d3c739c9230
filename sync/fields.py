"""Checks on the parts of a decoded value: each names the field that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from sync.codec import CodecError

Item = TypeVar("Item")

MAX_WHOLE = (1 << 63) - 1
"""What SQLite and every other store can hold as a signed 64-bit number."""


def whole(value: object, what: str, *, at_most: int = MAX_WHOLE) -> int:
    """``value`` if it is a whole number from 0 to ``at_most`` (and no truth value)."""
    if type(value) is not int or not 0 <= value <= at_most:
        raise CodecError(f"{what}: must be a whole number from 0 to {at_most}")
    return value


def octets(value: object, what: str, length: int | None = None, *, at_most: int | None = None) -> bytes:
    """``value`` if it is bytes (of exactly ``length``, of no more than ``at_most``)."""
    if type(value) is not bytes or (length is not None and len(value) != length):
        raise CodecError(f"{what}: must be bytes" + ("" if length is None else f", {length} of them"))
    if at_most is not None and len(value) > at_most:
        raise CodecError(f"{what}: {len(value)} bytes, allowed are {at_most}")
    return value


def array(value: object, what: str, *, length: int | None = None, at_most: int | None = None) -> list[object]:
    """``value`` if it is an array (of exactly ``length``, of no more than ``at_most``)."""
    if type(value) is not list:
        raise CodecError(f"{what}: must be an array")
    if length is not None and len(value) != length:
        raise CodecError(f"{what}: has {len(value)} parts, needed are {length}")
    if at_most is not None and len(value) > at_most:
        raise CodecError(f"{what}: has {len(value)} parts, allowed are {at_most}")
    return value


def truth(value: object, what: str) -> bool:
    """``value`` if it is a truth value."""
    if type(value) is not bool:
        raise CodecError(f"{what}: must be true or false")
    return value


def text(value: object, what: str) -> str:
    """``value`` if it is text."""
    if type(value) is not str:
        raise CodecError(f"{what}: must be text")
    return value


def optional(value: object, read: Callable[[object, str], Item], what: str) -> Item | None:
    """``None``, or what ``read`` makes of the value."""
    return None if value is None else read(value, what)


def many(value: object, read: Callable[[object], Item], what: str) -> tuple[Item, ...]:
    """What ``read`` makes of each element of an array."""
    return tuple([read(one) for one in array(value, what)])


def member(members: Mapping[int, Item], value: object, what: str) -> Item:
    """The member with this number on the wire (a dict is faster than an enum's call)."""
    found = members.get(whole(value, what))
    if found is None:
        raise CodecError(f"{what}: {value} is unknown")
    return found
