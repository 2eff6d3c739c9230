"""PostgreSQL's library, which an office on SQLite does without."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from office.hub.schema import HubStoreError


@contextlib.contextmanager
def library() -> Iterator[None]:
    """Around imports that need it; raises ``HubStoreError`` if it is missing."""
    try:
        yield
    except ImportError:
        raise HubStoreError(
            "psycopg or libpq5 is missing; install gatehouse with the extra: postgresql"
        ) from None
