"""What must hold on PostgreSQL as on SQLite; `pytest --database postgresql` runs everything on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.postgresql import URL_VARIABLE, missing

ROOT = Path(__file__).parents[2]
PARTS = {
    "the hub's store": (
        "hub/test_publisher.py",
        "hub/test_event_rows.py",
        "hub/test_one_use.py",
        "hub/test_as_built.py",
        "hub/test_restored_backup.py",
        "hub/test_standing.py",
    ),
    # Its database is made by the migrations, and its constraints are the ones that they made. Every step
    # of the desk is here: one that locks a row as only SQLite forgives is found the day it is written.
    "from the desk to the lists": ("lists", "casework", "exchange/test_giving_out.py"),
}


@pytest.mark.real_part("postgresql")
@pytest.mark.timeout(400)
@pytest.mark.parametrize("part", PARTS)
def test_what_holds_on_sqlite_holds_on_a_server(part: str) -> None:
    if URL_VARIABLE in os.environ:
        pytest.skip("this whole run is on PostgreSQL")
    if (why := missing()) is not None:
        pytest.skip(why)
    words = ["-q", "--database", "postgresql", "-p", "no:cacheprovider"]
    files = [str(ROOT / "tests" / "office" / one) for one in PARTS[part]]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=390,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert " passed" in run.stdout.splitlines()[-1]
