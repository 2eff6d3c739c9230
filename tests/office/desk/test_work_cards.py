"""A guard's card through the desk's pages: from the place where the guard works to the card's page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from office.registry.models import CardKind, Issue, Person, StaffRole
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]


def test_13_work_a_clerk_applies_for_a_guards_card(estate: OfficeEstate, browser: Browser) -> None:
    clerk, place = browser(StaffRole.CLERK), f"/places/{estate.estate.pk}/"
    page = f"{place}cards/new/"
    assert page in clerk.get(place).content.decode()
    told = {"holder": "gatekeeper, 13800000000", "kind": "guard"}
    answer = clerk.post(page, told, follow=True).content.decode()
    card = Issue.objects.get()
    assert (card.kind, card.unit, card.holder.name) == (CardKind.GUARD, estate.estate, "gatekeeper")  # type: ignore[union-attr]
    assert "Book the payment" in answer
    assert f"/cards/{card.pk}/" in clerk.get(place).content.decode()
    known = {"holder": f"#{estate.applicant.pk}", "kind": "staff", "last_day": "2099-01-01"}
    clerk.post(page, known)
    assert Issue.objects.get(kind=CardKind.STAFF).holder == estate.applicant


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"holder": "a, 1\nb, 2", "kind": "guard"}, "Name one person."),
        ({"holder": ", 13800000000", "kind": "guard"}, "write a name and a phone number"),
        ({"holder": "a, 1", "kind": "resident"}, "Select a valid choice"),
        ({"holder": "a, 1", "kind": "guard", "last_day": "2020-01-01"}, "The end must be in the future."),
        ({"kind": "guard"}, "This field is required."),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_written_down(
    estate: OfficeEstate, browser: Browser, told: dict[str, str], said: str
) -> None:
    before = Person.objects.count()
    answer = browser(StaffRole.CLERK).post(f"/places/{estate.estate.pk}/cards/new/", told)
    assert (answer.status_code, Person.objects.count(), Issue.objects.count()) == (422, before, 0)
    assert said in answer.content.decode()


def test_13_work_others_do_not(estate: OfficeEstate, browser: Browser) -> None:
    guard, place = browser(StaffRole.GUARD), f"/places/{estate.estate.pk}/"
    assert guard.post(f"{place}cards/new/", {"holder": "a, 1", "kind": "guard"}).status_code == 403
    assert "cards/new/" not in guard.get(place).content.decode()
