"""Rule 15.1 from the move-in to the ends of cards at the gates."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.issuing import CardWish, apply_for_cards, assign_chip, sign_for_card
from office.casework.move_ends import end_moves
from office.casework.tenancies import extend_tenancy, note_no_extension, tenancies_to_ask
from office.procedures.errors import Refused, RuleError
from office.registry.models import (
    ArchivedForm,
    CardKind,
    Issue,
    MemberRole,
    Membership,
    Person,
    SignatureKind,
    Tenancy,
)
from sync.records import GrantKind
from tests.office.casework.moving import announce, days, grants_at_gates, midnight, move_in
from tests.support.office_estate import NORTH, SOUTH, OfficeEstate


def tenant_card(estate: OfficeEstate, clerk: Actor, tenancy: Tenancy, tenant: Person) -> Issue:
    form = apply_for_cards(clerk, tenancy.unit, tenant, [CardWish(tenant.pk, "self")], uuid4())
    issue = form.issues.get()
    estate.pay(clerk, issue)
    issue.refresh_from_db()
    assign_chip(issue, estate.next_chip())
    return sign_for_card(clerk, issue.pk, tenant, SignatureKind.PAPER, None)


def test_15_1_without_the_owner_present_nobody_moves_in(estate: OfficeEstate, clerk: Actor) -> None:
    with pytest.raises(RuleError) as refused:
        move_in(estate, clerk, days(365), owner_present=False)
    assert (refused.value.rule, refused.value.refused) == ("15.1", Refused.OWNER_ABSENT)
    stranger = estate.add_person("somebody", role=MemberRole.RESIDENT)
    with pytest.raises(RuleError) as refused:
        move_in(estate, clerk, days(365), owner=stranger)
    assert refused.value.refused is Refused.NOT_THE_OWNER
    assert not Tenancy.objects.exists()
    assert not Membership.objects.filter(role=MemberRole.TENANT).exists()


def test_15_1_a_move_in_is_registered_once_with_its_number(estate: OfficeEstate, clerk: Actor) -> None:
    tenancy, tenant = move_in(estate, clerk, days(365))
    assert str(ArchivedForm.objects.get(subject=f"tenancy:{tenancy.pk}")) == "入伙客户情况登记表-2026-00001"
    member = tenant.memberships.get()
    assert (member.role, member.until) == (MemberRole.TENANT, days(365))


def test_15_1_a_tenants_cards_end_with_tenancy_and_grace_at_every_gate(
    estate: OfficeEstate, clerk: Actor
) -> None:
    tenancy, tenant = move_in(estate, clerk, days(100))
    card = tenant_card(estate, clerk, tenancy, tenant)
    assert card.kind == CardKind.TENANT
    ends = midnight(days(107))
    assert {gate: (one.kind, one.valid_until) for gate, one in grants_at_gates(card.pk).items()} == {
        gate: (GrantKind.TENANT, int(ends.timestamp())) for gate in (NORTH, SOUTH)
    }


def test_15_1_one_step_extends_tenancy_membership_and_cards(estate: OfficeEstate, clerk: Actor) -> None:
    tenancy, tenant = move_in(estate, clerk, days(100))
    card = tenant_card(estate, clerk, tenancy, tenant)
    extend_tenancy(clerk, tenancy.pk, days(465), version=tenancy.version)
    assert tenant.memberships.get().until == days(465)
    ends = int(midnight(days(472)).timestamp())
    assert [one.valid_until for one in grants_at_gates(card.pk).values()] == [ends, ends]
    with pytest.raises(RuleError) as refused:
        extend_tenancy(clerk, tenancy.pk, days(999), version=tenancy.version)
    assert refused.value.refused is Refused.STALE


def test_15_1_the_desk_has_a_task_from_fourteen_days_before(estate: OfficeEstate, clerk: Actor) -> None:
    tenancy, _ = move_in(estate, clerk, days(100))
    assert tenancies_to_ask(days(85)) == []
    assert tenancies_to_ask(days(86)) == [tenancy]
    note_no_extension(clerk, tenancy.pk)
    assert tenancies_to_ask(days(86)) == []


def test_13_3_an_owner_who_is_a_tenant_elsewhere_has_a_permanent_card_at_home(
    estate: OfficeEstate, clerk: Actor
) -> None:
    tenancy, tenant = move_in(estate, clerk, days(100))
    Membership.objects.create(person=tenant, unit=estate.unit, role=MemberRole.RESIDENT, since=days(-9))
    at_home = apply_for_cards(clerk, estate.unit, tenant, [CardWish(tenant.pk, "self")], uuid4())
    rented = apply_for_cards(clerk, tenancy.unit, tenant, [CardWish(tenant.pk, "self")], uuid4())
    assert (at_home.issues.get().kind, at_home.issues.get().valid_until) == (CardKind.RESIDENT, None)
    assert rented.issues.get().kind == CardKind.TENANT


def test_13_2_a_tenant_states_relations_too(estate: OfficeEstate, clerk: Actor) -> None:
    tenancy, tenant = move_in(estate, clerk, days(100))
    with pytest.raises(RuleError) as refused:
        apply_for_cards(clerk, tenancy.unit, tenant, [CardWish(tenant.pk, "")], uuid4())
    assert refused.value.refused is Refused.RELATION_MISSING


def test_15_1_after_the_tenancy_a_tenant_applies_for_nothing(estate: OfficeEstate, clerk: Actor) -> None:
    tenancy, tenant = move_in(estate, clerk, days(100))
    later = replace(clerk, at=clerk.at + timedelta(days=100))
    with pytest.raises(RuleError) as refused:
        apply_for_cards(later, tenancy.unit, tenant, [CardWish(tenant.pk, "self")], uuid4())
    assert refused.value.refused is Refused.NOT_A_RESIDENT


def test_15_1_who_moved_away_on_the_last_day_stays_gone_when_the_tenancy_goes_on(
    estate: OfficeEstate, clerk: Actor
) -> None:
    stays, leaves = (Person.objects.create(name=one, recorded_at=clerk.at) for one in ("stays", "leaves"))
    tenancy, _ = move_in(estate, clerk, days(11), persons=[stays, leaves])
    estate.unit = tenancy.unit
    announce(estate, clerk, days(10), [leaves])
    end_moves(midnight(days(11)))
    extend_tenancy(clerk, tenancy.pk, days(300))
    assert stays.memberships.get().until == days(300)
    assert leaves.memberships.get().until == days(11)
