"""13.7: the statistics count every card once, and money to the cent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.loss import (
    Report,
    card_found,
    lift_suspension,
    report_loss,
    restore_found_card,
    suspend_by_telephone,
)
from office.casework.payments import void
from office.casework.places import add_place
from office.casework.statistics import SHOWN, archive_statistics, card_statistics
from office.casework.temporary import Lending, lend_temporary_card, take_back_temporary_card
from office.casework.withdrawal import cancel_application, withdraw_card
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import TAKEN_OVER
from office.procedures.withdrawal import Reason
from office.registry.models import (
    AuditEntry,
    Issue,
    IssueState,
    IssueStep,
    LossKind,
    Origin,
    Payment,
    PaymentMethod,
    PlaceKind,
    SignatureKind,
    StaffRole,
)
from tests.support.office_estate import NOW, OfficeEstate


def test_13_7_cards_are_counted_by_building_kind_state_and_month(estate: OfficeEstate, clerk: Actor) -> None:
    estate.issue_card(clerk)
    lost = estate.issue_card(clerk, "child")
    assert lost.holder is not None
    report_loss(clerk, lost.pk, lost.holder, Report(LossKind.LOST, "x"))
    estate.apply(clerk, "child")
    tower = add_place(estate.estate, PlaceKind.BUILDING, "12栋")
    Issue.objects.filter(pk=lost.pk).update(unit=tower)
    found = card_statistics(2026, NOW)
    by_name = {one.name: one for one in found.buildings}
    assert by_name["1栋"].by_state == {"active": 1, "applied": 1}
    assert by_name[""].by_state == {"lost": 1}, "a card of a building itself lies in no building's unit"
    assert [one.total for one in found.kinds] == [3]
    assert (found.total, sum(found.sums), found.legacy) == (3, 3, 0)
    november = found.months[10]
    assert (november.issued, november.lost, november.fees) == (2, 1, Decimal("40.00"))
    assert all(one.issued == one.lost == 0 for one in found.months if one.number != 11)
    assert card_statistics(2025, NOW).fees == 0


def test_a_month_begins_at_midnight_in_the_estates_time_zone(estate: OfficeEstate, clerk: Actor) -> None:
    issue = estate.issue_card(clerk)
    IssueStep.objects.filter(issue=issue).update(at=datetime(2026, 10, 31, 16, 0, tzinfo=UTC))
    assert [one.issued for one in card_statistics(2026, NOW).months][9:11] == [0, 1]
    IssueStep.objects.filter(issue=issue).update(at=datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC))
    assert [one.issued for one in card_statistics(2026, NOW).months][9:11] == [1, 0]


def test_a_void_receipt_is_no_fee(estate: OfficeEstate, clerk: Actor) -> None:
    estate.issue_card(clerk)
    void(clerk, Payment.objects.get().pk, "mistake")
    assert card_statistics(2026, NOW).fees == 0


def test_13_7_a_deposit_that_goes_back_is_taken_off_no_fee(estate: OfficeEstate, clerk: Actor) -> None:
    case = estate.report_lost(clerk, estate.issue_card(clerk))
    last_day = clerk.today + timedelta(days=7)
    told = Lending(estate.next_chip(), "", last_day, PaymentMethod.CASH, "D1", SignatureKind.PAPER)
    lent = lend_temporary_card(clerk, case.pk, estate.applicant, told)
    take_back_temporary_card(clerk, lent.pk, PaymentMethod.CASH, "B1")
    (cancelled,) = estate.apply(clerk, "child")
    estate.pay(clerk, cancelled)
    cancel_application(clerk, cancelled.pk, PaymentMethod.CASH, "B2")
    found = card_statistics(2026, NOW)
    november = found.months[10]
    assert (november.fees, november.refunds) == (Decimal("40.00"), Decimal("20.00"))
    assert (november.deposits, november.returned) == (Decimal("50.00"), Decimal("50.00"))
    assert found.fees == Decimal("20.00")


def test_13_7_a_card_is_issued_once_and_a_cancelled_application_is_no_card_withdrawn(
    estate: OfficeEstate, clerk: Actor, reviewer: Actor
) -> None:
    card = estate.issue_card(clerk)
    case = estate.report_lost(clerk, card)
    card_found(clerk, case.pk, estate.applicant)
    restore_found_card(reviewer, case.pk)
    lift_suspension(clerk, suspend_by_telephone(clerk, card.pk).pk, estate.applicant)
    (cancelled,) = estate.apply(clerk, "child")
    cancel_application(clerk, cancelled.pk, PaymentMethod.CASH, "")
    november = card_statistics(2026, NOW).months[10]
    assert (november.issued, november.withdrawn) == (1, 0)
    withdraw_card(clerk, card.pk, Reason.HANDED_BACK)
    legacy = estate.apply(clerk, "spouse")[0]
    Issue.objects.filter(pk=legacy.pk).update(state=IssueState.ACTIVE, origin=Origin.LEGACY, chip=card.chip)
    withdraw_card(clerk, legacy.pk, Reason.HANDED_BACK)
    IssueStep.objects.create(issue=legacy, state=IssueState.LOST, at=NOW, rule=TAKEN_OVER)
    november = card_statistics(2026, NOW).months[10]
    assert (november.issued, november.withdrawn, november.lost) == (1, 2, 1)


def test_13_7_the_form_gets_one_number_a_day_and_the_trail_its_sums(
    estate: OfficeEstate, clerk: Actor
) -> None:
    estate.issue_card(clerk)
    first = archive_statistics(clerk, 2026)
    assert str(first) == "KH-13-R01-2026-00001"
    assert archive_statistics(clerk, 2026) == first
    assert str(archive_statistics(replace(clerk, at=NOW + timedelta(days=1)), 2026)) == "KH-13-R01-2026-00002"
    drawn = AuditEntry.objects.filter(rule="13.7", action="statistics drawn up")
    assert [one.facts for one in drawn] == [{"cards": 1, "legacy": 0, "fees": "20.00"}] * 2
    with pytest.raises(RuleError) as refused:
        archive_statistics(estate.staff(StaffRole.GUARD), 2026)
    assert refused.value.refused is Refused.ROLE_MISSING


def test_every_state_has_its_column() -> None:
    assert {*SHOWN, IssueState.SIGNED} == set(IssueState)


def test_queries_do_not_grow_with_the_cards(estate: OfficeEstate, clerk: Actor) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as caught:
            card_statistics(2026, NOW)
        return len(caught)

    few = asked()
    for relation in ("self", "child", "parent"):
        estate.issue_card(clerk, relation)
    assert asked() == few
