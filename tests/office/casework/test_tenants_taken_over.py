"""Rule 15.1 for tenants who came before: their cards follow a tenancy, whoever issued them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import uuid4

import pytest

from office.casework.actor import Actor
from office.casework.issuing import CardWish, apply_for_cards
from office.casework.moves import Notice, call_off, notice_move
from office.casework.people import end_membership
from office.casework.tenancies import MoveIn, extend_tenancy, register_tenancy, taken_over_to_ask
from office.lists.wanted import publish_issues
from office.registry.models import Chip, Issue, MemberRole, Membership, Person, Place, Policy, Tenancy
from tests.office.casework.moving import TODAY, days, grants_at_gates, midnight, move_in
from tests.support.office_estate import NOW, OfficeEstate


def ends(card: Issue) -> set[datetime | None]:
    """When gates let it end."""
    card.refresh_from_db()
    at_gates = {one.valid_until for one in grants_at_gates(card.pk).values()}
    assert at_gates == {None if card.valid_until is None else int(card.valid_until.timestamp())}
    return {card.valid_until}


def legacy(estate: OfficeEstate, unit: Place, person: Person, until: date) -> Issue:
    """A tenant's card as an import brings it, active at the gates."""
    chip = Chip.objects.create(technology=1, number=estate.next_chip().number.hex().upper())
    card = Issue.objects.create(
        kind="tenant", state="active", state_since=NOW, origin="legacy", batch="former system",
        chip=chip, holder=person, unit=unit, valid_until=midnight(until),
    )  # fmt: skip
    publish_issues([card], NOW)
    return card


@pytest.fixture
def taken_over(estate: OfficeEstate) -> tuple[Person, Issue]:
    """A tenant of unit 102 until ten days from now."""
    tenant = estate.add_person("former tenant", estate.add_unit("102", "80"), MemberRole.TENANT)
    Membership.objects.filter(person=tenant).update(until=days(10))
    return tenant, legacy(estate, Place.objects.get(name="102"), tenant, days(10))


def register(estate: OfficeEstate, clerk: Actor, tenant: Person, until: date) -> Tenancy:
    unit = Place.objects.get(name="102")
    owner = estate.add_person("owner of 102", unit)
    return register_tenancy(clerk, MoveIn(unit, owner, [tenant], TODAY, until, owner_present=True), uuid4())


def test_15_1_the_desk_is_told_of_a_tenant_taken_over_whose_time_ends(
    estate: OfficeEstate, clerk: Actor, taken_over: tuple[Person, Issue]
) -> None:
    tenant, _ = taken_over
    assert taken_over_to_ask(days(-5)) == []
    assert [one.person for one in taken_over_to_ask(days(-4))] == [tenant]
    assert [one.person for one in taken_over_to_ask(days(40))] == [tenant], "nobody has asked yet"
    register(estate, clerk, tenant, days(300))
    assert taken_over_to_ask(TODAY) == []


def test_15_1_a_card_taken_over_follows_the_tenancy_at_every_gate(
    estate: OfficeEstate, clerk: Actor, taken_over: tuple[Person, Issue]
) -> None:
    tenant, card = taken_over
    assert ends(card) == {midnight(days(10))}
    tenancy = register(estate, clerk, tenant, days(300))
    assert ends(card) == {midnight(days(307))}
    extend_tenancy(clerk, tenancy.pk, days(600))
    assert ends(card) == {midnight(days(607))}


def test_15_1_a_tenancy_that_is_registered_shortens_no_card(
    estate: OfficeEstate, clerk: Actor, taken_over: tuple[Person, Issue]
) -> None:
    tenant, card = taken_over
    Issue.objects.filter(pk=card.pk).update(valid_until=midnight(days(900)))
    register(estate, clerk, tenant, days(300))
    card.refresh_from_db()
    assert card.valid_until == midnight(days(900))


def test_15_1_cards_follow_an_extension_though_the_grace_was_changed_meanwhile(
    estate: OfficeEstate, clerk: Actor
) -> None:
    tenancy, tenant = move_in(estate, clerk, days(100))
    issue = apply_for_cards(clerk, tenancy.unit, tenant, [CardWish(tenant.pk, "self")], uuid4()).issues.get()
    Policy.objects.create(tenancy_grace_days=3)
    extend_tenancy(clerk, tenancy.pk, days(465))
    issue.refresh_from_db()
    assert issue.valid_until == midnight(days(468))


def test_15_1_who_has_left_before_the_tenancys_end_stays_gone(estate: OfficeEstate, clerk: Actor) -> None:
    tenancy, tenant = move_in(estate, clerk, days(100))
    card = legacy(estate, tenancy.unit, tenant, days(60))
    end_membership(clerk, tenant.memberships.get().pk, days(50))
    extend_tenancy(clerk, tenancy.pk, days(465))
    assert ends(card) == {midnight(days(60))}


def test_15_1_an_extension_during_a_move_holds_when_the_move_is_called_off(
    estate: OfficeEstate, clerk: Actor
) -> None:
    tenancy, tenant = move_in(estate, clerk, days(100))
    card = legacy(estate, tenancy.unit, tenant, days(107))
    move = notice_move(clerk, Notice(tenancy.unit, [tenant], days(20)), uuid4())
    assert ends(card) == {midnight(days(21))}
    extend_tenancy(clerk, tenancy.pk, days(465))
    assert ends(card) == {midnight(days(21))}, "it ends by the move"
    call_off(clerk, move.pk)
    assert ends(card) == {midnight(days(472))}
