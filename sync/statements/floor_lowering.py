"""The root's word that a gate's time floor is too high, and what it may be.

    [1, estate, gate, serial, floor, issued at]

The floor is a time that has surely passed; it rises only. A wrong clock once believed
(an office computer set to 2099) would let every grant with an end be over for ever.
Only a root may say so: an old time again makes ended grants and keys count again.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.fields import whole
from sync.keys import FLOOR_DOMAIN, SigningKey
from sync.statements.authority import Authority
from sync.statements.refusal import ReplayedError
from sync.statements.wire import (
    Form,
    Parts,
    claimed_by_office,
    destination,
    open_from_office,
    parse,
    sign_by_office,
)

FORM: Final = Form("floor lowering", FLOOR_DOMAIN, parts=6, max_depth=1)
"""No delegated role may state it."""


class FloorLowering(Struct, frozen=True):
    """One gate's floor is set to a time before it."""

    estate_id: bytes
    gate_id: int
    serial: int
    """Rises with each lowering of a gate's floor; from 1."""
    floor: int
    """UTC second."""
    issued_at: int


def sign_floor_lowering(lowering: FloorLowering, key: SigningKey) -> bytes:
    """The signed bytes of a lowering; raises ``CodecError`` for one outside the format."""
    parts = [lowering.estate_id, lowering.gate_id, lowering.serial, lowering.floor, lowering.issued_at]
    _read(parts)
    return sign_by_office(FORM, parts, key, ())


def verify_floor_lowering(data: bytes, authority: Authority, *, last_serial: int) -> FloorLowering:
    """The lowering in ``data``; ``last_serial`` is of the last one that was taken, 0 at first.

    Raises:
        StatementError: no root of this gate signed it, or it was taken already.
    """
    # A root does not expire, so no floor is needed to judge it by.
    lowering = parse(FORM, open_from_office(FORM, data, authority, 0), _read)
    if lowering.serial <= last_serial:
        raise ReplayedError(
            f"floor lowering {lowering.serial} comes too late: number {last_serial} was taken already;"
            f" have the root sign a new one with number {last_serial + 1} or higher"
        )
    return lowering


def claimed_gate(data: bytes) -> int:
    """The gate that a lowering names, unverified; raises ``StatementError``: it is none."""
    return parse(FORM, claimed_by_office(FORM, data), _read).gate_id


def _read(parts: Parts) -> FloorLowering:
    estate_id, gate_id = destination(parts)
    return FloorLowering(
        estate_id,
        gate_id,
        whole(parts[2], "serial"),
        whole(parts[3], "floor"),
        whole(parts[4], "issued at"),
    )
