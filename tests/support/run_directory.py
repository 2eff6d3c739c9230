"""A directory that is one run's own: what runs that were killed have left is swept by the next."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

_LOCK: Final = "lock"
"""Held as long as the run lives; the kernel lets go of it however it ends."""


def run_directory(prefix: str, parent: Path | None = None) -> Path:
    """A new directory, removed when this process ends, or by the next run if it is killed."""
    home = parent or Path(tempfile.gettempdir())
    _sweep(home, prefix)
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
    handle = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _sweep(home: Path, prefix: str) -> None:
    for one in home.glob(f"{prefix}*"):
        with suppress(OSError):  # of another user, or swept by another run this moment
            handle = os.open(one / _LOCK, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(one)
            finally:
                os.close(handle)
