"""Where a backup or a restore works: the folder holds a whole database, perhaps keys, and is not to stay."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from office.files import PRIVATE

LOCK: Final = "gatehouse.lock"
"""In each folder, held by the process that works there and let go of with its end, whatever that is."""


@contextmanager
def working_folder(beside: Path, prefix: str) -> Iterator[Path]:
    """A private folder of this process's, gone afterwards; those of processes that were ended go now."""
    _sweep(beside, prefix)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=beside) as name:
        lock = Path(name, LOCK)
        # Under its own name only once it is held: nobody sweeps a folder without it.
        handle = os.open(lock.with_suffix(".new"), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
        try:
            if _taken(handle):
                lock.with_suffix(".new").rename(lock)
            yield Path(name)
        finally:
            os.close(handle)


def _sweep(beside: Path, prefix: str) -> None:
    for lock in beside.glob(f"{prefix}*/{LOCK}"):
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        except OSError:  # somebody else's, or gone meanwhile
            continue
        try:
            if _taken(handle):
                shutil.rmtree(lock.parent, ignore_errors=True)
        finally:
            os.close(handle)


def _taken(handle: int) -> bool:
    """Whether the lock is ours now: no, too, where the file system has no locks, as on some shares."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
