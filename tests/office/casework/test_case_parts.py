"""Rule 14.3: who is a clerk of a case reviews nothing of it, nor the other way round."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from office.casework.actor import Actor
from office.casework.ledger import enter, open_account
from office.casework.loss import (
    Report,
    card_found,
    confirm_suspension,
    report_loss,
    restore_found_card,
    review,
    say_balance,
    suspend_by_telephone,
)
from office.casework.replacement import approve
from office.procedures.errors import Refused
from office.registry.models import CasePart, EntryKind, LossCase, LossKind, Part, StaffRole
from tests.support.office_checks import refused
from tests.support.office_estate import OfficeEstate

LOST = Report(LossKind.LOST, "on the bus")


@pytest.fixture
def both(estate: OfficeEstate) -> Actor:
    """A clerk who reviews other clerks' cases."""
    return estate.staff(StaffRole.CLERK, StaffRole.REVIEWER)


def test_14_3_who_suspended_it_by_telephone_does_not_review_it_after_another_confirmed_it(
    estate: OfficeEstate, clerk: Actor, both: Actor
) -> None:
    case = suspend_by_telephone(both, estate.issue_card(clerk).pk)
    confirm_suspension(clerk, case.pk, estate.applicant, LOST)
    with refused("14.3", Refused.REVIEWER_IS_CLERK):
        review(both, case.pk)


def test_14_3_who_recorded_the_balance_does_not_review_it(
    estate: OfficeEstate, clerk: Actor, both: Actor
) -> None:
    card = estate.issue_card(clerk)
    enter(clerk, open_account(clerk, card), EntryKind.OPENING, Decimal("12.34"))
    case = report_loss(clerk, card.pk, estate.applicant, LOST)
    say_balance(both, case.pk, agreed=True)
    with refused("14.3", Refused.REVIEWER_IS_CLERK):
        review(both, case.pk)


def test_14_found_who_un_reported_it_does_not_restore_it(
    estate: OfficeEstate, clerk: Actor, reviewer: Actor, both: Actor
) -> None:
    case = report_loss(clerk, estate.issue_card(clerk).pk, estate.applicant, LOST)
    card_found(both, case.pk, estate.applicant)
    with refused("14.found", Refused.REVIEWER_IS_CLERK):
        restore_found_card(both, case.pk)
    restored = restore_found_card(reviewer, case.pk)
    assert (restored.restorer, restored.restored_at) == (reviewer.user, reviewer.at)


def test_14_3_who_reviewed_it_takes_no_clerks_step_afterwards(
    estate: OfficeEstate, clerk: Actor, both: Actor
) -> None:
    case = report_loss(clerk, estate.issue_card(clerk).pk, estate.applicant, LOST)
    review(both, case.pk)
    with refused("14.3", Refused.CLERK_IS_REVIEWER):
        card_found(both, case.pk, estate.applicant)


def test_14_6_the_manager_was_no_clerk_of_the_case_either(
    estate: OfficeEstate, clerk: Actor, reviewer: Actor
) -> None:
    chief = estate.staff(StaffRole.CLERK, StaffRole.MANAGER)
    case = suspend_by_telephone(chief, estate.issue_card(clerk).pk)
    confirm_suspension(clerk, case.pk, estate.applicant, LOST)
    review(reviewer, case.pk)
    with refused("14.6", Refused.MANAGER_IN_CASE):
        approve(chief, case.pk)


def test_14_3_the_database_holds_that_nobody_has_both_parts(estate: OfficeEstate, clerk: Actor) -> None:
    case = report_loss(clerk, estate.issue_card(clerk).pk, estate.applicant, LOST)
    with pytest.raises(IntegrityError), transaction.atomic():
        CasePart.objects.create(case=case, user=clerk.user, part=Part.REVIEWER)
    with pytest.raises(IntegrityError), transaction.atomic():
        LossCase.objects.update(restorer=clerk.user)


def test_14_3_the_parts_of_earlier_cases_are_taken_from_case_and_trail(
    estate: OfficeEstate, clerk: Actor, reviewer: Actor, both: Actor
) -> None:
    reviewed = report_loss(clerk, estate.issue_card(clerk).pk, estate.applicant, LOST)
    review(reviewer, reviewed.pk)
    waiting = suspend_by_telephone(both, estate.issue_card(clerk, "spouse").pk)
    confirm_suspension(clerk, waiting.pk, waiting.issue.holder or estate.applicant, LOST)
    before = set(CasePart.objects.values_list("case", "user", "part"))
    CasePart.objects.all().delete()
    import_module("office.registry.migrations.0006_loss_cases").fill(apps, None)
    assert set(CasePart.objects.values_list("case", "user", "part")) == before
