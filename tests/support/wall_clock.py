"""Processes that believe in another wall clock: `wall_clock.c`, built when a test needs it."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import time
from pathlib import Path
from typing import Final

import pytest

SOURCE: Final = Path(__file__).with_suffix(".c")
OFFSET: Final = "WALL_CLOCK_OFFSET"


def build(directory: Path) -> Path:
    """The library to preload; skips the test where there is no C compiler."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    library = directory / "wall_clock.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    return library


def environment(library: Path, offset: Path) -> dict[str, str]:
    """The environment of a process whose wall clock follows the file ``offset`` (see `turn_to`)."""
    return {**os.environ, "LD_PRELOAD": str(library), OFFSET: str(offset)}


def turn_to(offset: Path, utc: int) -> None:
    """Make it ``utc`` now, in every process that follows ``offset``.

    To be called where the clock is real, or has an offset already: it is taken into account.
    """
    before = struct.unpack("=q", offset.read_bytes())[0] if offset.exists() else 0
    real_ns = time.time_ns() - (before if os.environ.get(OFFSET) == str(offset) else 0)
    data = struct.pack("=q", utc * 1_000_000_000 - real_ns)
    if offset.exists():
        with offset.open("r+b") as file:  # in place: the file is mapped
            file.write(data)
    else:
        offset.write_bytes(data)
