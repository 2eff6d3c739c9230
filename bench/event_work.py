"""``python -m bench.event_work DIRECTORY GATES EVENTS SEARCHES``: a new office, timed; answers in JSON."""

from __future__ import annotations

import contextlib
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

from office.__main__ import main as office
from office.site.cli import with_django

ESTATE: Final = "6761746568303031"


def work(directory: Path, gates: int, events: int, searches: int) -> None:
    """Make the office, make Django ready over it, and measure."""
    with contextlib.redirect_stdout(sys.stderr):
        if office(["init", str(directory), "--estate", ESTATE, "--insecure", "--host", "testserver"]):
            raise SystemExit("the office was not made")
    with_django(directory)
    found = import_module("bench.event_office").measure(directory, gates, events, searches)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
