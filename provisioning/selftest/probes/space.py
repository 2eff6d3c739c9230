"""Free space and file names where the gate writes, and whether it may write there at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from provisioning.selftest.visit import Visit, failed, passed
from sync.as_built import Check

ENOUGH_MB: Final = 200
"""A million events and two lists of 100,000 cards, with reserve (measured: 120 MB)."""
ENOUGH_NAMES: Final = 1_000


def probe(visit: Visit) -> Iterator[Check]:
    """Both state directories; on one file system they share it."""
    for name, directory in (("terminal", visit.config.terminal_dir), ("sync", visit.config.sync_dir)):
        yield _free(f"space.{name}", directory)


def _free(check: str, directory: Path) -> Check:
    try:
        found = os.statvfs(directory)
    except OSError as error:
        return failed(check, f"{directory}: {error.strerror}; run gatehouse-provision apply")
    if found.f_flag & os.ST_RDONLY:
        return failed(check, f"{directory} is mounted read-only: the state needs a writable file system")
    free_mb = found.f_bavail * found.f_frsize // 1_000_000
    if free_mb < ENOUGH_MB:
        return failed(check, f"{free_mb} MB are free, needed are {ENOUGH_MB}: remove what is not the gate's")
    # A file system without a table of names (btrfs) says 0 of 0.
    if found.f_files and found.f_favail < ENOUGH_NAMES:
        return failed(check, f"only {found.f_favail} more files fit: remove what is not the gate's")
    return passed(check, f"{free_mb} MB are free")
