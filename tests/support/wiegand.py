"""Frames as a reader makes them, for tests and benches of what reads them."""

from __future__ import annotations

from drivers.readers._wiegand_formats import Format


def frame_of(one: Format, number: int) -> int:
    """The bits of a frame that carries ``number``, parity made bit by bit from the format's rules."""
    places = {rule.bit for rule in one.parity}
    data = iter(f"{number:0{one.bits - len(places)}b}")
    bits = ["0" if place in places else next(data) for place in range(1, one.bits + 1)]
    for rule in one.parity:
        ones = bits[rule.first - 1 : rule.last].count("1")
        bits[rule.bit - 1] = str((ones + rule.odd) % 2)
    return int("".join(bits), 2)
