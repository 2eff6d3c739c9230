"""What a machine may refuse although everything is installed; said before any code of ours has run."""

from __future__ import annotations

from typing import Final, NoReturn

import pytest

NO_CONTAINERS: Final = "this machine allows no containers"
"""The one reason for which CI goes on without a real part: whether a container may be mounted and booted
is not ours to install. What the service manager does in it, tests/provisioning does on trees everywhere."""


def no_containers(why: str) -> NoReturn:
    """Skip, and be told so at the end of the run."""
    pytest.skip(f"{NO_CONTAINERS}: {why}")
