"""Rule 14.4: R02 has each gate's receipt of the stop, with its second, and names who has not confirmed."""

from __future__ import annotations

from datetime import timedelta

from office.casework.actor import Actor
from office.casework.loss import Report, lift_suspension, report_loss, suspend_by_telephone
from office.casework.stop_receipts import attach_receipts, missing_gates
from office.registry.models import AuditEntry, LossKind
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate
from tests.support.signed import confirm

AT = int(NOW.timestamp())
LATER = NOW + timedelta(minutes=1)


def test_14_4_receipts_are_attached_as_they_come(estate: OfficeEstate, clerk: Actor) -> None:
    issue = estate.issue_card(clerk)
    case = report_loss(clerk, issue.pk, estate.applicant, Report(LossKind.LOST))
    assert attach_receipts(LATER) == 0
    assert missing_gates(case) == ["north", "south"]
    confirm(NORTH, AT + 7)
    for _ in range(2):  # the second time there is nothing to add
        attach_receipts(LATER)
    receipt = case.receipts.get()
    assert (receipt.gate_id, receipt.refused_since, receipt.exact) == (
        NORTH,
        NOW + timedelta(seconds=7),
        True,
    )
    assert missing_gates(case) == ["south"]
    confirm(SOUTH, AT + 30)
    attach_receipts(LATER)
    case.refresh_from_db()
    assert case.stop_confirmed
    assert missing_gates(case) == []
    told = AuditEntry.objects.filter(rule="14.4", subject=f"losscase:{case.pk}").order_by("number")
    assert [one.facts for one in told] == [
        {"gate": NORTH, "since": AT + 7},
        {"gate": SOUTH, "since": AT + 30},
    ]


def test_14_lift_a_card_that_opens_again_waits_for_no_receipt(estate: OfficeEstate, clerk: Actor) -> None:
    issue = estate.issue_card(clerk)
    case = suspend_by_telephone(clerk, issue.pk)
    lift_suspension(clerk, case.pk, estate.applicant)
    attach_receipts(LATER)
    case.refresh_from_db()
    assert case.stop_confirmed
    assert not case.receipts.exists()


def test_cases_are_looked_at_in_turn(estate: OfficeEstate, clerk: Actor) -> None:
    cases = [
        report_loss(clerk, estate.issue_card(clerk).pk, estate.applicant, Report(LossKind.LOST))
        for _ in range(3)
    ]
    confirm(NORTH, AT + 7)
    after = attach_receipts(LATER, at_most=2)
    assert [one.receipts.count() for one in cases] == [1, 1, 0]
    assert attach_receipts(LATER, after, at_most=2) == 0
    assert [one.receipts.count() for one in cases] == [1, 1, 1]
