"""A case says who has the next step, and shows a button only to whom it is; papers are linked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest
from django.test import Client

from office.casework.actor import Actor
from office.casework.ledger import enter, open_account
from office.casework.loss import card_found, review, say_balance
from office.registry.models import EntryKind, LossCase, StaffRole, Tenancy
from tests.office.casework.moving import TODAY, announce, days, move_in, new_slip
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]
REVIEW: Final = "Reviewed: the record is right"
RESTORE: Final = "Reviewed: let the found card open again"
FOUND: Final = "Found: withdraw the report"
APPROVE: Final = "Approve the replacement"


@pytest.fixture
def clerk(estate: OfficeEstate) -> Actor:
    """Who takes the report in."""
    return estate.staff(StaffRole.CLERK)


def reported(estate: OfficeEstate, clerk: Actor, *, account: bool = True) -> LossCase:
    card = estate.issue_card(clerk)
    if account:
        enter(clerk, open_account(clerk, card), EntryKind.OPENING, Decimal(10))
    return estate.report_lost(clerk, card)


def shown(client: Client, case: LossCase) -> str:
    return client.get(f"/cases/{case.pk}/").content.decode()


def signed_in(actor: Actor) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_14_2_the_review_waits_for_the_balance_and_the_page_says_so(
    estate: OfficeEstate, clerk: Actor, browser: Browser
) -> None:
    case, reviewer = reported(estate, clerk), browser(StaffRole.REVIEWER)
    assert "Waits for the balance" in shown(reviewer, case)
    assert REVIEW not in shown(reviewer, case)
    say_balance(clerk, case.pk, agreed=True)
    assert REVIEW in shown(reviewer, case)
    assert "Waits for the balance" not in shown(reviewer, case)


def test_14_3_who_took_the_report_in_is_offered_no_review(estate: OfficeEstate) -> None:
    both = estate.staff(StaffRole.CLERK, StaffRole.REVIEWER)
    case = reported(estate, both, account=False)
    page = shown(signed_in(both), case)
    assert "Waits for another reviewer" in page
    assert REVIEW not in page


def test_14_found_who_un_reported_it_is_offered_no_restoration(
    estate: OfficeEstate, clerk: Actor, browser: Browser
) -> None:
    both = estate.staff(StaffRole.CLERK, StaffRole.REVIEWER)
    case = reported(estate, clerk, account=False)
    card_found(both, case.pk, estate.applicant)
    page = shown(signed_in(both), case)
    assert "Waits for another reviewer" in page
    assert RESTORE not in page
    assert RESTORE in shown(browser(StaffRole.REVIEWER), case)


def test_14_3_who_reviewed_it_is_offered_no_clerks_step(estate: OfficeEstate, clerk: Actor) -> None:
    both = estate.staff(StaffRole.CLERK, StaffRole.REVIEWER)
    case = reported(estate, clerk, account=False)
    assert FOUND in shown(signed_in(both), case)
    review(both, case.pk)
    page = shown(signed_in(both), case)
    assert "You have reviewed this case" in page
    assert FOUND not in page
    assert FOUND in shown(signed_in(clerk), case)


def test_14_6_who_had_a_part_in_the_case_is_offered_no_approval(
    estate: OfficeEstate, clerk: Actor, browser: Browser
) -> None:
    case = reported(estate, clerk, account=False)
    assert "Waits for the desk reviewer (14.3)" in shown(browser(StaffRole.CLERK), case)
    both = estate.staff(StaffRole.REVIEWER, StaffRole.MANAGER)
    review(both, case.pk)
    assert APPROVE not in shown(signed_in(both), case)
    assert "Waits for another manager or deputy" in shown(signed_in(both), case)
    assert APPROVE in shown(browser(StaffRole.MANAGER), case)
    assert "Waits for the office manager (14.6)" in shown(browser(StaffRole.CLERK), case)


def test_15_the_papers_of_a_move_are_linked_from_its_pages(
    estate: OfficeEstate, clerk: Actor, browser: Browser
) -> None:
    move_in(estate, clerk, days(9))
    move = announce(estate, clerk, TODAY + timedelta(days=5))
    slip = new_slip(estate, clerk)
    tenancy = Tenancy.objects.get()
    client = browser(StaffRole.CLERK)
    links = {
        f"/places/{tenancy.unit_id}/": f"/tenancies/{tenancy.pk}/register.pdf",
        f"/moves/{move.pk}/": f"/moves/{move.pk}/kh-15-r01.pdf",
        f"/slips/{slip.pk}/": f"/slips/{slip.pk}/kh-09-r02.pdf",
        f"/places/{estate.unit.pk}/": f"/slips/{slip.pk}/",
    }
    for page, paper in links.items():
        assert f'href="{paper}"' in client.get(page).content.decode(), page
