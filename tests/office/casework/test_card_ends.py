"""Ends of cards: announced moves, replacements, parking rights and what comes together."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import pytest
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.issuing import apply_for_vehicle_card, assign_chip, sign_for_card
from office.casework.loss import Report, report_loss
from office.casework.move_ends import end_moves
from office.casework.moves import call_off, put_off
from office.casework.people import Belonging, add_membership, change_owner
from office.casework.temporary import Lending, lend_temporary_card
from office.casework.tenancies import extend_tenancy
from office.casework.vehicles import register_vehicle, set_parking_right, vehicle_gone
from office.casework.withdrawal import fees_held
from office.procedures.errors import Refused, RuleError
from office.registry.models import (
    Issue,
    IssueState,
    LossCase,
    LossKind,
    MemberRole,
    PaymentMethod,
    Person,
    SignatureKind,
    Vehicle,
)
from tests.office.casework.losing import go_on, hand_out, ready_to_sign, replaced
from tests.office.casework.moving import announce, at_gates, days, grants_at_gates, midnight, move_in
from tests.support.office_estate import OfficeEstate


def ends(card: Issue) -> set[datetime | None]:
    """When the gates end it."""
    found = {one.valid_until for one in grants_at_gates(card.pk).values()}
    return {None if one is None else datetime.fromtimestamp(one, midnight(days(0)).tzinfo) for one in found}


def lent(estate: OfficeEstate, clerk: Actor, case: LossCase, last_day: int) -> Issue:
    """A temporary card for the lost one."""
    lending = Lending(
        estate.next_chip(), "", days(last_day), PaymentMethod.CASH, f"D{uuid4().hex[:8]}", SignatureKind.PAPER
    )
    return lend_temporary_card(clerk, case.pk, estate.applicant, lending)


def later(clerk: Actor) -> Actor:
    """After a move of the fifth day."""
    return replace(clerk, at=midnight(days(7)))


@pytest.fixture
def vehicle(estate: OfficeEstate, clerk: Actor) -> Vehicle:
    """A vehicle with a right for thirty days."""
    return register_vehicle(clerk, "粤B1", estate.unit, estate.applicant, days(30))


@pytest.fixture
def vehicle_card(estate: OfficeEstate, clerk: Actor, vehicle: Vehicle) -> Issue:
    """Its card, at the gates."""
    (card,) = apply_for_vehicle_card(clerk, vehicle, estate.applicant, uuid4()).issues.all()
    estate.pay(clerk, card)
    return estate.sign(clerk, card)


def test_15_3_a_card_that_is_handed_out_after_the_notice_ends_with_the_day_at_the_gates(
    estate: OfficeEstate, clerk: Actor
) -> None:
    move = announce(estate, clerk, days(5))
    card = estate.issue_card(clerk)
    assert ends(card) == {midnight(days(6))}
    put_off(clerk, move.pk, days(9))
    assert ends(card) == {midnight(days(10))}
    call_off(clerk, move.pk)
    assert ends(card) == {None}
    assert not Issue.objects.get(pk=card.pk).moves_out


@pytest.mark.parametrize("before", [True, False])
def test_15_3_a_replacement_follows_the_move_as_the_lost_card_did(
    estate: OfficeEstate, clerk: Actor, before: bool
) -> None:
    """Approved during the notice, and signed for before the move is put off or after it."""
    card = estate.issue_card(clerk)
    move = announce(estate, clerk, days(5))
    case = ready_to_sign(estate, clerk, card, estate.applicant)
    if before:
        assert ends(hand_out(clerk, case, estate.applicant)) == {midnight(days(6))}
    put_off(clerk, move.pk, days(20))
    assert case.replacement is not None
    new = case.replacement if before else hand_out(clerk, case, estate.applicant)
    assert ends(new) == {midnight(days(21))}
    call_off(clerk, move.pk)
    assert ends(new) == {None}


def test_14_temporary_a_lent_card_ends_with_the_lost_ones_move(estate: OfficeEstate, clerk: Actor) -> None:
    case = report_loss(clerk, estate.issue_card(clerk).pk, estate.applicant, Report(LossKind.LOST))
    move = announce(estate, clerk, days(3))
    card = lent(estate, clerk, case, 6)
    assert ends(card) == {midnight(days(4))}
    call_off(clerk, move.pk)
    assert ends(card) == {midnight(days(7))}


def test_15_3_a_move_that_is_put_off_beyond_the_former_end_of_an_extended_tenancy(
    estate: OfficeEstate, clerk: Actor
) -> None:
    tenancy, tenant = move_in(estate, clerk, days(10))
    estate.unit, estate.applicant = tenancy.unit, tenant
    card = estate.issue_card(clerk)
    move = announce(estate, clerk, days(8), [tenant])
    extend_tenancy(clerk, tenancy.pk, days(100))
    assert ends(card) == {midnight(days(9))}
    put_off(clerk, move.pk, days(50))
    assert ends(card) == {midnight(days(51))}


def test_15_3_of_two_moves_on_record_the_earlier_ends_the_card(
    estate: OfficeEstate, clerk: Actor, vehicle_card: Issue
) -> None:
    """A card of a holder and of another's vehicle: either of them may move away."""
    other = estate.add_person("other")
    Issue.objects.filter(pk=vehicle_card.pk).update(holder=other)
    first, second = announce(estate, clerk, days(5)), announce(estate, clerk, days(9), [other])
    assert ends(vehicle_card) == {midnight(days(6))}
    call_off(clerk, first.pk)
    assert ends(vehicle_card) == {midnight(days(10))}
    assert Issue.objects.get(pk=vehicle_card.pk).moves_out
    call_off(clerk, second.pk)
    assert ends(vehicle_card) == {midnight(days(30))}
    assert not Issue.objects.get(pk=vehicle_card.pk).moves_out


