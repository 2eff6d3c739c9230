"""Every exit button and every loop in both states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provisioning.selftest.person import Deed
from provisioning.selftest.visit import Visit, both_states
from sync.as_built import Check

_DEEDS: Final = {
    "exit": (Deed.PRESS_EXIT, Deed.RELEASE_EXIT, "look at the button's line and at 'active_low'"),
    "loop": (Deed.OCCUPY_LOOP, Deed.CLEAR_LOOP, "look at the loop detector, its line and 'active_low'"),
}


def probe(visit: Visit) -> Iterator[Check]:
    """What stands at the doors besides their contacts."""
    for name, door in visit.config.doors.items():
        for role, (doing, undoing, cure) in _DEEDS.items():
            if role in door.inputs:
                yield both_states(visit, f"doors.{name}.inputs.{role}", (doing, undoing), name, cure)
