"""The one socket at which this process looks for pcscd."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.readers.pcsc import SOCKET_VARIABLE


@pytest.fixture(scope="session")
def pcsc_socket_for_good() -> Iterator[Path]:
    """libpcsclite reads its environment once in a process: all tests share this path."""
    pytest.importorskip("smartcard.scard", reason="pyscard is not installed", exc_type=ImportError)
    # A socket's path may have 107 bytes: too few for pytest's own folders.
    with tempfile.TemporaryDirectory(prefix="pcsc") as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder, "pcscd.comm")
        patch.setenv(SOCKET_VARIABLE, str(path))
        yield path


@pytest.fixture
def pcsc_socket(pcsc_socket_for_good: Path) -> Iterator[Path]:
    """Where a test puts its daemon's socket (or a link to it); nothing is there before and after."""
    yield pcsc_socket_for_good
    pcsc_socket_for_good.unlink(missing_ok=True)
