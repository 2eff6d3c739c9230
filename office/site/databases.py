"""An office's database as Django's settings name it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from office.hub.address import StoreAddress
from office.hub.library import library

KEPT_OPEN_S: Final = 600
"""A connection to a server serves many pages: making one costs as much as a page."""


def django_database(address: StoreAddress) -> dict[str, Any]:  # Django's own mixture
    """An entry of ``DATABASES``; raises ``OfficeError`` if PostgreSQL's library is missing."""
    if isinstance(address, Path):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(address),
            "OPTIONS": {
                # The write lock is taken at the start: two clerks wait for each other, none fails half-way.
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
                "init_command": (
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;"
                ),
            },
        }
    with library():
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - SQLite needs none of it

        from office.hub.postgresql import parameters  # noqa: PLC0415
    options = conninfo_to_dict(address.url)
    return {
        "ENGINE": "office.site.postgresql",
        "NAME": options.pop("dbname"),
        "OPTIONS": {**options, **parameters(address)},
        "CONN_MAX_AGE": KEPT_OPEN_S,
        "CONN_HEALTH_CHECKS": True,
    }
