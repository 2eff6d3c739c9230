from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hub import HubRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[HubRig]:
    """One gate, registered, without a list."""
    made = HubRig(tmp_path)
    yield made
    made.close()
