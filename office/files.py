"""Files that appear whole or not at all, also across a power cut."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE = 0o600
READABLE = 0o644


def write_atomic(path: Path, data: bytes, *, mode: int) -> None:
    """Replace ``path`` by a file of these bytes and this mode; raises ``OSError``."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)  # whatever the umask takes away
        file.write(data)
        file.flush()
        os.fsync(handle)
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
