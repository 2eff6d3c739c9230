"""A clock that was set back: steps say so and save nothing, stops go through, the manager confirms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from office.casework.office_clock import see_clock
from office.desk.requests import now
from office.registry.models import Issue, IssueState, LossCase, Payment, Person, StaffRole
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]


@pytest.fixture
def card(estate: OfficeEstate) -> Issue:
    """Applied for, before the clock was set back by a day."""
    (made,) = estate.apply(estate.staff(StaffRole.CLERK), "self")
    see_clock(now() + timedelta(days=1))
    return made


def test_a_step_is_refused_in_words_and_nothing_is_saved(card: Issue, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    paid = {"amount": "20.00", "method": "cash", "receipt": "R1"}
    answer = clerk.post(reverse("pay", args=[card.pk]), paid, follow=True).content.decode()
    assert "This computer&#x27;s clock says" in answer
    assert "rule 0.clock" in answer
    assert not Payment.objects.exists()
    form = clerk.post(reverse("edit-person", args=[card.holder_id]), {"name": "changed"})
    assert form.status_code == 422
    assert "rule 0.clock" in form.content.decode()
    assert not Person.objects.filter(name="changed").exists()


def test_a_card_is_stopped_all_the_same(card: Issue, estate: OfficeEstate, browser: Browser) -> None:
    held = estate.issue_card(estate.staff(StaffRole.CLERK), "spouse")
    other = estate.issue_card(estate.staff(StaffRole.CLERK), "child")
    clerk = browser(StaffRole.CLERK)
    lost = {"kind": "lost", "reporter": held.holder_id, "cause": "", "version": held.version}
    clerk.post(reverse("report", args=[held.pk]), lost)
    clerk.post(reverse("suspend", args=[other.pk]), {"cause": ""})
    assert set(LossCase.objects.values_list("issue_id", flat=True)) == {held.pk, other.pk}
    held.refresh_from_db()
    assert held.state == IssueState.LOST


def test_the_manager_compares_and_confirms(card: Issue, browser: Browser) -> None:
    assert browser(StaffRole.CLERK).get(reverse("clock")).status_code == 403
    manager = browser(StaffRole.MANAGER)
    assert "The clock has jumped." in manager.get(reverse("clock")).content.decode()
    browser(StaffRole.CLERK).post(reverse("confirm-clock"))
    assert "The clock has jumped." in manager.get(reverse("clock")).content.decode()
    answer = manager.post(reverse("confirm-clock"), follow=True).content.decode()
    assert "Nothing is in doubt." in answer
    paid = {"amount": "20.00", "method": "cash", "receipt": "R1"}
    browser(StaffRole.CLERK).post(reverse("pay", args=[card.pk]), paid)
    assert Payment.objects.count() == 1
