"""KH-13 and KH-14 step by step down to the gates' lists; what is refused saves nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.archive import archive
from office.casework.issuing import (
    CardWish,
    apply_for_cards,
    apply_for_vehicle_card,
    assign_chip,
    give_chip,
    sign_for_card,
)
from office.casework.ledger import balance_of, enter, open_account
from office.casework.loss import Report, report_loss, review, say_balance, suspend_by_telephone
from office.casework.payments import fee_due
from office.casework.replacement import (
    approve,
    authorise_replacement,
    collect_old_card,
    sign_for_replacement,
    tell_holder,
)
from office.casework.vehicles import register_vehicle
from office.casework.withdrawal import end_exception, set_exception
from office.procedures.errors import Refused, RuleError
from office.registry.models import (
    Application,
    ArchivedForm,
    AuditEntry,
    Door,
    EntryKind,
    Form,
    Issue,
    IssueState,
    LossCase,
    LossKind,
    Person,
    Signature,
    SignatureKind,
    StaffRole,
)
from sync.records import RevocationReason, Tombstone
from tests.office.casework.moving import at_gates, grants_at_gates
from tests.support.office_checks import refused
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate

DAY = timedelta(days=1)


def approved(estate: OfficeEstate, clerk: Actor, issue: Issue, report: Report | None = None) -> LossCase:
    """Reported by its holder, reviewed and approved, each by whom it is for."""
    holder = issue.holder or estate.applicant
    case = report_loss(clerk, issue.pk, holder, report or Report(LossKind.LOST))
    say_balance(clerk, case.pk, agreed=True)
    review(estate.staff(StaffRole.REVIEWER), case.pk)
    return approve(estate.staff(StaffRole.MANAGER), case.pk)


def told(estate: OfficeEstate, clerk: Actor, case: LossCase) -> Issue:
    """Paid for, with its chip, and the holder told: only the signature is left."""
    new = case.replacement
    assert new is not None
    if fee_due(new) > 0:
        estate.pay(clerk, new)
    authorise_replacement(clerk, case.pk, estate.next_chip())
    tell_holder(clerk, case.pk, "telephone", "comes tomorrow")
    return new


def test_13_2_without_a_relation_nobody_applies_and_nothing_is_saved(
    estate: OfficeEstate, clerk: Actor
) -> None:
    wishes = [CardWish(estate.applicant.pk, "self"), CardWish(estate.add_person("cousin").pk, "")]
    before = AuditEntry.objects.count()
    with pytest.raises(RuleError) as refused:
        apply_for_cards(clerk, estate.unit, estate.applicant, wishes, uuid4())
    assert (refused.value.rule, refused.value.refused) == ("13.2", Refused.RELATION_MISSING)
    assert (Application.objects.count(), Issue.objects.count(), AuditEntry.objects.count()) == (0, 0, before)


def test_13_6_the_signature_says_who_when_how_and_before_whom(estate: OfficeEstate, clerk: Actor) -> None:
    card = estate.issue_card(clerk)
    signed = Signature.objects.get(issue=card)
    assert (signed.signer, signed.at, signed.kind, signed.witness) == (
        estate.applicant,
        NOW,
        SignatureKind.PAPER,
        clerk.user,
    )
    entry = AuditEntry.objects.filter(subject=f"issue:{card.pk}", action__contains="sign").latest("number")
    assert entry.facts["signer"] == estate.applicant.pk


def test_14_1_nobody_but_the_holder_reports_it_and_it_goes_on_opening(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    with pytest.raises(RuleError) as refused:
        report_loss(clerk, card.pk, estate.add_person("neighbour"), Report(LossKind.LOST))
    assert (refused.value.rule, refused.value.refused) == ("14.1", Refused.NOT_THE_HOLDER)
    assert not LossCase.objects.exists()
    assert set(grants_at_gates(card.pk)) == {NORTH, SOUTH}


def test_14_2_the_balance_stands_in_the_case_and_an_objection_does_not_hold_the_stop(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    account = open_account(clerk, card)
    enter(clerk, account, EntryKind.OPENING, Decimal("12.34"))
    case = report_loss(clerk, card.pk, estate.applicant, Report(LossKind.LOST))
    assert case.balance == Decimal("12.34")
    with pytest.raises(RuleError) as frozen:
        enter(clerk, account, EntryKind.SPENDING, Decimal("1.00"))
    assert frozen.value.refused is Refused.ACCOUNT_FROZEN
    assert {type(one) for one in at_gates(card.pk).values()} == {Tombstone}, "the stop waits for nothing"
    said = say_balance(clerk, case.pk, agreed=False, objection="it was 20")
    assert (said.balance_agreed, said.objection) == (False, "it was 20")
    assert balance_of(account) == Decimal("12.34")


def test_14_5_damage_of_another_costs_nothing_and_the_old_card_is_handed_in(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    report = Report(LossKind.DAMAGED, "the reader bent it", by_holder=False)
    case = approved(estate, clerk, card, report)
    assert {one.reason for one in at_gates(card.pk).values() if isinstance(one, Tombstone)} == {
        RevocationReason.DAMAGED
    }
    new = told(estate, clerk, case)
    assert (fee_due(new), new.payments.count()) == (Decimal(0), 0)
    sign_for_replacement(clerk, case.pk, estate.applicant, SignatureKind.PAPER, None)
    old = collect_old_card(clerk, card.pk)
    assert (old.state, old.collected_at) == (IssueState.COLLECTED, NOW)
    assert {type(one) for one in at_gates(card.pk).values()} == {Tombstone}


def test_14_6_nothing_is_prepared_before_review_and_approval(estate: OfficeEstate, clerk: Actor) -> None:
    card = estate.issue_card(clerk)
    case = report_loss(clerk, card.pk, estate.applicant, Report(LossKind.LOST))
    with pytest.raises(RuleError) as refused:
        approve(estate.staff(StaffRole.MANAGER), case.pk)
    assert refused.value.rule == "14.6"
    with pytest.raises(RuleError) as refused:
        authorise_replacement(clerk, case.pk, estate.next_chip())
    assert (refused.value.rule, refused.value.refused) == ("14.7", Refused.NOT_APPROVED)
    assert Issue.objects.count() == 1


def test_14_7_the_new_card_has_the_same_doors_and_is_not_sent_before_the_signature(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    door = Door.objects.create(door_id=21, gate_id=SOUTH, name="cellar")
    first = set_exception(clerk, card.pk, door, allows=True, reason="a bicycle", until=NOW + DAY)
    end_exception(clerk, first.pk)
    set_exception(clerk, card.pk, door, allows=True, reason="another", until=NOW + 30 * DAY)
    before = {gate: one.access for gate, one in grants_at_gates(card.pk).items()}
    assert 21 in {access.door for access in before[SOUTH]}
    case = approved(estate, clerk, card)
    new = told(estate, clerk, case)
    assert at_gates(new.pk) == {}, "prepared, not sent"
    assert AuditEntry.objects.filter(rule="14.7", subject=f"losscase:{case.pk}").exists()
    sign_for_replacement(clerk, case.pk, estate.applicant, SignatureKind.PAPER, None)
    assert {gate: one.access for gate, one in grants_at_gates(new.pk).items()} == before


def test_14_7_doors_by_exception_are_those_of_the_old_card_at_the_signature(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    cellar, barrier = Door.objects.create(door_id=21, gate_id=SOUTH, name="cellar"), Door.objects.get(pk=11)
    ended = set_exception(clerk, card.pk, cellar, allows=True, reason="a bicycle", until=NOW + 30 * DAY)
    over = Door.objects.create(door_id=22, gate_id=SOUTH, name="roof")
    set_exception(clerk, card.pk, over, allows=True, reason="an aerial", until=NOW + DAY)
    case = approved(estate, clerk, card)
    new = told(estate, clerk, case)
    end_exception(clerk, ended.pk)
    set_exception(clerk, card.pk, barrier, allows=True, reason="a delivery", until=NOW + 30 * DAY)
    later = replace(clerk, at=NOW + 2 * DAY)
    sign_for_replacement(later, case.pk, estate.applicant, SignatureKind.PAPER, None)
    doors = {access.door for grant in grants_at_gates(new.pk).values() for access in grant.access}
    assert doors == {10, 11, 20}


def test_14_9_nobody_but_the_holder_signs_for_the_new_card(estate: OfficeEstate, clerk: Actor) -> None:
    card = estate.issue_card(clerk)
    case = approved(estate, clerk, card)
    new = told(estate, clerk, case)
    with pytest.raises(RuleError) as refused:
        sign_for_replacement(clerk, case.pk, estate.add_person("neighbour"), SignatureKind.PAPER, None)
    assert (refused.value.rule, refused.value.refused) == ("14.9", Refused.NOT_THE_HOLDER)
    assert at_gates(new.pk) == {}
    assert not Signature.objects.filter(issue=new).exists()


def test_14_9_a_replacement_is_signed_for_in_its_case_alone(estate: OfficeEstate, clerk: Actor) -> None:
    card = estate.issue_card(clerk)
    new = approved(estate, clerk, card).replacement
    assert new is not None
    estate.pay(clerk, new)
    with refused("14.9", Refused.IS_REPLACEMENT):
        give_chip(clerk, new.pk, estate.next_chip())
    assign_chip(new, estate.next_chip())
    with refused("14.9", Refused.IS_REPLACEMENT):
        sign_for_card(clerk, new.pk, estate.applicant, SignatureKind.PAPER, None)
    assert at_gates(new.pk) == {}


def test_14_a_vehicle_card_goes_the_same_way_at_the_gates_for_vehicles(
    estate: OfficeEstate, clerk: Actor
) -> None:
    car = register_vehicle(clerk, "测A00001", estate.unit, estate.applicant, date(2027, 6, 1))
    (card,) = apply_for_vehicle_card(clerk, car, estate.applicant, uuid4()).issues.all()
    estate.pay(clerk, card)
    estate.sign(clerk, card)
    assert {gate: [one.door for one in grant.access] for gate, grant in grants_at_gates(card.pk).items()} == {
        NORTH: [11]
    }
    passenger = Person.objects.create(name="passenger", recorded_at=NOW)
    with pytest.raises(RuleError):
        report_loss(clerk, card.pk, passenger, Report(LossKind.LOST))
    case = approved(estate, clerk, card)
    assert {type(one) for one in at_gates(card.pk).values()} == {Tombstone}
    new = told(estate, clerk, case)
    assert (new.vehicle, new.holder) == (car, card.holder)
    sign_for_replacement(clerk, case.pk, estate.applicant, SignatureKind.PAPER, None)
    assert [one.door for one in grants_at_gates(new.pk)[NORTH].access] == [11]


def test_14_suspend_a_guard_stops_a_card_on_a_verified_call(estate: OfficeEstate, clerk: Actor) -> None:
    card = estate.issue_card(clerk)
    with pytest.raises(RuleError):
        suspend_by_telephone(estate.staff(StaffRole.MAINTENANCE), card.pk, "called")
    case = suspend_by_telephone(estate.staff(StaffRole.GUARD), card.pk, "called from 110")
    assert (case.in_person, case.reporter) == (False, None)
    assert {type(one) for one in at_gates(card.pk).values()} == {Tombstone}


def test_14_10_numbers_run_by_form_and_year_and_are_given_once(estate: OfficeEstate, clerk: Actor) -> None:
    next_year = replace(clerk, at=NOW + 40 * DAY)
    made = [
        archive(clerk, Form.LOSS_REPORT, "losscase:1"),
        archive(clerk, Form.LOSS_RECORD, "losscase:1"),
        archive(clerk, Form.LOSS_REPORT, "losscase:2"),
        archive(next_year, Form.LOSS_REPORT, "losscase:1"),
        archive(next_year, Form.LOSS_REPORT, "losscase:3"),
    ]
    assert [str(one) for one in made] == [
        "KH-14-R01-2026-00001",
        "KH-14-R02-2026-00001",
        "KH-14-R01-2026-00002",
        "KH-14-R01-2026-00001",
        "KH-14-R01-2027-00001",
    ]
    assert ArchivedForm.objects.count() == 4


def test_a_chip_is_given_to_one_running_card(estate: OfficeEstate, clerk: Actor) -> None:
    chip = estate.next_chip()
    estate.issue_card(clerk, chip=chip)
    (other,) = estate.apply(clerk, "spouse")
    with pytest.raises(RuleError) as refused:
        assign_chip(other, chip)
    assert refused.value.refused is Refused.CHIP_IN_USE
