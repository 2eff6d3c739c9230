"""Strict msgpack: the one way in which lists, envelopes and settings become bytes.

Exactly one byte string stands for a value: shortest forms, map keys in ascending
order, nothing after the end. So a digest or a signature over bytes speaks of one value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgpack

MAX_DEPTH: Final = 8
MAX_ITEMS: Final = 4096
"""Default cap on elements in all containers of one value together."""


class CodecError(ValueError):
    """Bytes or a value outside the format; the text names what is wrong."""


def encode(value: object) -> bytes:
    """The canonical bytes of ``value``; raises ``CodecError`` for types the format lacks."""
    _check(value, MAX_DEPTH)
    return _pack(value)


def decode(data: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH, max_items: int = MAX_ITEMS) -> object:
    """The value whose canonical encoding is ``data``.

    Raises:
        CodecError: oversize, not msgpack, too deep, too many items, a type outside the
            format, a map key repeated, odd or out of order, trailing or non-canonical bytes.
    """
    value = unpack(data, max_bytes=max_bytes, max_items=max_items)
    items = _check(value, max_depth)
    if items > max_items:
        raise CodecError(f"too many items: {items}, allowed are {max_items}")
    return value


def unpack(data: bytes, *, max_bytes: int, max_items: int = MAX_ITEMS) -> object:
    """Like ``decode`` for a caller on the tap's path that checks every type itself."""
    if len(data) > max_bytes:
        raise CodecError(f"oversize: {len(data)} bytes, allowed are {max_bytes}")
    try:
        # The library reserves a container's claimed length before it sees the elements:
        # the caps keep a few hostile bytes from reserving memory.
        value = msgpack.unpackb(
            data, strict_map_key=False, max_array_len=max_items, max_map_len=max_items, max_ext_len=0
        )
        again = msgpack.packb(value)
    except msgpack.ExtraData:
        raise CodecError("trailing bytes after the value") from None
    except (ValueError, TypeError, OverflowError, msgpack.UnpackException) as error:
        raise CodecError(f"not a value of the format: {error}") from None
    if again != data:
        raise CodecError("not canonical: a longer form than needed, or a repeated map key")
    return value


def _pack(value: object) -> bytes:
    try:
        packed: bytes = msgpack.packb(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise CodecError(f"cannot be encoded: {error}") from None
    return packed


def _check(value: object, depth: int) -> int:
    """Number of items inside ``value``; refuses depth, foreign types and odd map keys."""
    match value:
        case None | bool() | int() | str() | bytes():
            return 0
        case list() | tuple() if not isinstance(value, msgpack.ExtType):  # a tuple, to Python
            _check_depth(depth)
            return sum((_check(one, depth - 1) for one in value), len(value))
        case dict():
            _check_depth(depth)
            _check_keys(value)
            return sum((_check(one, depth - 1) for one in value.values()), len(value))
        case _:
            raise CodecError(f"type not allowed: {type(value).__name__}")


def _check_depth(depth: int) -> None:
    if depth < 1:
        raise CodecError("too deep: containers are nested beyond the cap")


def _check_keys(value: Mapping[object, object]) -> None:
    keys: Sequence[object] = list(value)
    if any(type(key) is not int for key in keys) and any(type(key) is not str for key in keys):
        raise CodecError("odd map keys: a map has whole numbers or words as keys")
    if keys != sorted(value, key=_order):
        raise CodecError("map keys out of order: they must ascend")


def _order(key: object) -> tuple[int, str]:
    return (key, "") if isinstance(key, int) else (0, str(key))
