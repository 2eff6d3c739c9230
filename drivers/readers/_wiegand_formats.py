"""Wiegand formats as data: how many bits, which of them are parity, where facility and number stand.

Bits count from 1 in the order they arrive, as data sheets count them. A reader's raw number is
the format's bits without its parity bits: these check the wire and are no part of the chip, and
without them a 26-bit reader delivers the low 24 bits of the chip that a mapping rule speaks of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from msgspec import Struct

from drivers.settings import Length, Range

MAX_BITS: Final = 64
MIN_BITS: Final = 16
"""A shorter format could not be told from a key or from noise."""

_Position = Annotated[int, Range(1, MAX_BITS)]


class Parity(Struct, frozen=True):
    """One parity bit: among it and the bits ``first`` to ``last``, the ones are even (or odd) in number."""

    bit: _Position
    first: _Position
    last: _Position
    odd: bool = False


class Span(Struct, frozen=True):
    """Neighbouring bits, both ends included."""

    first: _Position
    last: _Position


class Format(Struct, frozen=True):
    """One format. Facility and number are for people and mapping; a driver delivers both as one."""

    name: Annotated[str, Length(1, 32)]
    bits: Annotated[int, Range(MIN_BITS, MAX_BITS)]
    parity: tuple[Parity, ...] = ()
    facility: Span | None = None
    number: Span | None = None

    def __post_init__(self) -> None:
        ends = [(one.first, one.last) for one in (self.facility, self.number) if one is not None]
        ends += [(one.first, one.last) for one in self.parity]
        if any(not first <= last <= self.bits for first, last in ends):
            raise ValueError(f"format {self.name!r}: a range must rise and end at bit {self.bits} at most")
        if any(one.bit > self.bits or one.first <= one.bit <= one.last for one in self.parity):
            raise ValueError(f"format {self.name!r}: a parity bit must be one of its {self.bits} bits, "
                             "outside the range it covers")  # fmt: skip


def _halves(bits: int, covered: int) -> tuple[Parity, ...]:
    """The usual pair: even over what follows the first bit, odd over what precedes the last."""
    return Parity(1, 2, covered + 1), Parity(bits, bits - covered, bits - 1, odd=True)


FORMATS: Final[Mapping[str, Format]] = {
    one.name: one
    for one in (
        Format("26", 26, _halves(26, 12), Span(2, 9), Span(10, 25)),  # H10301
        Format("34", 34, _halves(34, 16), Span(2, 17), Span(18, 33)),  # N10002 and alike
        Format("37", 37, _halves(37, 18), None, Span(2, 36)),  # H10302; bit 19 is under both
        Format("37-facility", 37, _halves(37, 18), Span(2, 17), Span(18, 36)),  # H10304
        # Readers that put out a chip's whole number: nothing but length and spacing tells it from noise.
        Format("32", 32, (), None, Span(1, 32)),
        Format("56", 56, (), None, Span(1, 56)),
        Format("64", 64, (), None, Span(1, 64)),
    )
}


def parity_holds(one: Format, value: int) -> bool:
    """Whether every parity bit of ``value``, ``one.bits`` long, is right."""
    return all(
        (_cut(one, value, rule.first, rule.last).bit_count() + _cut(one, value, rule.bit, rule.bit)) % 2
        == rule.odd
        for rule in one.parity
    )


def payload(one: Format, value: int) -> tuple[int, int]:
    """Number and length in bits once the parity bits are taken out."""
    parity = {rule.bit for rule in one.parity}
    number = 0
    for bit in range(1, one.bits + 1):
        if bit not in parity:
            number = number << 1 | _cut(one, value, bit, bit)
    return number, one.bits - len(parity)


def split(one: Format, value: int) -> tuple[int | None, int | None]:
    """Facility and number as printed on the card; None for a field the format does not have."""
    facility, number = (
        None if span is None else _cut(one, value, span.first, span.last)
        for span in (one.facility, one.number)
    )
    return facility, number


def fitting(formats: Iterable[Format], value: int, bits: int) -> Format | None:
    """The first format of this length whose parity holds."""
    return next((one for one in formats if one.bits == bits and parity_holds(one, value)), None)


def _cut(one: Format, value: int, first: int, last: int) -> int:
    return value >> (one.bits - last) & ((1 << (last - first + 1)) - 1)
