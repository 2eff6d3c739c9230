"""The link comes up whatever the wall clock says: it is the link that brings the time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import wall_clock

ROOT = Path(__file__).parents[2]


def told_at(utc: int, directory: Path) -> Mapping[str, Any]:
    """What a process tells that believes it is ``utc``."""
    library, offset = wall_clock.build(directory), directory / "offset"
    wall_clock.turn_to(offset, utc)
    done = subprocess.run(
        [sys.executable, "-m", "tests.sync.link_by_another_clock"],
        cwd=ROOT,
        env=wall_clock.environment(library, offset),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: Mapping[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.real_part("C compiler")
@pytest.mark.parametrize("utc", [0, 4_070_908_800], ids=["1970", "2099"])
def test_links_come_up_at_any_date_and_across_steps_of_the_clock(utc: int, tmp_path: Path) -> None:
    told = told_at(utc, tmp_path)
    assert 0 <= told["utc"] - utc < 30, "the clock was really shifted"
    assert told["links"] == [True] * 5, "each at its own date, resumed from another or not"
    # Even certificates with other dates than ours are taken by either side …
    assert told["dated gate"] is True
    assert told["dated hub"] is True
    # … and the shifted clock is the one that OpenSSL would judge by.
    assert told["dated gate, if dates were checked"] is False
    assert told["turned away"] == ["unknown_gate"]
