"""Places are added and corrected on pages of the manager's."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from office.registry.models import Place, StaffRole
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]


def test_a_unit_is_added_and_its_area_corrected(estate: OfficeEstate, browser: Browser) -> None:
    manager, clerk = browser(StaffRole.MANAGER), browser(StaffRole.CLERK)
    new = reverse("new-place", args=[estate.entrance.pk])
    assert clerk.get(new).status_code == 403
    assert new in manager.get(reverse("place", args=[estate.entrance.pk])).content.decode()
    assert new not in clerk.get(reverse("place", args=[estate.entrance.pk])).content.decode()
    unit = {"kind": "unit", "name": "<b>102", "floor_area_m2": "88.00", "use": "residential"}
    for wrong in ({"floor_area_m2": ""}, {"floor_area_m2": "-1"}, {"kind": "building"}, {"name": "101"}):
        assert manager.post(new, unit | wrong).status_code == 422, wrong
    answer = manager.post(new, unit, follow=True)
    assert "&lt;b&gt;102" in answer.content.decode()
    made = Place.objects.get(name="<b>102")
    change = reverse("edit-place", args=[made.pk])
    assert 'value="88.00"' in manager.get(change).content.decode()
    manager.post(change, {"name": "102", "floor_area_m2": "130.00", "use": "residential"})
    made.refresh_from_db()
    assert (made.name, str(made.floor_area_m2), made.full_name) == ("102", "130.00", "1栋 1单元 102")
    assert manager.get(reverse("new-place", args=[made.pk])).status_code == 404
