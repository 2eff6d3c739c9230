"""``pytest --database postgresql``: the office's tests on a PostgreSQL server that is started for them.

A plugin, because Django's settings are read before any conftest is.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator

import pytest

from tests.support.postgresql import URL_VARIABLE, missing, server

_SERVER = contextlib.ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="what the office's tests run on; postgresql: a server of their own is started",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """A wrapper, so that the server runs before pytest-django reads the settings."""
    if early_config.known_args_namespace.database == "postgresql":
        if (why := missing()) is not None:
            raise pytest.UsageError(f"--database postgresql: {why}")
        os.environ[URL_VARIABLE] = _SERVER.enter_context(server())
    yield


def pytest_unconfigure() -> None:
    os.environ.pop(URL_VARIABLE, None)
    _SERVER.close()
