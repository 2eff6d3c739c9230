"""Every door contact in both states."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.selftest.person import Deed
from provisioning.selftest.visit import Visit, both_states
from sync.as_built import Check
from terminal.config import LockKind, LockState


def probe(visit: Visit) -> Iterator[Check]:
    """A lock is let go while its door is to be opened by hand."""
    for name, door in visit.config.doors.items():
        if "contact" not in door.inputs:
            continue
        has_lock = door.settings.kind is not LockKind.BARRIER
        if has_lock:
            visit.bench.set(f"doors.{name}.outputs.lock", door.settings.energised is LockState.UNLOCKED)
        try:
            yield both_states(
                visit,
                f"doors.{name}.inputs.contact",
                (Deed.OPEN_DOOR, Deed.CLOSE_DOOR),
                name,
                "look at the contact's line, its magnet, and 'active_low'",
            )
        finally:
            if has_lock:
                visit.bench.set(f"doors.{name}.outputs.lock", False)
