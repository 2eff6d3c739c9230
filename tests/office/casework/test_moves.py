"""Rule 15.3 from the notice to the last tap, and rule 15.4 in and out alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.lifts import book_lift
from office.casework.move_ends import end_moves
from office.casework.moves import (
    Notice,
    call_off,
    close_move,
    notice_move,
    put_off,
    record_consent,
    record_goods_check,
    record_settlement,
)
from office.casework.trail import broken_links
from office.procedures.errors import Refused, RuleError
from office.procedures.slips import issue_id_of
from office.registry.models import (
    ArchivedForm,
    AuditEntry,
    Issue,
    IssueState,
    MemberRole,
    Membership,
    MoveOut,
    MoveState,
    SettlementKind,
    SignatureKind,
    StaffRole,
)
from sync.records import RevocationReason, Tombstone
from tests.office.casework.moving import (
    ZONE,
    announce,
    at_gates,
    days,
    grants_at_gates,
    midnight,
    move_in,
    new_slip,
    owner_of,
)
from tests.support.office_estate import NORTH, SOUTH, OfficeEstate


def ends(issue: Issue) -> set[int | None]:
    return {one.valid_until for one in grants_at_gates(issue.pk).values()}


def test_15_3_cards_end_at_24_00_of_the_day_and_gates_know_it_ahead(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card, stays = estate.issue_card(clerk), estate.add_person("stays")
    other = estate.issue_card(clerk, "spouse")
    assert ends(card) == {None}
    announce(estate, clerk, days(5))
    assert ends(card) == {int(midnight(days(6)).timestamp())}
    assert ends(other) == {None}
    assert stays.departed_on is None


def test_15_3_putting_the_move_off_moves_the_ends_and_calling_it_off_restores_them(
    estate: OfficeEstate, clerk: Actor
) -> None:
    card = estate.issue_card(clerk)
    move = announce(estate, clerk, days(5))
    move = put_off(clerk, move.pk, days(9), version=move.version)
    assert ends(card) == {int(midnight(days(10)).timestamp())}
    with pytest.raises(RuleError) as refused:
        put_off(clerk, move.pk, days(11), version=move.version - 1)
    assert refused.value.refused is Refused.STALE
    call_off(clerk, move.pk)
    assert ends(card) == {None}
    assert not Issue.objects.get(pk=card.pk).moves_out


def test_15_3_an_earlier_end_of_a_card_stays(estate: OfficeEstate, clerk: Actor) -> None:
    card = estate.issue_card(clerk)
    own_end = midnight(days(2))
    Issue.objects.filter(pk=card.pk).update(valid_until=own_end)
    announce(estate, clerk, days(5))
    assert ends(card) == {int(own_end.timestamp())}


def test_15_3_late_notice_is_taken_in_with_its_reason(estate: OfficeEstate, clerk: Actor) -> None:
    with pytest.raises(RuleError) as refused:
        announce(estate, clerk, days(2))
    assert (refused.value.rule, refused.value.refused) == ("15.3", Refused.LATE_WITHOUT_REASON)
    move = announce(estate, clerk, days(2), reason="sold at short notice")
    assert move.late_reason
    assert AuditEntry.objects.get(action="move announced").facts["late"] is True
    announce(estate, clerk, days(3), [estate.add_person("in time")])


def test_15_3_days_are_days_of_the_estate(estate: OfficeEstate, clerk: Actor) -> None:
    """At 23:30 in Shanghai it is still the day before in UTC, and at 00:30 too."""
    before_midnight = replace(clerk, at=datetime(2026, 11, 26, 23, 30, tzinfo=ZONE))
    call_off(before_midnight, announce(estate, before_midnight, days(3)).pk)
    after_midnight = replace(clerk, at=before_midnight.at + timedelta(hours=1))
    with pytest.raises(RuleError):
        announce(estate, after_midnight, days(3))


def test_15_3_nobody_moves_out_of_a_unit_twice_at_a_time(estate: OfficeEstate, clerk: Actor) -> None:
    card, other = estate.issue_card(clerk), estate.add_person("other")
    first = announce(estate, clerk, days(5))
    with pytest.raises(RuleError) as refused:
        announce(estate, clerk, days(9), [other, estate.applicant])
    assert (refused.value.refused, refused.value.facts) == (Refused.MOVES_ALREADY, {"day": days(5)})
    assert announce(estate, clerk, days(9), [other]).persons.get() == other
    elsewhere = estate.add_unit("102", "80")
    Membership.objects.create(person=estate.applicant, unit=elsewhere, role="owner", since=days(-9))
    assert notice_move(clerk, Notice(elsewhere, [estate.applicant], days(9)), uuid4()).unit == elsewhere
    assert ends(card) == {int(midnight(days(6)).timestamp())}
    call_off(clerk, first.pk)
    assert announce(estate, clerk, days(9)).day == days(9)


def test_15_3_a_stranger_cannot_be_moved_away(estate: OfficeEstate, clerk: Actor) -> None:
    stranger = estate.add_person("stranger", estate.add_unit("102", "80"))
    for persons, why in (([stranger], Refused.NOT_OF_THE_UNIT),):
        with pytest.raises(RuleError) as refused:
            announce(estate, clerk, days(5), persons)
        assert refused.value.refused is why
    assert not MoveOut.objects.exists()


def test_15_3_when_the_day_is_over_gates_say_moved_out(estate: OfficeEstate, clerk: Actor) -> None:
    card, child = estate.issue_card(clerk), estate.add_person("child", role=MemberRole.RESIDENT)
    move = announce(estate, clerk, days(5), [estate.applicant, child])
    last_moment = midnight(days(6)) - timedelta(seconds=1)
    assert end_moves(last_moment) == 0
    assert end_moves(midnight(days(6))) == 1
    assert end_moves(midnight(days(6))) == 0
    found = at_gates(card.pk)
    assert set(found) == {NORTH, SOUTH}
    for one in found.values():
        assert isinstance(one, Tombstone)
        assert one.reason is RevocationReason.MOVED_OUT
    assert Issue.objects.get(pk=card.pk).state == IssueState.WITHDRAWN
    child.refresh_from_db()
    assert child.departed_on == days(6)
    assert child.memberships.get().until == days(6)
    with pytest.raises(RuleError):
        call_off(clerk, move.pk)
    close_move(clerk, move.pk)
    assert ArchivedForm.objects.get(subject=f"move:{move.pk}").form == "KH-15-R01"
    assert not list(broken_links())


def test_15_3_a_card_issued_since_the_notice_ends_too(estate: OfficeEstate, clerk: Actor) -> None:
    announce(estate, clerk, days(5))
    card = estate.issue_card(clerk)
    end_moves(midnight(days(6)))
    assert grants_at_gates(card.pk) == {}


def test_15_3_an_owner_who_moves_away_owns_the_unit_still_and_lets_it(
    estate: OfficeEstate, clerk: Actor
) -> None:
    owner = estate.applicant
    Membership.objects.create(person=owner, unit=estate.unit, role=MemberRole.RESIDENT, since=days(-9))
    card = estate.issue_card(clerk)
    announce(estate, clerk, days(5))
    end_moves(midnight(days(6)))
    owner.refresh_from_db()
    assert dict(owner.memberships.values_list("role", "until")) == {"owner": None, "resident": days(6)}
    assert (owner.departed_on, grants_at_gates(card.pk)) == (None, {})
    later = replace(clerk, at=clerk.at + timedelta(days=9))
    assert move_in(estate, later, days(99), unit=estate.unit, owner=owner)[0].owner == owner


def test_15_3_a_move_that_is_called_off_takes_its_slips_off_their_gates(
    estate: OfficeEstate, clerk: Actor
) -> None:
    other = estate.add_person("other")
    move = announce(estate, clerk, days(5))
    slip, unrelated = new_slip(estate, clerk, move=move), new_slip(estate, clerk, requester=other)
    assert grants_at_gates(issue_id_of(slip.pk))
    call_off(clerk, move.pk)
    slip.refresh_from_db()
    assert (slip.state, slip.off_gates, grants_at_gates(issue_id_of(slip.pk))) == ("cancelled", True, {})
    assert grants_at_gates(issue_id_of(unrelated.pk))


@pytest.mark.parametrize("settled", [False, True])
def test_15_3_a_settlement_is_a_record_and_never_a_block(
    estate: OfficeEstate, clerk: Actor, settled: bool
) -> None:
    """Nothing paid, or nothing even drawn up, holds back slip, card or gate (Civil Code art. 944(3))."""
    card = estate.issue_card(clerk)
    move = announce(estate, clerk, days(5))
    for kind in SettlementKind if settled else ():
        record_settlement(clerk, move.pk, kind, Decimal("99999.99"), settled=False, note="not paid")
    before = at_gates(card.pk)
    slip = new_slip(estate, clerk, move=move)
    assert slip.state == "open"
    assert at_gates(card.pk) == before
    assert len(grants_at_gates(card.pk)) == 2
    end_moves(midnight(days(6)))
    assert MoveOut.objects.get().state == MoveState.OVER


def test_15_3_a_tenants_slip_waits_for_the_owners_consent_and_the_goods_check(
    estate: OfficeEstate, clerk: Actor
) -> None:
    tenancy, tenant = move_in(estate, clerk, days(100))
    estate.unit = tenancy.unit
    move = announce(estate, clerk, days(5), [tenant])
    assert move.by_tenant
    form = {"requester": tenant, "move": move}
    with pytest.raises(RuleError) as refused:
        new_slip(estate, clerk, **form)
    assert refused.value.refused is Refused.CONSENT_MISSING
    with pytest.raises(RuleError) as refused:
        record_consent(clerk, move.pk, tenant, SignatureKind.PAPER)
    assert refused.value.refused is Refused.NOT_THE_OWNER
    form["move"] = record_consent(clerk, move.pk, owner_of(tenancy.unit.pk), SignatureKind.PAPER)
    with pytest.raises(RuleError) as refused:
        new_slip(estate, clerk, **form)
    assert refused.value.refused is Refused.GOODS_NOT_CHECKED
    form["move"] = record_goods_check(estate.staff(StaffRole.GUARD), move.pk)
    assert new_slip(estate, clerk, **form).move == move


@pytest.mark.parametrize("inwards", [True, False])
def test_15_4_busy_hours_are_advised_against_in_and_out_alike(
    estate: OfficeEstate, clerk: Actor, inwards: bool
) -> None:
    start = midnight(days(5)) + timedelta(hours=8)
    window = (start, start + timedelta(hours=2))
    with pytest.raises(RuleError) as refused:
        book_lift(clerk, estate.unit, *window, inwards=inwards)
    assert (refused.value.rule, refused.value.refused) == ("15.4", Refused.LIFT_IS_BUSY)
    assert refused.value.facts["busy"] == "07:30-09:00"
    assert str(refused.value.facts["offered"]).startswith("09:00-11:00")
    made = book_lift(clerk, estate.unit, *window, inwards=inwards, busy_reason="the lorry comes then")
    assert made.busy_reason
    quiet = (start + timedelta(hours=1), start + timedelta(hours=3))
    assert not book_lift(clerk, estate.unit, *quiet, inwards=inwards).busy_reason


def test_only_a_clerk_takes_a_notice(estate: OfficeEstate) -> None:
    with pytest.raises(RuleError) as refused:
        announce(estate, estate.staff(StaffRole.GUARD), days(5))
    assert refused.value.refused is Refused.ROLE_MISSING
