"""From the text that a scanner sends or types to a raw number: what every reader of text shares. Pure."""

from __future__ import annotations

import re
from enum import Enum, unique
from typing import Annotated, Final

from msgspec import Struct

from drivers.ports import MAX_NUMBER_BYTES, CardRead, Technology
from drivers.settings import Length, Range

MAX_WIDTH_BYTES: Final = 64
MAX_GROUP_BITS: Final = 64
MAX_MARK_LENGTH: Final = 32

_DECIMAL: Final = re.compile(r"[0-9]+")
_HEXADECIMAL: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_BETWEEN_GROUPS: Final = re.compile(r"[,:;./ -]")


@unique
class Base(Enum):
    """What the text is of the number."""

    TEXT = "text"
    DECIMAL = "dec"
    HEXADECIMAL = "hex"


@unique
class Order(Enum):
    """Which byte of the number the text begins with."""

    MSB = "msb"
    LSB = "lsb"


class TextNumber(Struct, frozen=True):
    """How a line of text is read; also a table of settings."""

    technology: Technology
    """What the reader reads. A ``code`` is its text."""
    base: Base = Base.TEXT
    width_bytes: Annotated[int, Range(0, MAX_WIDTH_BYTES)] = 0
    """Length of the number; 0 with ``hex``: as long as the text says."""
    groups: tuple[int, ...] = ()
    """Bits of each decimal group, such as 8 and 16 for ``123,45678``."""
    byte_order: Order = Order.MSB
    prefix: Annotated[str, Length(0, MAX_MARK_LENGTH)] = ""
    """Must stand before the number; a line without it is not for us."""
    suffix: Annotated[str, Length(0, MAX_MARK_LENGTH)] = ""
    min_length: Annotated[int, Range(1, MAX_NUMBER_BYTES)] = 1
    """Characters of the number, without prefix and suffix."""
    max_length: Annotated[int, Range(1, MAX_NUMBER_BYTES)] = 64

    def __post_init__(self) -> None:
        if wrong := _contradiction(self):
            raise ValueError(wrong)

    def read(self, line: str, now: float) -> CardRead | None:
        """The number in ``line``, or None if there is none of this kind."""
        if len(line) < len(self.prefix) + len(self.suffix):
            return None
        if not (line.startswith(self.prefix) and line.endswith(self.suffix)):
            return None
        text = line[len(self.prefix) : len(line) - len(self.suffix)]
        if not (self.min_length <= len(text) <= self.max_length and text.isprintable()):
            return None
        found = self._number(text)
        return None if found is None else CardRead(self.technology, *found, now)

    def _number(self, text: str) -> tuple[bytes, int] | None:
        if self.base is Base.TEXT:
            number = text.encode("utf-8")
            return (number, 8 * len(number)) if len(number) <= MAX_NUMBER_BYTES else None
        text = text.strip(" ")
        if self.groups:
            return _from_groups(text, self.groups)
        if self.base is Base.HEXADECIMAL:
            whole = _from_hexadecimal(text, self.width_bytes)
        else:
            whole = _from_decimal(text, self.width_bytes)
        if whole is None:
            return None
        return whole if self.byte_order is Order.MSB else whole[::-1], 8 * len(whole)


def _contradiction(rule: TextNumber) -> str | None:
    """What is wrong with the settings taken together, for a person."""
    is_text, is_decimal = rule.base is Base.TEXT, rule.base is Base.DECIMAL
    wrong = {
        "'technology' cannot be 'keypad': typed digits are no card's number": (
            rule.technology is Technology.KEYPAD
        ),
        "'technology' is 'code', whose number is its text: set 'base' to 'text'": (
            rule.technology is Technology.CODE and not is_text
        ),
        "'min_length' is above 'max_length': no text could be both": rule.min_length > rule.max_length,
        "'base' is 'dec', which needs 'width_bytes' or 'groups': digits do not tell how long the number is": (
            is_decimal and not (rule.width_bytes or rule.groups)
        ),
        "'groups' and 'width_bytes' exclude each other: the groups' bits are the width": bool(
            rule.groups and rule.width_bytes
        ),
        "'groups' mean nothing unless 'base' is 'dec'": bool(rule.groups and not is_decimal),
        f"'groups' are 1 to {MAX_GROUP_BITS} bits each and {8 * MAX_WIDTH_BYTES} together": (
            not all(1 <= one <= MAX_GROUP_BITS for one in rule.groups)
            or sum(rule.groups) > 8 * MAX_WIDTH_BYTES
        ),
        "'width_bytes' means nothing while 'base' is 'text'": bool(is_text and rule.width_bytes),
        "'byte_order' means nothing for a text or for groups: leave it out": (
            rule.byte_order is Order.LSB and bool(is_text or rule.groups)
        ),
    }
    return next((text for text, applies in wrong.items() if applies), None)


def _from_decimal(text: str, width_bytes: int) -> bytes | None:
    # 155 digits hold 64 bytes; Python refuses to convert absurdly long ones, and max_length is 255.
    if not _DECIMAL.fullmatch(text):
        return None
    value = int(text)
    return value.to_bytes(width_bytes, "big") if value < 1 << 8 * width_bytes else None


def _from_hexadecimal(text: str, width_bytes: int) -> bytes | None:
    if not _HEXADECIMAL.fullmatch(text) or (width_bytes and len(text) != 2 * width_bytes):
        return None
    return bytes.fromhex(text)


def _from_groups(text: str, groups: tuple[int, ...]) -> tuple[bytes, int] | None:
    parts = _BETWEEN_GROUPS.split(text)
    if len(parts) == 1:
        parts = _cut(text, [_digits_of(bits) for bits in groups])
    if len(parts) != len(groups) or not all(_DECIMAL.fullmatch(one) for one in parts):
        return None
    value = 0
    for part, bits in zip(parts, groups, strict=True):
        if int(part) >= 1 << bits:
            return None
        value = value << bits | int(part)
    return value.to_bytes((sum(groups) + 7) // 8, "big"), sum(groups)


def _digits_of(bits: int) -> int:
    """Digits of the largest number of so many bits: what readers without a separator pad to."""
    return len(str((1 << bits) - 1))


def _cut(text: str, lengths: list[int]) -> list[str]:
    """``text`` in pieces of these lengths; nothing if it has another length."""
    if len(text) != sum(lengths):
        return []
    pieces = []
    for length in lengths:
        pieces.append(text[:length])
        text = text[length:]
    return pieces
