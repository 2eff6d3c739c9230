"""The root lowers the time floor of a gate that once believed a wrong clock.

    floor-lowerings   GATE SERIAL, a line a gate: the last number given out for it

The number is kept before the statement is signed: a gate takes each number once, so one
that was used and forgotten would be refused.
"""

from __future__ import annotations

from office.errors import OfficeError
from office.files import READABLE, write_atomic
from office.keys import KeyDirectory
from sync.delegation import MAX_GATE_ID
from sync.statements.floor_lowering import FloorLowering, sign_floor_lowering

FILE_NAME = "floor-lowerings"


def lower_floor(
    keys: KeyDirectory, gate_id: int, floor: int, *, issued_at: int, serial: int | None = None
) -> tuple[FloorLowering, bytes]:
    """What a gate's floor becomes, and the bytes to send there; ``serial`` where the count was lost."""
    if not 1 <= gate_id <= MAX_GATE_ID:
        raise OfficeError(f"--gate: {gate_id} is no gate's id")
    if floor > issued_at:
        raise OfficeError(
            "the floor must be a time that has passed: look whether this computer's clock is right"
        )
    root = keys.signing(keys.root_names[0])
    given = _given(keys)
    number = serial or given.get(gate_id, 0) + 1
    if number <= given.get(gate_id, 0):
        raise OfficeError(
            f"--serial: gate {gate_id} was given number {given[gate_id]} already; choose a higher one"
        )
    given[gate_id] = number
    text = "".join(f"{gate} {last}\n" for gate, last in sorted(given.items()))
    write_atomic(keys.path / FILE_NAME, text.encode("ascii"), mode=READABLE)
    lowering = FloorLowering(keys.estate_id, gate_id, number, floor, issued_at)
    return lowering, sign_floor_lowering(lowering, root)


def _given(keys: KeyDirectory) -> dict[int, int]:
    path = keys.path / FILE_NAME
    try:
        rows = [line.split() for line in path.read_text("ascii").splitlines()]
        return {int(gate): int(serial) for gate, serial in rows}
    except FileNotFoundError:
        return {}
    except ValueError:
        raise OfficeError(
            f"{path}: damaged; restore it from a copy, or remove it and give --serial a number higher than"
            " any the gate took (it names the last one when it refuses)"
        ) from None
