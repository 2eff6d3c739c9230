"""Canonical credentials and the rules that map a reader's raw number to one.

Office and gate share this code, so a desk reader and a gate reader never name one
card differently. A chip is known at full length; a reader that delivers only the
low 24 or 32 bits of it (26/34-bit Wiegand) sees the *projection* of the chip.
"""

from __future__ import annotations

from enum import Enum, IntEnum, unique

from msgspec import Struct

MAX_NUMBER_BYTES = 64
"""ISO 14443-3 UIDs have 4, 7 or 10 bytes; a shown code may carry 64 bytes."""


class RecordError(ValueError):
    """A record contradicts its own rules; the text names the field and the rule."""


@unique
class Technology(IntEnum):
    """What kind of number a credential holds; the value is its byte on the wire."""

    ISO14443A = 1
    ISO14443B = 2
    ISO15693 = 3
    EM4100 = 4
    WIEGAND = 5
    CODE = 6
    KEYPAD = 7
    SHORT = 8
    """The low bits of some chip's number, as a truncating reader delivers it."""


_TECHNOLOGIES = {int(one): one for one in Technology}
"""A look-up here takes a third of the enum's own call; it happens on every tap."""


@unique
class ByteOrder(Enum):
    """Order in which a reader delivers the bytes of a number."""

    MSB_FIRST = "msb"
    LSB_FIRST = "lsb"


class Credential(Struct, frozen=True, order=True):
    """Canonical form of what a reader read: technology and number, full length."""

    technology: Technology
    number: bytes

    def __post_init__(self) -> None:
        if not 1 <= len(self.number) <= MAX_NUMBER_BYTES:
            raise RecordError(
                f"credential: number has {len(self.number)} bytes, allowed are 1 to {MAX_NUMBER_BYTES}"
            )

    @property
    def key(self) -> bytes:
        """The bytes by which stores and digests know this credential."""
        return bytes((self.technology,)) + self.number

    @classmethod
    def from_key(cls, key: bytes) -> Credential:
        """Inverse of ``key``; raises ``RecordError`` for anything else."""
        if not key:
            raise RecordError("credential: empty key")
        technology = _TECHNOLOGIES.get(key[0])
        if technology is None:
            raise RecordError(f"credential: unknown technology {key[0]}")
        return cls(technology, key[1:])

    def __str__(self) -> str:
        return f"{self.technology.name.lower()}:{self.number.hex()}"


class MappingRule(Struct, frozen=True):
    """How one reader's raw numbers become canonical."""

    byte_order: ByteOrder = ByteOrder.MSB_FIRST
    low_bits: int | None = None
    """Number of low bits the reader delivers; ``None`` when it delivers the whole number."""
    decimal: bool = False
    """The number is text of decimal digits (keyboard and line-oriented readers)."""
    width_bytes: int | None = None
    """Length of the number a decimal text stands for; needed with ``decimal``."""

    def __post_init__(self) -> None:
        if self.low_bits is not None and not 8 <= self.low_bits <= 8 * MAX_NUMBER_BYTES:
            raise RecordError(
                f"mapping: low_bits is {self.low_bits}, allowed are 8 to {8 * MAX_NUMBER_BYTES}"
            )
        if self.decimal and self.width_bytes is None:
            raise RecordError("mapping: decimal needs width_bytes")
        if self.width_bytes is not None and not 1 <= self.width_bytes <= MAX_NUMBER_BYTES:
            raise RecordError(
                f"mapping: width_bytes is {self.width_bytes}, allowed are 1 to {MAX_NUMBER_BYTES}"
            )


def canonical(technology: Technology, number: bytes, rule: MappingRule) -> Credential:
    """The credential a reader under ``rule`` means by this raw number.

    Raises:
        RecordError: the number is empty, too long, or not what the rule promises.
    """
    if len(number) > 4 * MAX_NUMBER_BYTES:
        raise RecordError(f"credential: raw number has {len(number)} bytes")
    if rule.decimal:
        number = _from_decimal(number, rule.width_bytes or 0)
    if rule.byte_order is ByteOrder.LSB_FIRST:
        number = number[::-1]
    return project(Credential(technology, number), rule)


def project(chip: Credential, rule: MappingRule) -> Credential:
    """What a reader under ``rule`` sees of ``chip`` (itself, or its low bits).

    Compiling a list projects every chip through every reader's rule and refuses two
    chips that meet in one projection.
    """
    if rule.low_bits is None or chip.technology is Technology.KEYPAD:
        return chip  # digits are no number of a card: no reader cuts them short
    value = int.from_bytes(chip.number, "big") & ((1 << rule.low_bits) - 1)
    return Credential(Technology.SHORT, value.to_bytes((rule.low_bits + 7) // 8, "big"))


def _from_decimal(text: bytes, width: int) -> bytes:
    if not text.isdigit():
        raise RecordError("credential: a decimal reader delivered something else than digits")
    value = int(text)
    if value >= 1 << (8 * width):
        raise RecordError(f"credential: decimal number does not fit in {width} bytes")
    return value.to_bytes(width, "big")
