"""Every reporting input in both states: fire, tamper, mains, battery."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.selftest.person import Deed
from provisioning.selftest.visit import Visit, both_states, failed
from sync.as_built import Check
from terminal.config import InputKind


def probe(visit: Visit) -> Iterator[Check]:
    """One that is active from the beginning is a fault of its own."""
    for name, one in visit.config.inputs.items():
        line = f"inputs.{name}"
        if visit.bench.is_active(line):
            yield failed(
                line,
                f"it reports {one.kind.value} although nothing is tripped: look at its wire, at 'pull' and"
                " 'active_low'",
            )
            continue
        is_fire = one.kind is InputKind.FIRE
        deeds = (Deed.BREAK_FIRE, Deed.RESTORE_FIRE) if is_fire else (Deed.TRIP_INPUT, Deed.RESTORE_INPUT)
        yield both_states(visit, line, deeds, name, "look at its line and at 'active_low'")