def test_13_vehicle_a_parking_right_set_during_a_notice_counts_when_it_is_called_off(
    estate: OfficeEstate, clerk: Actor, vehicle: Vehicle, vehicle_card: Issue
) -> None:
    move = announce(estate, clerk, days(5))
    set_parking_right(clerk, vehicle.pk, days(60))
    assert ends(vehicle_card) == {midnight(days(6))}
    set_parking_right(clerk, vehicle.pk, days(3))
    assert ends(vehicle_card) == {midnight(days(3))}
    set_parking_right(clerk, vehicle.pk, days(60))
    call_off(clerk, move.pk)
    assert ends(vehicle_card) == {midnight(days(60))}


def test_13_vehicle_a_card_that_is_lent_keeps_its_own_end(
    estate: OfficeEstate, clerk: Actor, vehicle: Vehicle, vehicle_card: Issue
) -> None:
    case = report_loss(clerk, vehicle_card.pk, estate.applicant, Report(LossKind.LOST))
    card = lent(estate, clerk, case, 6)
    for right in (days(300), None):
        set_parking_right(clerk, vehicle.pk, right)
        assert ends(card) == {midnight(days(7))}
    set_parking_right(clerk, vehicle.pk, days(2))
    assert ends(card) == {midnight(days(2))}


def test_13_vehicle_the_replacement_ends_with_the_parking_right(
    estate: OfficeEstate, clerk: Actor, vehicle: Vehicle, vehicle_card: Issue
) -> None:
    new = replaced(estate, clerk, vehicle_card, estate.applicant)
    assert ends(new) == {midnight(days(30))}
    set_parking_right(clerk, vehicle.pk, days(60))
    assert ends(new) == {midnight(days(60))}


def test_13_vehicle_a_plate_goes_to_another_unit_once_its_vehicle_is_gone(
    estate: OfficeEstate, clerk: Actor, vehicle: Vehicle, vehicle_card: Issue
) -> None:
    """The cards of the former keeper end; what they did stays theirs."""
    elsewhere = estate.add_unit("202", "90")
    buyer = estate.add_person("buyer", elsewhere)
    (unsigned,) = apply_for_vehicle_card(clerk, vehicle, estate.applicant, uuid4()).issues.all()
    with pytest.raises(RuleError) as refused:
        register_vehicle(clerk, "粤b 1", elsewhere, buyer, None)
    assert refused.value.refused is Refused.PLATE_KNOWN
    vehicle_gone(clerk, vehicle.pk)
    assert grants_at_gates(vehicle_card.pk) == {}
    assert {one.state for one in vehicle.issues.all()} == {IssueState.WITHDRAWN}
    bought = register_vehicle(clerk, "粤b 1", elsewhere, buyer, None)
    vehicle.refresh_from_db()
    assert (bought.plate, bought.keeper, vehicle.keeper) == (vehicle.plate, buyer, estate.applicant)
    assert unsigned.vehicle == vehicle
    for step in (
        lambda: set_parking_right(clerk, vehicle.pk, None),
        lambda: vehicle_gone(clerk, vehicle.pk),
        lambda: apply_for_vehicle_card(clerk, vehicle, estate.applicant, uuid4()),
        lambda: register_vehicle(clerk, "粤B1", elsewhere, buyer, None),
    ):
        with pytest.raises(RuleError):
            step()


def test_13_vehicle_it_is_not_gone_as_long_as_a_loss_is_open(
    estate: OfficeEstate, clerk: Actor, vehicle: Vehicle, vehicle_card: Issue
) -> None:
    report_loss(clerk, vehicle_card.pk, estate.applicant, Report(LossKind.LOST))
    with pytest.raises(RuleError) as refused:
        vehicle_gone(clerk, vehicle.pk)
    assert refused.value.refused is Refused.CASE_OPEN


