"""What the tests of the technician's commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.enrolling import FILE
from tests.support.visits import Technician


@pytest.fixture
def technician(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Technician:
    """Somebody at the gate."""
    return Technician(monkeypatch, capsys)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A stick with the bundle on it."""
    (tmp_path / "stick").mkdir()
    path = tmp_path / "stick" / "east.bundle"
    path.write_bytes(FILE)
    return path
