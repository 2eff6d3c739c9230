"""Chinese unless English is chosen; Django's own texts come in the same language."""

from __future__ import annotations

import pytest
from django.test import Client

from office.registry.models import StaffRole
from tests.support.office_estate import OfficeEstate


@pytest.fixture
def clerk(estate: OfficeEstate) -> Client:
    """A browser that asks for no language."""
    client = Client()
    client.force_login(
        estate.staff(StaffRole.CLERK).user, backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def test_pages_are_chinese_until_english_is_chosen(clerk: Client) -> None:
    assert "今日" in clerk.get("/").content.decode()
    answer = clerk.post("/i18n/setlang/", {"language": "en", "next": "/"}, follow=True)
    assert "Nothing waits for you" in answer.content.decode()
    answer = clerk.post("/i18n/setlang/", {"language": "zh-hans", "next": "/"}, follow=True)
    assert '<html lang="zh-hans">' in answer.content.decode()


def test_a_refusal_and_a_wrong_field_are_said_in_chinese(clerk: Client, estate: OfficeEstate) -> None:
    page = f"/places/{estate.unit.pk}/people/new/"
    told = {"name": "", "role": "tenant", "since": "2026-01-01", "last_day": "2026-12-31"}
    assert "这个字段是必填项" in clerk.post(page, told).content.decode()
    refused = clerk.post(page, told | {"name": "林"}).content.decode()
    assert "租户入住登记时业主必须到场" in refused
    assert "规程 15.1" in refused
