"""From a reader's event to the relay command, inside a running gate with its log on disk."""

from __future__ import annotations

import json
from typing import Final

from bench.figures import Figure, p99
from bench.processes import output_of, replacing
from bench.rig import GateRig, Workshop

GRANTS: Final = 100_000
BOUND_US: Final = 1_000.0


def measure(workshop: Workshop) -> list[Figure]:
    """Microseconds: one person at a time, four readers at once, and openings with a spend first."""
    scale = 1 if workshop.quick else 100
    rig = workshop.gate(GRANTS)
    quiet = _taps(workshop, rig, alone=3 * scale, together=scale, spends=scale)
    with replacing(workshop, rig):
        beside = _taps(workshop, rig, alone=3 * scale, together=scale, spends=scale)
    return [
        p99("quiet_alone", quiet["alone"], "us", BOUND_US),
        p99("quiet_together", quiet["together"], "us", BOUND_US),
        p99("quiet_bare_wake", quiet["wake"], "us"),
        p99("replacing_bare_wake", beside["wake"], "us"),
        p99("replacing_alone", beside["alone"], "us", BOUND_US),
        p99("replacing_together", beside["together"], "us", BOUND_US),
        p99("quiet_spend_first", quiet["spend"], "us"),
        p99("replacing_spend_first", beside["spend"], "us"),
    ]


def _taps(
    workshop: Workshop, rig: GateRig, *, alone: int, together: int, spends: int
) -> dict[str, list[float]]:
    arguments = ["-m", "bench.tapped_gate", str(rig.config), str(rig.cards_file)]
    arguments += ["--alone", str(alone), "--together", str(together), "--spends", str(spends)]
    found: dict[str, list[float]] = json.loads(output_of(workshop, arguments))
    return found
