"""How a process opens a database that another process writes: it never changes a row.

Not read-only as SQLite means it: after the writer's clean end the shared memory is gone,
and only who may write can make it anew. On a read-only disk nobody can, and nobody
writes either: there the file is read as it stands.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from terminal.stores.database import connect


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot change a row; raises ``sqlite3.Error``."""
    connection = connect(path, immutable=stands_still(path))
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cell_size_check = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def stands_still(path: Path) -> bool:
    """Whether ``path`` lies on a read-only disk, with no write-ahead log to be read with it."""
    try:
        if not os.statvfs(path).f_flag & os.ST_RDONLY:
            return False
        return os.stat(f"{path}-wal").st_size == 0  # noqa: PTH116  # on a tap: Path costs as much again
    except FileNotFoundError:
        return path.exists()
    except OSError:
        return False