def test_15_3_a_lost_card_of_who_has_moved_away_stays_ended_whatever_its_parking_right(
    estate: OfficeEstate, clerk: Actor, vehicle: Vehicle, vehicle_card: Issue
) -> None:
    report_loss(clerk, vehicle_card.pk, estate.applicant, Report(LossKind.LOST))
    announce(estate, clerk, days(5))
    end_moves(midnight(days(6)))
    set_parking_right(clerk, vehicle.pk, days(60))
    assert Issue.objects.get(pk=vehicle_card.pk).valid_until == midnight(days(6))
    assert grants_at_gates(vehicle_card.pk) == {}


@pytest.mark.parametrize("paid", [False, True])
def test_15_3_what_was_applied_for_and_not_handed_out_ends_with_the_move(
    estate: OfficeEstate, clerk: Actor, paid: bool
) -> None:
    """Applied for after the notice, by an owner, who is a member of the unit still."""
    announce(estate, clerk, days(5))
    (card,) = estate.apply(clerk, "self")
    assign_chip(card, estate.next_chip())
    if paid:
        estate.pay(clerk, card)
    end_moves(midnight(days(6)))
    card.refresh_from_db()
    assert (card.state, card.moves_out) == (IssueState.WITHDRAWN, True)
    assert list(fees_held()) == [card] * paid
    with pytest.raises(RuleError):
        sign_for_card(later(clerk), card.pk, estate.applicant, SignatureKind.PAPER, None)
    assert at_gates(card.pk) == {}


def test_15_3_a_replacement_is_not_handed_out_once_its_holder_has_moved_away(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    announce(estate, clerk, days(5))
    case = ready_to_sign(estate, clerk, card, estate.applicant)
    end_moves(midnight(days(6)))
    with pytest.raises(RuleError) as refused:
        hand_out(later(clerk), case, estate.applicant)
    assert (refused.value.rule, refused.value.refused) == ("13.6", Refused.CARD_ENDED)
    assert case.replacement is not None
    assert at_gates(case.replacement.pk) == {}


def test_13_6_nothing_is_handed_out_for_a_card_whose_time_is_over(estate: OfficeEstate, clerk: Actor) -> None:
    """A tenant's card that was lost: neither one that is lent, nor its replacement."""
    tenancy, tenant = move_in(estate, clerk, days(10))
    estate.unit, estate.applicant = tenancy.unit, tenant
    case = report_loss(clerk, estate.issue_card(clerk).pk, tenant, Report(LossKind.LOST))
    after = replace(clerk, at=midnight(days(60)))
    with pytest.raises(RuleError) as refused:
        lent(estate, after, case, 65)
    assert refused.value.refused is Refused.CARD_ENDED
    with pytest.raises(RuleError) as refused:
        hand_out(after, go_on(estate, after, case), tenant)
    assert refused.value.refused is Refused.CARD_ENDED


def test_13_6_nobody_who_has_left_the_unit_is_handed_a_card(estate: OfficeEstate, clerk: Actor) -> None:
    own, childs = estate.apply(clerk, "self", "child")
    estate.pay(clerk, own)
    estate.pay(clerk, childs)
    change_owner(clerk, estate.unit, Person.objects.create(name="buyer", recorded_at=clerk.at), clerk.today)
    for card in (own, childs):
        with pytest.raises(RuleError) as refused:
            estate.sign(clerk, card)
        assert (refused.value.rule, refused.value.refused) == ("13.3", Refused.NOT_A_RESIDENT)
        assert at_gates(card.pk) == {}
    add_membership(clerk, estate.applicant, Belonging(estate.unit, MemberRole.RESIDENT, clerk.today))
    assert estate.sign(clerk, own).state == IssueState.ACTIVE
    with pytest.raises(RuleError):
        estate.sign(clerk, childs)


def test_13_6_a_tenants_card_is_not_handed_out_after_the_tenancy(estate: OfficeEstate, clerk: Actor) -> None:
    tenancy, tenant = move_in(estate, clerk, days(10))
    estate.unit, estate.applicant = tenancy.unit, tenant
    (card,) = estate.apply(clerk, "self")
    estate.pay(clerk, card)
    for after, why in ((days(11), Refused.NOT_A_RESIDENT), (days(60), Refused.CARD_ENDED)):
        with pytest.raises(RuleError) as refused:
            estate.sign(replace(clerk, at=midnight(after)), card)
        assert refused.value.refused is why


def test_13_vehicle_a_card_is_not_handed_out_after_its_parking_right(
    estate: OfficeEstate, clerk: Actor, vehicle: Vehicle
) -> None:
    (card,) = apply_for_vehicle_card(clerk, vehicle, estate.applicant, uuid4()).issues.all()
    estate.pay(clerk, card)
    with pytest.raises(RuleError) as refused:
        estate.sign(replace(clerk, at=midnight(days(30))), card)
    assert refused.value.refused is Refused.CARD_ENDED
