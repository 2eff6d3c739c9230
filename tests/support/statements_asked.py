"""How often the database is asked: by Django, and by the hub's store over the same connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext


class Asked:
    """So many statements."""

    number = 0

    def more(self, _statement: str) -> None:
        self.number += 1


@contextmanager
def statements_asked() -> Iterator[Asked]:
    """Count them; beside SQLite, only Django's."""
    asked, of_sqlite = Asked(), connection.vendor == "sqlite"
    with CaptureQueriesContext(connection) as captured:
        if of_sqlite:
            connection.connection.set_trace_callback(asked.more)
        try:
            yield asked
        finally:
            if of_sqlite:
                connection.connection.set_trace_callback(None)
    if not of_sqlite:
        asked.number = len(captured)
