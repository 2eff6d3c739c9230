"""What tests of the gate's shell share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.gate_estate import BASIC
from tests.support.gate_rig import GateRig, publish

MakeRig = Callable[..., GateRig]


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The basic list, signed and stored once."""
    directory = tmp_path_factory.mktemp("stock")
    publish(directory, 1, BASIC)
    return directory


@pytest.fixture
def make_rig(tmp_path: Path, stock: Path) -> Iterator[MakeRig]:
    """Makes gates that end with the test."""
    made: list[GateRig] = []

    def make(**options: Any) -> GateRig:
        made.append(GateRig(tmp_path / f"gate{len(made)}", stock=stock, **options))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


@pytest.fixture
def rig(make_rig: MakeRig) -> GateRig:
    """A started gate with the basic list."""
    return make_rig().start()
