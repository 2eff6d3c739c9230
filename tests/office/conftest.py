"""A PostgreSQL server for tests that need one whatever the rest runs on."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.postgresql import URL_VARIABLE, missing, server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a server's database; that of this run, if it is on PostgreSQL."""
    if (running := os.environ.get(URL_VARIABLE)) is not None:
        yield running
        return
    if (why := missing()) is not None:
        pytest.skip(why)
    with server() as url:
        yield url
