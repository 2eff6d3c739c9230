"""Takes in an as-built file: verified against the register, kept once, compared with the last visit's."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from office.errors import OfficeError
from office.hub.as_built_difference import Difference, differences
from office.hub.port import HubStorage
from sync.as_built import AsBuilt, AsBuiltError, Result, read_as_built, verify_as_built
from sync.statements.wire import Sender

SELF_TEST_FAILED: Final = "self_test_failed"
"""The alarm of a gate whose technician left something unmended."""


class TakenBuilt(Struct, frozen=True):
    """What came of one file."""

    built: AsBuilt
    is_new: bool
    overtaken: bool
    """A later visit's file was here before."""
    differences: tuple[Difference, ...] | None
    """Since the visit before it; ``None`` if there was none."""


def take_as_built(store: HubStorage, data: bytes, at: int) -> TakenBuilt:
    """Take in a file; the same one again changes nothing.

    Raises:
        OfficeError: it is no such file, of a gate that is not registered or struck off, or not signed by it.
    """
    try:
        claimed, _ = read_as_built(data)
        gate = store.gates.get(claimed.gate_id)
        if gate.struck_at is not None:
            raise OfficeError(f"gate {gate.gate_id} was struck off: its as-built file is not taken in")
        if not gate.public_key:
            raise OfficeError(f"gate {gate.gate_id} has no key that was accepted yet: accept it first")
        built = verify_as_built(data, Sender(store.gates.estate_id(), gate.gate_id, gate.public_key))
    except AsBuiltError as error:
        raise OfficeError(f"the as-built file {error}") from None
    made_at = at if built.made_at is None else built.made_at
    with store.transaction():
        before = store.as_built.before(gate.gate_id, made_at, data)
        is_new = store.as_built.add(gate.gate_id, made_at, data, at)
        failed = [one.name for one in built.checks if one.result is Result.FAILED]
        if is_new and failed:
            text = f"{len(failed)} checks failed: {', '.join(failed)}"
            store.diary.alarm(gate.gate_id, SELF_TEST_FAILED, text[:240], at)
        overtaken = store.as_built.newest(gate.gate_id) != data
    changed = None if before is None else differences(read_as_built(before)[0], built)
    return TakenBuilt(built, is_new, overtaken, changed)
