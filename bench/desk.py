"""The desk at the size of the largest estate: pages, find-anything, a lost report, import, statistics.

It runs in a process of its own (`bench.desk_work`): Django can be set up once a process, and its size is the
import's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

from bench.figures import Figure, Spread
from bench.rig import SOURCES, Workshop

HOUSEHOLDS: Final = 17_500
"""50,000 persons and 60,000 cards, as `office.demo.estate` fills homes."""
GATES: Final = 200
EVENTS: Final = 2_000_000
ROUNDS: Final = 30
"""Of each page, each search, and each report."""

PAGE_MS: Final = 200.0
FIND_MS: Final = 100.0
LOST_MS: Final = 100.0
IMPORT_S: Final = 60.0
STATISTICS_MS: Final = 1_000.0
IMPORT_MB: Final = 400.0


def measure(workshop: Workshop) -> list[Figure]:
    """Milliseconds at the desk, seconds and megabytes of the import."""
    size = (200, 4, 500, 1) if workshop.quick else (HOUSEHOLDS, GATES, EVENTS, ROUNDS)
    command = [sys.executable, "-m", "bench.desk_work", str(workshop.directory / "office"), *map(str, size)]
    done = subprocess.run(command, cwd=SOURCES, check=True, capture_output=True)
    found = json.loads(done.stdout)
    return [
        *_by_kind("page", found["pages"], PAGE_MS),
        *_by_kind("find", found["find"], FIND_MS),
        _p95("lost_report_handed_to_the_hub", found["lost"], LOST_MS),
        _p95("statistics", found["statistics"], STATISTICS_MS),
        Figure("import_dry_run", found["dry_run_s"], "s"),
        Figure("import_of_the_cards", found["cards_s"], "s", IMPORT_S),
        Figure("import_of_everything", found["import_s"], "s"),
        Figure("import_resident", found["resident"] / 1e6, "MB", IMPORT_MB),
        Figure("cards", found["cards"], ""),
        Figure("persons", found["persons"], ""),
        Figure("database_on_disk", found["disk"] / 1e6, "MB"),
    ]


def _by_kind(name: str, samples: dict[str, list[float]], bound: float) -> list[Figure]:
    """Of all together, and each."""
    together = [one for sample in samples.values() for one in sample]
    return [
        _p95(name, together, bound),
        *(_p95(f"{name} {kind}", sample, bound) for kind, sample in samples.items()),
    ]


def _p95(name: str, sample: list[float], bound: float) -> Figure:
    spread = Spread.of(sample)
    return Figure(f"{name}_p95", spread.p95, "ms", bound, spread)
