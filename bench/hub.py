"""The hub's own work, without links: storing usage events, signing revocations and whole lists.

It runs in a process of its own (`bench.hub_work`), whose size is the hub's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

from bench.figures import Figure, middle, p99
from bench.rig import SOURCES, Workshop

GATES: Final = 100
CARDS: Final = 10_000
BATCHES: Final = 60
EVENTS_PER_BATCH: Final = 500
SHARE: Final = 1_000 // GATES
"""The issue's estate has a thousand gates; a tenth of them is measured, the rest is multiplication."""

EVENTS_MS: Final = EVENTS_PER_BATCH / 5_000 * 1_000
"""5,000 usage events a second, durably."""
SNAPSHOT_MS: Final = 60.0
"""A thousand gates in 60 s of the hub's own time; no two lists are equal."""
MOST_MB: Final = 400.0


def measure(workshop: Workshop) -> list[Figure]:
    """Milliseconds of each kind of work, and megabytes."""
    gates, cards, batches = (3, 200, 2) if workshop.quick else (GATES, CARDS, BATCHES)
    command = [sys.executable, "-m", "bench.hub_work", str(workshop.directory / "hub")]
    done = subprocess.run(
        [*command, str(gates), str(cards), str(batches)], cwd=SOURCES, check=True, capture_output=True
    )
    found = json.loads(done.stdout)
    return [
        middle(f"store_{EVENTS_PER_BATCH}_usage_events", found["events"], "ms", EVENTS_MS),
        middle("fresh_snapshot_processor_time", found["processor"], "ms", SNAPSHOT_MS),
        middle("fresh_snapshot_until_durable", found["elapsed"], "ms"),
        middle("fresh_snapshot_equal_lists", found["equal_elapsed"], "ms"),
        p99("revocation_entered", found["entered"], "ms"),
        p99("revocation_signed_for_one_gate", found["one_gate"], "ms"),
        middle("revocation_signed_for_1000_gates", [SHARE * one for one in found["all_gates"]], "ms"),
        Figure("delta_size", found["delta_bytes"], "bytes"),
        Figure("hub_resident", found["resident"] / 1e6, "MB", MOST_MB),
        Figure("store_on_disk_per_gate", found["disk"] / gates / 1e6, "MB"),
    ]
