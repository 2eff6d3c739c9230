"""Merchants, signs, activities, banners and notices (17.1 to 17.6) down to the gates."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.issuing import assign_chip, sign_for_card
from office.casework.loss import lift_suspension, suspend_by_telephone
from office.casework.merchants import (
    apply_for_merchant_card,
    apply_for_sign,
    approve_sign,
    check_off,
    handle_sign,
    inspect_shop,
    merchant_leaves,
    register_merchant,
    registers_due,
    report_sign,
    signs_to_look_at,
)
from office.casework.permits import (
    ActivityWish,
    apply_for_activity,
    apply_for_banner,
    approve_activity,
    approve_banner,
    clear_notice,
    clear_site,
    give_pass,
    post_notice,
    refuse_activity,
    review_banner,
)
from office.procedures.errors import Refused, RuleError
from office.procedures.shops import Leaving
from office.registry.models import (
    Activity,
    Banner,
    Door,
    Issue,
    IssueState,
    Merchant,
    NoticeIssuer,
    Person,
    SignatureKind,
    SignFinding,
    StaffRole,
    UnitUse,
)
from sync.records import GrantKind, Tombstone
from tests.office.casework.losing import replaced
from tests.office.casework.moving import TODAY, at_gates, days, grants_at_gates
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate

HOUR = timedelta(hours=1)


@pytest.fixture
def merchant(estate: OfficeEstate, clerk: Actor) -> Merchant:
    """A noodle shop."""
    shop = estate.add_unit("S1", "40", UnitUse.COMMERCIAL)
    keeper = Person.objects.create(name="noodle cook", recorded_at=NOW)
    return register_merchant(clerk, "Noodles", keeper, shop, TODAY)


def test_17_5_a_merchant_in_a_dwelling_is_refused(estate: OfficeEstate, clerk: Actor) -> None:
    with pytest.raises(RuleError) as refused:
        register_merchant(clerk, "Noodles", estate.applicant, estate.unit, TODAY)
    assert (refused.value.rule, refused.value.refused) == ("17.5", Refused.NOT_FOR_BUSINESS)
    assert not Merchant.objects.exists()


def test_17_3_the_cards_of_a_merchant_who_leaves_are_withdrawn(
    estate: OfficeEstate, clerk: Actor, merchant: Merchant
) -> None:
    card = apply_for_merchant_card(clerk, merchant.pk, merchant.keeper)
    estate.pay(clerk, card)
    card.refresh_from_db()
    assign_chip(card, estate.next_chip())
    sign_for_card(clerk, card.pk, merchant.keeper, SignatureKind.PAPER, None)
    assert {one.kind for one in grants_at_gates(card.pk).values()} == {GrantKind.MERCHANT}
    with pytest.raises(RuleError) as refused:
        merchant_leaves(clerk, merchant.pk)
    assert (refused.value.rule, refused.value.refused) == ("17.3", Refused.CHECKLIST_OPEN)
    assert grants_at_gates(card.pk)
    check_off(clerk, merchant.pk, frozenset(Leaving))
    merchant_leaves(clerk, merchant.pk)
    assert {type(one) for one in at_gates(card.pk).values()} == {Tombstone}
    assert Issue.objects.get(pk=card.pk).state == IssueState.WITHDRAWN
    with pytest.raises(RuleError):
        apply_for_merchant_card(clerk, merchant.pk, merchant.keeper)


def test_17_3_a_replaced_card_of_a_merchant_ends_with_them_too(
    estate: OfficeEstate, clerk: Actor, merchant: Merchant
) -> None:
    card = apply_for_merchant_card(clerk, merchant.pk, merchant.keeper)
    estate.pay(clerk, card)
    card.refresh_from_db()
    assign_chip(card, estate.next_chip())
    sign_for_card(clerk, card.pk, merchant.keeper, SignatureKind.PAPER, None)
    new = replaced(estate, clerk, card, merchant.keeper)
    assert grants_at_gates(new.pk)
    check_off(clerk, merchant.pk, frozenset(Leaving))
    merchant_leaves(clerk, merchant.pk)
    assert grants_at_gates(new.pk) == {}
    assert Issue.objects.get(pk=new.pk).state == IssueState.WITHDRAWN


def test_17_3_inspections_are_recorded(estate: OfficeEstate, merchant: Merchant) -> None:
    inspect_shop(estate.staff(StaffRole.GUARD), merchant.pk, good=False, note="tables on the path")
    assert merchant.inspections.get().note == "tables on the path"
    with pytest.raises(RuleError):
        inspect_shop(estate.staff(StaffRole.TECHNICIAN), merchant.pk, good=True)


def test_17_1_signs_have_place_and_end_and_an_inspection_list(
    estate: OfficeEstate, clerk: Actor, merchant: Merchant
) -> None:
    guard = estate.staff(StaffRole.GUARD)
    sign = apply_for_sign(clerk, merchant.pk, "Noodles")
    assert list(signs_to_look_at(days(9999))) == []
    approve_sign(clerk, sign.pk, "above the door", days(100))
    assert list(signs_to_look_at(days(99))) == []
    assert list(signs_to_look_at(days(100))) == [sign]
    report_sign(guard, sign.pk, SignFinding.IN_ORDER)
    assert list(signs_to_look_at(TODAY)) == []
    report_sign(guard, sign.pk, SignFinding.RUSTED)
    assert list(signs_to_look_at(TODAY)) == [sign]
    handle_sign(clerk, sign.pk, removed=False)
    assert list(signs_to_look_at(TODAY)) == []
    handle_sign(clerk, sign.pk, removed=True)
    assert list(signs_to_look_at(days(100))) == []


def fair(estate: OfficeEstate, clerk: Actor, *, public_benefit: bool = True) -> Activity:
    wish = ActivityWish("health day", estate.applicant, public_benefit, NOW + HOUR, NOW + 5 * HOUR)
    return apply_for_activity(clerk, wish)


def test_17_2_hawking_is_refused(estate: OfficeEstate, clerk: Actor) -> None:
    with pytest.raises(RuleError) as refused:
        fair(estate, clerk, public_benefit=False)
    assert (refused.value.rule, refused.value.refused) == ("17.2", Refused.HAWKING)


def test_17_2_passes_open_its_gates_in_its_window_only(estate: OfficeEstate, clerk: Actor) -> None:
    nurse = Person.objects.create(name="nurse", recorded_at=NOW)
    activity = fair(estate, clerk)
    with pytest.raises(RuleError):
        give_pass(clerk, activity.pk, nurse, estate.next_chip(), SignatureKind.PAPER)
    approve_activity(clerk, activity.pk, "the lawn", list(Door.objects.filter(pk=10)))
    card = give_pass(clerk, activity.pk, nurse, estate.next_chip(), SignatureKind.PAPER)
    ((gate, granted),) = grants_at_gates(card.pk).items()
    assert (gate, granted.kind) == (NORTH, GrantKind.VISITOR)
    window = (int((NOW + HOUR).timestamp()), int((NOW + 5 * HOUR).timestamp()))
    assert (granted.valid_from, granted.valid_until) == window
    assert [one.door for one in granted.access] == [10]
    assert card.signature.signer == nurse
    clear_site(clerk, activity.pk)
    assert grants_at_gates(card.pk) == {}
    assert SOUTH not in at_gates(card.pk)


def test_17_2_with_the_site_every_pass_ends_replaced_and_suspended_ones_too(
    estate: OfficeEstate, clerk: Actor
) -> None:
    nurse = Person.objects.create(name="nurse", recorded_at=NOW)
    activity = fair(estate, clerk)
    approve_activity(clerk, activity.pk, "the lawn", list(Door.objects.filter(pk=10)))
    first, second = (
        give_pass(clerk, activity.pk, nurse, estate.next_chip(), SignatureKind.PAPER) for _ in range(2)
    )
    case = suspend_by_telephone(clerk, first.pk)
    new = replaced(estate, clerk, second, nurse)
    assert grants_at_gates(new.pk)
    clear_site(clerk, activity.pk)
    assert grants_at_gates(new.pk) == {}
    with pytest.raises(RuleError):
        lift_suspension(clerk, case.pk, nurse)
    assert grants_at_gates(first.pk) == {}


def test_17_2_when_the_site_is_cleared_the_case_of_a_lost_pass_ends(
    estate: OfficeEstate, clerk: Actor
) -> None:
    activity = fair(estate, clerk)
    approve_activity(clerk, activity.pk, "the lawn", list(Door.objects.filter(pk=10)))
    card = give_pass(clerk, activity.pk, estate.applicant, estate.next_chip(), SignatureKind.PAPER)
    case = estate.report_lost(clerk, card)
    clear_site(clerk, activity.pk)
    card.refresh_from_db()
    case.refresh_from_db()
    assert (card.state, case.state) == ("withdrawn", "closed")


def test_17_2_what_the_desk_refuses_gets_no_passes(estate: OfficeEstate, clerk: Actor) -> None:
    activity = refuse_activity(clerk, fair(estate, clerk).pk)
    with pytest.raises(RuleError):
        approve_activity(clerk, activity.pk, "the lawn", [])


def test_17_4_a_banner_is_reviewed_and_then_approved_by_the_manager(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    banner = apply_for_banner(clerk, "Sale", "fence", TODAY, days(7))
    with pytest.raises(RuleError) as refused:
        approve_banner(manager, banner.pk)
    assert (refused.value.rule, refused.value.refused) == ("17.4", Refused.NOT_REVIEWED)
    both = estate.staff(StaffRole.MANAGER, StaffRole.CLERK)
    review_banner(both, banner.pk)
    with pytest.raises(RuleError) as refused:
        approve_banner(both, banner.pk)
    assert refused.value.refused is Refused.MANAGER_IN_CASE
    with pytest.raises(RuleError):
        approve_banner(clerk, banner.pk)
    approve_banner(manager, banner.pk)
    assert Banner.objects.get().approved_by == manager.user


def test_17_4_the_database_itself_wants_two_persons(estate: OfficeEstate, clerk: Actor) -> None:
    apply_for_banner(clerk, "Sale", "fence", TODAY, days(7))
    with pytest.raises(IntegrityError), transaction.atomic():
        Banner.objects.update(reviewed_by=clerk.user, approved_by=clerk.user)


def test_17_6_notices_get_a_place_and_are_cleared(estate: OfficeEstate, clerk: Actor) -> None:
    with pytest.raises(RuleError) as refused:
        post_notice(clerk, "Census", NoticeIssuer.GOVERNMENT, " ", days(9))
    assert refused.value.rule == "17.6"
    notice = post_notice(clerk, "Census", NoticeIssuer.GOVERNMENT, "board 1", days(9))
    assert clear_notice(clerk, notice.pk).cleared_at == NOW


def test_17_what_waits_in_the_registers_is_counted(
    estate: OfficeEstate, clerk: Actor, merchant: Merchant
) -> None:
    assert registers_due(clerk) == 0
    sign = approve_sign(clerk, apply_for_sign(clerk, merchant.pk, "Noodles").pk, "above the door", days(30))
    report_sign(clerk, sign.pk, SignFinding.RUSTED)
    apply_for_banner(clerk, "New flats", "fence", TODAY, days(3))
    post_notice(clerk, "Census", NoticeIssuer.GOVERNMENT, "north gate", days(3))
    wish = ActivityWish("donation", estate.applicant, True, NOW, NOW + HOUR)
    approve_activity(clerk, apply_for_activity(clerk, wish).pk, "square", list(Door.objects.filter(pk=10)))
    assert registers_due(clerk) == 1
    assert registers_due(replace(clerk, at=NOW + timedelta(days=4))) == 4
