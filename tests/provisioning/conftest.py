"""What the tests of a visit share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.machine import add_users, make_machine

MEMORY = Path("/dev/shm")
"""Thousands of small durable writes: on a disk they would only wait for it."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A directory for whole machines, in memory where there is such; itself one with the gate's users."""
    if not MEMORY.is_dir():
        yield add_users(tmp_path)
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        Path(name).chmod(0o755)  # the gate's own users go in and out
        yield add_users(Path(name))


@pytest.fixture
def machine(place: Path) -> Path:
    """The tree of a small Debian for a Raspberry Pi."""
    return make_machine(place / "machine")
