"""``python -m bench.event_work DIRECTORY GATES EVENTS SEARCHES``: an office, timed; answers in JSON."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

from office.site.cli import with_django


def work(directory: Path, gates: int, events: int, searches: int) -> None:
    """Make Django ready over a new office, and measure."""
    estate = with_django(directory).settings.estate
    found = import_module("bench.event_office").measure(directory, estate, gates, events, searches)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
