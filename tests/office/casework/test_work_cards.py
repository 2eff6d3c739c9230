"""Cards of guards and staff, from application to gates: fee, signature, end; no quota (13.5, 13.6)."""

from __future__ import annotations

import pytest

from office.casework.actor import Actor
from office.casework.issuing import unit_quota
from office.casework.people import Particulars
from office.casework.withdrawal import withdraw_card
from office.casework.work_cards import WorkCardOrder, apply_for_work_card
from office.lists.slips import guard_cards_at
from office.procedures.errors import Refused, RuleError
from office.procedures.withdrawal import Reason
from office.registry.models import IssueState, Person, StaffRole
from sync.records import GrantKind, RevocationReason, Tombstone
from tests.office.casework.moving import at_gates, days, exit_door, grants_at_gates, midnight
from tests.support.office_estate import NORTH, SOUTH, OfficeEstate

GUARD = Particulars("gatekeeper", "13800000000")


def test_13_work_a_guards_card_opens_the_estate_once_it_is_paid_and_signed_for(
    estate: OfficeEstate, clerk: Actor
) -> None:
    door = exit_door()
    card = apply_for_work_card(clerk, WorkCardOrder(estate.estate, GUARD, guard=True))
    assert (card.state, card.holder, card.valid_until) == (IssueState.APPLIED, Person.objects.last(), None)
    with pytest.raises(RuleError) as refused:
        estate.sign(clerk, card)
    assert refused.value.refused is Refused.FEE_NOT_PAID
    assert (at_gates(card.pk), guard_cards_at(door)) == ({}, 0)
    estate.pay(clerk, card)
    signed = estate.sign(clerk, card)
    assert signed.state == IssueState.ACTIVE
    grants = grants_at_gates(card.pk)
    assert {gate: one.kind for gate, one in grants.items()} == {
        NORTH: GrantKind.GUARD,
        SOUTH: GrantKind.GUARD,
    }
    assert guard_cards_at(door) == 1


def test_13_4_a_work_card_counts_for_no_household(estate: OfficeEstate, clerk: Actor) -> None:
    before = unit_quota(estate.unit)
    order = WorkCardOrder(estate.unit, estate.applicant, guard=False)
    card = apply_for_work_card(clerk, order)
    assert (card.kind, card.holder) == ("staff", estate.applicant)
    assert unit_quota(estate.unit) == before


def test_13_work_it_ends_with_its_last_day_and_for_its_own_reason(estate: OfficeEstate, clerk: Actor) -> None:
    with pytest.raises(RuleError) as refused:
        apply_for_work_card(clerk, WorkCardOrder(estate.estate, GUARD, guard=True, last_day=days(-1)))
    assert (refused.value.rule, refused.value.refused) == ("13.work", Refused.ENDED_ALREADY)
    assert not Person.objects.filter(name=GUARD.name).exists()
    card = apply_for_work_card(clerk, WorkCardOrder(estate.estate, GUARD, guard=True, last_day=days(0)))
    assert card.valid_until == midnight(days(1))
    estate.pay(clerk, card)
    estate.sign(clerk, card)
    assert grants_at_gates(card.pk)[NORTH].valid_until == midnight(days(1)).timestamp()
    withdraw_card(clerk, card.pk, Reason.WORK_ENDED)
    ended = at_gates(card.pk)[NORTH]
    assert isinstance(ended, Tombstone)
    assert ended.reason is RevocationReason.WITHDRAWN


def test_13_work_only_a_clerk_gives_one(estate: OfficeEstate) -> None:
    with pytest.raises(RuleError) as refused:
        apply_for_work_card(estate.staff(StaffRole.GUARD), WorkCardOrder(estate.estate, GUARD, guard=True))
    assert refused.value.rule == "13.work"
