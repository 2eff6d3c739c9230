"""The register page of the Raspberry Pi under test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pi import Registers, inside_a_pi


@pytest.fixture(scope="session")
def register_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registers]:
    """RPi.GPIO maps its registers once in a process: all tests share this page."""
    registers = Registers(tmp_path_factory.mktemp("pi") / "registers")
    yield registers
    registers.close()


@pytest.fixture
def pi(register_page: Registers, tmp_path: Path) -> Iterator[Registers]:
    """The test runs on a Raspberry Pi 4 after a reset."""
    pytest.importorskip("RPi", reason="RPi.GPIO is not installed")
    register_page.clear()
    with inside_a_pi(register_page, tmp_path):
        yield register_page
