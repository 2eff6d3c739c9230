"""People, vehicles, and what a clerk decides about a card, down to what the gates are to have."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from office.casework.actor import Actor
from office.casework.issuing import apply_for_vehicle_card, assign_chip, sign_for_card
from office.casework.payments import balance_paid, expected_cash
from office.casework.people import (
    Belonging,
    Particulars,
    add_membership,
    change_owner,
    change_particulars,
    end_membership,
    members_on,
    register_person,
)
from office.casework.trail import broken_links
from office.casework.vehicles import register_vehicle, set_parking_right
from office.casework.withdrawal import cancel_application, end_exception, set_exception, withdraw_card
from office.lists.store import hub_store
from office.procedures.errors import Refused
from office.procedures.withdrawal import Reason
from office.registry.models import AuditEntry, Door, IssueState, MemberRole, PaymentMethod, SignatureKind
from sync.encoding import decode_record
from sync.records import Tombstone
from tests.support.office_checks import ends_at_gates, opens, refused
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate

TODAY = date(2026, 11, 26)


def test_13_1_a_person_is_registered_with_a_membership_and_the_trail_holds_no_name(
    estate: OfficeEstate, clerk: Actor
) -> None:
    told = Particulars("林小雨", "13800000000", "ID 1")
    person = register_person(clerk, told, Belonging(estate.unit, MemberRole.RESIDENT, TODAY))
    assert [one.person for one in members_on(estate.unit, TODAY)] == [estate.applicant, person]
    change_particulars(clerk, person.pk, Particulars("林小雨", "13900000000", "ID 1"))
    entry = AuditEntry.objects.get(action="particulars changed")
    assert entry.facts == {"fields": ["phone"]}
    assert "林" not in str(list(AuditEntry.objects.values()))
    assert not list(broken_links())


def test_15_1_without_the_owner_nothing_of_a_tenant_is_saved(estate: OfficeEstate, clerk: Actor) -> None:
    tenancy = Belonging(estate.unit, MemberRole.TENANT, TODAY, date(2027, 11, 26))
    with refused("15.1", Refused.OWNER_ABSENT):
        register_person(clerk, Particulars("tenant"), tenancy)
    assert not AuditEntry.objects.exists()
    assert members_on(estate.unit, TODAY).count() == 1


def test_13_1_a_unit_changes_hands_and_belongs_to_both_over_time(estate: OfficeEstate, clerk: Actor) -> None:
    buyer = register_person(clerk, Particulars("buyer"))
    change_owner(clerk, estate.unit, buyer, date(2026, 12, 1))
    before, after = (members_on(estate.unit, date(2026, 11, 30)), members_on(estate.unit, date(2026, 12, 1)))
    assert [one.person for one in before] == [estate.applicant]
    assert [one.person for one in after] == [buyer]
    with refused("13.1", Refused.MEMBER_ALREADY):
        add_membership(clerk, buyer, Belonging(estate.unit, MemberRole.OWNER, TODAY))


def test_13_3_the_end_of_a_membership_leaves_the_card_to_a_decision(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    end_membership(clerk, estate.applicant.memberships.get().pk, TODAY)
    assert opens(card) == {NORTH: [10], SOUTH: [20]}
    withdraw_card(clerk, card.pk, Reason.NO_LONGER_MEMBER)
    assert opens(card) == {}
    records = [decode_record(one.record) for one in hub_store().wanted.rows(issue_id=card.pk)]
    assert records
    assert all(isinstance(one, Tombstone) for one in records)
    assert AuditEntry.objects.get(action="issue withdraw").facts == {"reason": "no_longer_member"}


def test_13_3_a_card_with_an_open_case_is_not_withdrawn_beside_it(estate: OfficeEstate, clerk: Actor) -> None:
    card = estate.issue_card(clerk)
    estate.report_lost(clerk, card)
    with refused("13.3", Refused.CASE_OPEN):
        withdraw_card(clerk, card.pk, Reason.HANDED_BACK)
    with refused("0", Refused.STALE):
        withdraw_card(clerk, card.pk, Reason.HANDED_BACK, version=0)


def test_13_3_a_cancelled_application_gives_back_what_was_paid(estate: OfficeEstate, clerk: Actor) -> None:
    (card,) = estate.apply(clerk, "self")
    estate.pay(clerk, card)
    with refused("13.5", Refused.RECEIPT_MISSING):
        cancel_application(clerk, card.pk, PaymentMethod.CASH, "")
    cancel_application(clerk, card.pk, PaymentMethod.CASH, "B1")
    card.refresh_from_db()
    assert card.state == IssueState.WITHDRAWN
    assert balance_paid(card) == expected_cash(TODAY) == 0


def test_13_doors_an_exception_adds_a_door_and_takes_one_until_it_ends(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    barrier, south = Door.objects.get(name="barrier"), Door.objects.get(name="south door")
    until = NOW + timedelta(days=3)
    more = set_exception(clerk, card.pk, barrier, allows=True, reason="delivery", until=until)
    set_exception(clerk, card.pk, south, allows=False, reason="works", until=until)
    assert opens(card) == {NORTH: [10, 11]}
    end_exception(clerk, more.pk)
    assert opens(card) == {NORTH: [10]}
    with refused("13.doors", Refused.ENDED_ALREADY):
        set_exception(clerk, card.pk, south, allows=True, reason="late", until=NOW)


def test_13_vehicle_a_card_ends_with_the_parking_right_at_the_gates_too(
    estate: OfficeEstate, clerk: Actor
) -> None:
    vehicle = register_vehicle(clerk, "粤b 12345", estate.unit, estate.applicant, date(2027, 1, 1))
    assert vehicle.plate == "粤B12345"
    with refused("13.vehicle", Refused.PLATE_KNOWN):
        register_vehicle(clerk, "粤B12345", estate.unit, estate.applicant, None)
    application = apply_for_vehicle_card(clerk, vehicle, estate.applicant, uuid4())
    card = application.issues.get()
    estate.pay(clerk, card)
    card.refresh_from_db()
    assign_chip(card, estate.next_chip())
    sign_for_card(clerk, card.pk, estate.applicant, SignatureKind.PAPER, None)
    assert ends_at_gates(card) == {datetime(2026, 12, 31, 16, tzinfo=UTC)}  # midnight in Shanghai
    set_parking_right(clerk, vehicle.pk, date(2028, 1, 1))
    assert ends_at_gates(card) == {datetime(2027, 12, 31, 16, tzinfo=UTC)}
    assert opens(card) == {NORTH: [11]}


def test_13_5_nobody_but_a_clerk_changes_the_register(estate: OfficeEstate, manager: Actor) -> None:
    with refused("13.1", Refused.ROLE_MISSING):
        register_person(manager, Particulars("x"))
    with refused("13.3", Refused.ROLE_MISSING):
        withdraw_card(manager, 1, Reason.HANDED_BACK)
    assert Decimal(0) == expected_cash(TODAY)
