"""What a bad line does to bytes: flips, losses, glued frames; drawn from a seed."""

from __future__ import annotations

from random import Random


def flipped(data: bytes, draw: Random) -> bytes:
    """One bit is the other."""
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def lost(data: bytes, draw: Random) -> bytes:
    """One byte did not come."""
    at = draw.randrange(len(data))
    return data[:at] + data[at + 1 :]


def cut(data: bytes, draw: Random) -> bytes:
    """It ends too early; what comes next is glued to it."""
    return data[: draw.randrange(len(data))]


def preceded(data: bytes, draw: Random) -> bytes:
    """Noise before it."""
    return draw.randbytes(draw.randrange(1, 20)) + data


DAMAGES = (flipped, lost, cut, preceded)
