"""Who has left is found out, whoever they were, and is erased in time; who has come back is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.departures import note_departures
from office.casework.ledger import enter, enter_at_desk, open_account
from office.casework.merchants import register_merchant
from office.casework.people import Belonging, add_membership, change_owner, end_membership
from office.casework.permits import ActivityWish, apply_for_activity
from office.casework.retention import erase_departed
from office.casework.withdrawal import withdraw_card
from office.procedures.issue_states import TAKEN_OVER
from office.procedures.stored_value import DeskEntry
from office.procedures.withdrawal import Reason
from office.registry.models import EntryKind, MemberRole, Merchant, Person, UnitUse
from tests.office.casework.moving import TODAY, days, new_slip
from tests.support.office_estate import NOW, OfficeEstate

DAY = timedelta(days=1)
Runs = Callable[[OfficeEstate, Actor, Person], object]


def departed(person: Person) -> object:
    person.refresh_from_db()
    return person.departed_on


def test_a_former_owner_has_left_on_the_day_the_membership_ended(estate: OfficeEstate, clerk: Actor) -> None:
    seller, buyer = estate.applicant, estate.add_person("buyer", estate.add_unit("102", "80"))
    change_owner(clerk, estate.unit, buyer, TODAY)
    assert note_departures(NOW + DAY) == 1
    assert (departed(seller), departed(buyer)) == (TODAY, None)
    assert erase_departed(NOW + 364 * DAY) == 0
    assert erase_departed(NOW + 366 * DAY) == 1


def _card(estate: OfficeEstate, clerk: Actor, _person: Person) -> object:
    return estate.issue_card(clerk)


def _shop(estate: OfficeEstate, clerk: Actor, person: Person) -> object:
    return register_merchant(clerk, "Noodles", person, estate.add_unit("S1", "40", UnitUse.COMMERCIAL), TODAY)


def _activity(_estate: OfficeEstate, clerk: Actor, person: Person) -> object:
    return apply_for_activity(clerk, ActivityWish("donation", person, True, NOW, NOW + DAY))


def _slip(estate: OfficeEstate, clerk: Actor, _person: Person) -> object:
    return new_slip(estate, clerk)


def _later(estate: OfficeEstate, clerk: Actor, person: Person) -> object:
    unit = estate.add_unit("102", "80")
    return add_membership(clerk, person, Belonging(unit, MemberRole.OWNER, days(30)))


def _money(estate: OfficeEstate, clerk: Actor, person: Person) -> object:
    card = estate.issue_card(clerk)
    enter(clerk, open_account(clerk, card), EntryKind.OPENING, Decimal("0.01"))
    return withdraw_card(clerk, card.pk, Reason.HANDED_BACK)


@pytest.mark.parametrize("runs", [_card, _shop, _activity, _slip, _later, _money])
def test_nobody_has_left_of_whom_something_runs(estate: OfficeEstate, clerk: Actor, runs: Runs) -> None:
    runs(estate, clerk, estate.applicant)
    end_membership(clerk, estate.applicant.memberships.get(until=None, unit=estate.unit).pk, TODAY)
    assert note_departures(NOW + DAY) == 0
    assert departed(estate.applicant) is None


def test_somebody_who_never_belonged_to_a_unit_leaves_too(estate: OfficeEstate, clerk: Actor) -> None:
    keeper = Person.objects.create(name="cook", recorded_at=NOW)
    assert note_departures(NOW) == 0, "written down today: a card may follow within the hour"
    _shop(estate, clerk, keeper)
    assert note_departures(NOW + DAY) == 0
    Merchant.objects.update(left_on=days(5))
    assert note_departures(NOW + 6 * DAY) == 1
    assert departed(keeper) == days(5)


def test_who_comes_back_is_not_erased(estate: OfficeEstate, clerk: Actor) -> None:
    end_membership(clerk, estate.applicant.memberships.get().pk, TODAY)
    note_departures(NOW + DAY)
    _later(estate, clerk, estate.applicant)
    assert erase_departed(NOW + 400 * DAY) == 0, "also before the next look at who is here"
    assert note_departures(NOW + 2 * DAY) == 1
    assert departed(estate.applicant) is None


def _card_until_today(estate: OfficeEstate, clerk: Actor) -> object:
    return withdraw_card(clerk, estate.issue_card(clerk).pk, Reason.NO_LONGER_MEMBER)


def _account_until_today(estate: OfficeEstate, clerk: Actor) -> object:
    earlier = replace(clerk, at=NOW - 900 * DAY)
    card = estate.issue_card(earlier)
    enter_at_desk(earlier, card.pk, DeskEntry.OPENING, Decimal("12.34"))
    withdraw_card(earlier, card.pk, Reason.NO_LONGER_MEMBER)
    return enter_at_desk(clerk, card.pk, DeskEntry.REFUND, Decimal("12.34"))


def _shop_until_today(estate: OfficeEstate, clerk: Actor) -> object:
    _shop(estate, clerk, estate.applicant)
    return Merchant.objects.update(left_on=TODAY)


@pytest.mark.parametrize("ran", [_card_until_today, _account_until_today, _shop_until_today])
def test_the_days_of_retention_begin_with_the_last_that_ran(
    estate: OfficeEstate, clerk: Actor, ran: Callable[[OfficeEstate, Actor], object]
) -> None:
    ran(estate, clerk)
    estate.applicant.memberships.update(until=date(2024, 1, 1))
    assert note_departures(NOW + DAY) == 1
    assert departed(estate.applicant) == TODAY
    assert erase_departed(NOW + 364 * DAY) == 0
    assert erase_departed(NOW + 366 * DAY) == 1


def test_a_card_that_had_ended_before_it_was_taken_over_keeps_nobody(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = withdraw_card(clerk, estate.issue_card(clerk).pk, Reason.HANDED_BACK)
    card.steps.update(rule=TAKEN_OVER)
    estate.applicant.memberships.update(until=date(2024, 1, 1))
    note_departures(NOW + DAY)
    assert departed(estate.applicant) == date(2024, 1, 1)


def test_nobody_is_erased_before_their_money_is_given_back_whatever_was_noted(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    enter_at_desk(clerk, card.pk, DeskEntry.OPENING, Decimal(5))
    withdraw_card(clerk, card.pk, Reason.NO_LONGER_MEMBER)
    estate.applicant.memberships.update(until=date(2024, 1, 1))
    Person.objects.filter(pk=estate.applicant.pk).update(departed_on=date(2024, 1, 1))
    assert (erase_departed(NOW + DAY), departed(estate.applicant)) == (0, None)
    enter_at_desk(replace(clerk, at=NOW + DAY), card.pk, DeskEntry.REFUND, Decimal(5))
    Person.objects.filter(pk=estate.applicant.pk).update(departed_on=date(2024, 1, 1))
    assert (erase_departed(NOW + DAY), departed(estate.applicant)) == (0, days(1))


def test_steps_are_bounded(estate: OfficeEstate) -> None:
    for number in range(5):
        Person.objects.create(name=f"guest {number}", recorded_at=NOW)
    assert [note_departures(NOW + DAY, at_most=2) for _ in range(4)] == [2, 2, 1, 0]
