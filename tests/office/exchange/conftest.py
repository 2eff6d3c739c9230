"""A small estate to import into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from tests.support.import_files import Import
from tests.support.office_estate import OfficeEstate


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """As a command answers."""
    with translation.override("en"):
        yield


@pytest.fixture
def import_(db: None, tmp_path: Path) -> Import:
    """An import into the small estate."""
    return Import(OfficeEstate(), tmp_path)
