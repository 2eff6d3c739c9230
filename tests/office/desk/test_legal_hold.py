"""A legal hold is set and ended by the manager at the desk, and everybody sees that it holds."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from office.registry.models import StaffRole
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]


def test_the_manager_holds_and_releases_and_a_clerk_sees_it(estate: OfficeEstate, browser: Browser) -> None:
    manager, clerk = browser(StaffRole.MANAGER), browser(StaffRole.CLERK)
    pk = estate.applicant.pk
    page, hold = reverse("person", args=[pk]), reverse("hold-person", args=[pk])
    assert clerk.get(hold).status_code == 403
    empty = manager.post(hold, {"reason": ""})
    assert empty.status_code == 422
    assert manager.post(hold, {"reason": "court <b>2026"}, follow=True).status_code == 200
    estate.applicant.refresh_from_db()
    assert estate.applicant.legal_hold
    assert "court &lt;b&gt;2026" in manager.get(page).content.decode()
    seen = clerk.get(page).content.decode()
    assert "purged or erased" in seen
    assert "court" not in seen
    release = reverse("release-person", args=[pk])
    clerk.post(release)
    estate.applicant.refresh_from_db()
    assert estate.applicant.legal_hold
    manager.post(release)
    estate.applicant.refresh_from_db()
    assert (estate.applicant.legal_hold, estate.applicant.hold_reason) == (False, "")


def test_every_kind_of_record_has_its_days_on_the_policys_page(
    estate: OfficeEstate, browser: Browser
) -> None:
    page = browser(StaffRole.MANAGER).get(reverse("policy")).content.decode()
    for name in ("event", "departed", "alarm", "case", "slip", "complaint", "login"):
        assert f'name="{name}_days"' in page
