"""All probes in their order; one that breaks is a failed check and never the end of the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drivers.ports import DriverError
from provisioning.selftest.person import NO, YES, Asked, Question, SelfTestError
from provisioning.selftest.probes import (
    barriers,
    clock,
    contacts,
    exits,
    files,
    indicators,
    inputs,
    link,
    power,
    readers,
    relays,
    space,
    storage,
    supplies,
)
from provisioning.selftest.visit import Probe, Visit, failed, passed, skipped
from sync.as_built import Check

QUIET: Final[dict[str, Probe]] = {
    "power": power.probe,
    "clock": clock.probe,
    "storage": storage.probe,
    "space": space.probe,
    "files": files.probe,
    "link": link.probe,
}
"""Probes that move nothing and need nobody."""
MOVING: Final[dict[str, Probe]] = {
    "relays": relays.probe,
    "barriers": barriers.probe,
    "supplies": supplies.probe,
}
"""Probes that move locks and booms."""
AT_THE_GATE: Final[dict[str, Probe]] = {
    "contacts": contacts.probe,
    "exits": exits.probe,
    "inputs": inputs.probe,
    "indicators": indicators.probe,
    "readers": readers.probe,
}
"""They need somebody at the gate, and move nothing."""
CLEAR: Final = Question(
    Asked.AREA,
    "the gate",
    "Locks will open and booms will move. Is nobody in their way, and is the gate watched?",
    (YES, NO),
)


def checks(visit: Visit) -> Iterator[Check]:
    """Every check of this gate, as it comes."""
    for name, probe in QUIET.items():
        yield from _guarded(name, probe, visit)
    if visit.person.ask(CLEAR) == YES:
        yield passed("area", "clear, and watched")
        for name, probe in MOVING.items():
            yield from _guarded(name, probe, visit)
    else:
        yield skipped("area", "not clear: nothing was moved")
        for name in MOVING:
            yield skipped(name, "the area was not clear")
    for name, probe in AT_THE_GATE.items():
        yield from _guarded(name, probe, visit)


def _guarded(name: str, probe: Probe, visit: Visit) -> Iterator[Check]:
    try:
        yield from probe(visit)
    except (DriverError, SelfTestError, OSError) as error:
        yield failed(f"{name}.broken_off", f"the test could not go on: {error}")
