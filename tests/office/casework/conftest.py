"""The estate that steps of procedures start from."""

from __future__ import annotations

import pytest

from office.casework.actor import Actor
from office.registry.models import StaffRole
from tests.support.office_estate import OfficeEstate


@pytest.fixture
def estate(db: None) -> OfficeEstate:
    """A small estate."""
    return OfficeEstate()


@pytest.fixture
def clerk(estate: OfficeEstate) -> Actor:
    """A desk clerk."""
    return estate.staff(StaffRole.CLERK)


@pytest.fixture
def reviewer(estate: OfficeEstate) -> Actor:
    """A desk reviewer."""
    return estate.staff(StaffRole.REVIEWER)


@pytest.fixture
def manager(estate: OfficeEstate) -> Actor:
    """The office manager."""
    return estate.staff(StaffRole.MANAGER)
