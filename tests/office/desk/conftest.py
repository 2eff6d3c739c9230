"""A signed-in browser for each role."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from office.registry.models import StaffRole
from tests.support.office_estate import OfficeEstate


@pytest.fixture
def estate(db: None) -> OfficeEstate:
    """A small estate."""
    return OfficeEstate()


@pytest.fixture
def browser(estate: OfficeEstate) -> Callable[..., Client]:
    """A client that is signed in with these roles."""

    def signed_in(*roles: StaffRole) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(estate.staff(*roles).user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in
