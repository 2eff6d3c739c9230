"""How the root's lowering of a time floor gets from the root's stick to its gate.

taken in     verified by the estate's roots, kept until the gate has it
sent         once a session, as soon as the gate is there
told         by the gate: the number of the last one it has taken, which ends it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from office.errors import OfficeError
from office.hub.facts import Lowering
from office.hub.port import HubStorage
from sync.chain import Anchor
from sync.statements.authority import Authority
from sync.statements.floor_lowering import FloorLowering, claimed_gate, verify_floor_lowering
from sync.statements.refusal import StatementError


class Recipient(Protocol):
    """A session with a gate."""

    def lower_floor(self, lowering: Lowering) -> None:
        """Send it, unless this session has done so."""


def take_lowering(store: HubStorage, roots: tuple[bytes, ...], data: bytes, at: int) -> FloorLowering:
    """Keep a lowering for its gate.

    Raises:
        OfficeError: no root of the estate signed it, its gate is none of ours, or has a newer one.
    """
    try:
        gate_id = claimed_gate(data)
        authority = Authority(Anchor(store.gates.estate_id(), gate_id, roots))
        lowering = verify_floor_lowering(data, authority, last_serial=0)
    except StatementError as error:
        raise OfficeError(f"{error.attack}: {error}") from None
    if store.gates.get(gate_id).struck_at is not None:
        raise OfficeError(f"gate {gate_id} was struck off: nothing is sent to it")
    with store.transaction():
        known = store.lowerings.get(gate_id)
        newest = 0 if known is None else max(known.serial, known.told or 0)
        if known is None or lowering.serial > newest:
            store.lowerings.put(Lowering(gate_id, lowering.serial, lowering.floor, data, at))
        elif data != known.signed:
            raise OfficeError(
                f"gate {gate_id} was given lowering {newest} already, and takes none before it: let the root"
                f" sign one with number {newest + 1} or higher (keys lower-floor --serial)"
            )
    return lowering


def lowering_told(store: HubStorage, gate_id: int, serial: int) -> Lowering | None:
    """The gate has told the number of the last one it has taken; the newer one that it lacks."""
    known = store.lowerings.get(gate_id)
    if known is None:
        return None
    if known.told != serial:
        store.lowerings.note_told(gate_id, serial)
    return known if serial < known.serial else None


def lowering_report(store: HubStorage) -> dict[str, object]:
    """How far each gate's lowering has come."""
    known = [store.lowerings.get(one.gate_id) for one in store.gates.all()]
    return {
        f"floor of gate {one.gate_id}": {"lowering": one.serial, "state": _state(one)}
        for one in known
        if one is not None
    }


def _state(lowering: Lowering) -> str:
    if lowering.told is None or lowering.told < lowering.serial:
        return "on its way"
    if lowering.told == lowering.serial:
        return "taken"
    return f"refused: the gate has taken number {lowering.told} before; sign it with a higher one"


def send_lowerings(store: HubStorage, connected: Mapping[int, Recipient]) -> None:
    """Send what was taken in while its gate is connected."""
    for one in store.lowerings.open():
        if (there := connected.get(one.gate_id)) is not None:
            there.lower_floor(one)
