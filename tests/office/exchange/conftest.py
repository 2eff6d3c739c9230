"""A small estate to import into."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.import_files import Import
from tests.support.office_estate import OfficeEstate


@pytest.fixture
def import_(db: None, tmp_path: Path) -> Import:
    """An import into the small estate."""
    return Import(OfficeEstate(), tmp_path)
