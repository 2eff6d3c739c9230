"""Usage events at the desk: projecting them, and finding some among two millions.

It runs in a process of its own (`bench.event_work`): Django is set up once a process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

from bench.figures import Figure, Spread, middle
from bench.rig import SOURCES, Workshop

ESTATE: Final = "6761746568303031"
GATES: Final = 200
EVENTS: Final = 2_000_000
SEARCHES: Final = 200
SEARCH_MS: Final = 200.0
"""Any page of the desk, p95."""


def measure(workshop: Workshop) -> list[Figure]:
    """Milliseconds of each kind of search and of projecting a batch."""
    gates, events, searches = (5, 5_000, 5) if workshop.quick else (GATES, EVENTS, SEARCHES)
    office = str(workshop.directory / "office")
    _run("office", "init", office, "--estate", ESTATE, "--insecure", "--host", "testserver")
    found = json.loads(_run("bench.event_work", office, str(gates), str(events), str(searches)))
    # A handful of searches of a small office, on whatever machine, proves nothing about the bound.
    bound = None if workshop.quick else SEARCH_MS
    pages = [_p95(f"search_{name}", sample, bound) for name, sample in found["searches"].items()]
    return [
        *pages,
        _p95("page_of_events", found["page"], bound),
        _p95("page_of_all_gates", found["gates"], bound),
        middle("project_500_events_with_alarms", found["project"], "ms"),
        middle("round_with_nothing_to_do", found["round"], "ms"),
        Figure("events_on_disk", found["disk"] / events, "bytes"),
    ]


def _run(module: str, *arguments: str) -> bytes:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=SOURCES, check=True, capture_output=True).stdout


def _p95(name: str, sample: list[float], bound: float | None) -> Figure:
    spread = Spread.of(sample)
    return Figure(name, spread.p95, "ms", bound, spread)
