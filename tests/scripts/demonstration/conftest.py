"""A stage on which things take no longer than they must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.demonstration.estate import Pace
from scripts.demonstration.stage import Stage, open_stage

QUICK = Pace(1.5, 0.4, 0.2, barrier_open_s=0.5, travel_s=0.6, clear_s=0.2)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A fresh estate with simulated readers; the gate is off."""
    with open_stage(tmp_path, QUICK, reader="sim") as opened:
        yield opened
