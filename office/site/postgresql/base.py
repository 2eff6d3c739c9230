"""Django's PostgreSQL backend, with one writer at a time, as in a SQLite file.

A transaction begins by taking the lock that the hub's store takes, too: two clerks wait for
each other, neither fails half-way, and what a step has read is still so when it writes.
"""

from __future__ import annotations

import psycopg
from django.db.backends.postgresql import base

from office.hub.postgresql import SESSION, TAKE_TURN

LOCK_TIMEOUT_S = 10
"""How long a clerk's step waits for another's; as on SQLite."""


class DatabaseWrapper(base.DatabaseWrapper):
    """The outermost ``atomic`` takes its turn among those who write."""

    def init_connection_state(self) -> None:
        """Settings of a new connection."""
        super().init_connection_state()
        with self.connection.cursor() as cursor:
            cursor.execute(f"{SESSION}; SET lock_timeout = '{LOCK_TIMEOUT_S}s'")

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # the stubs leave it out
        if autocommit:
            return
        with self.wrap_database_errors:
            try:
                self.connection.execute(TAKE_TURN)
            except psycopg.Error:
                if not self.connection.closed:
                    self.connection.rollback()
                    super()._set_autocommit(True)  # type: ignore[misc]
                raise
