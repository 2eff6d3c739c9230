"""Release slips from the desk to the exit gate, and what gates and guards tell of them (15.2, 15.5, 15.6)."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.events import project_events
from office.casework.move_ends import end_slips
from office.casework.slips import (
    SlipOrder,
    cancel_slip,
    check_afterwards,
    confirm_goods,
    count_of,
    issue_slip,
    move_slip,
    say_trips_left,
)
from office.errors import OfficeError
from office.hub.facts import MoveState
from office.hub.one_use import settle
from office.lists.slips import slip_moves
from office.lists.store import hub_store
from office.lists.wanted import publish_issues
from office.procedures.errors import Refused, RuleError
from office.procedures.slips import issue_id_of
from office.registry.models import Alarm, AlarmKind, ArchivedForm, ReleaseSlip, SlipSeen, SlipState, StaffRole
from sync.events import Event, EventKind
from sync.records import Access, ClockState, GrantKind, Reason, Technology
from sync.statements.receipt import Receipt, Spent
from tests.office.casework.moving import exit_door, grants_at_gates, new_slip
from tests.support.gate_events import GateLog, event
from tests.support.office_estate import NORTH, NOW, SOUTH, OfficeEstate
from tests.support.signed import confirm

AT = int(NOW.timestamp())


@pytest.fixture
def log(estate: OfficeEstate) -> GateLog:
    return GateLog(NORTH)


def tell(log: GateLog, *events: Event) -> None:
    log.send(AT + 60, *events)
    project_events(NOW + timedelta(seconds=60))


def opened(slip: ReleaseSlip, after_s: int = 10) -> Event:
    return event(
        EventKind.TAP, AT + after_s, door=10, issue_id=issue_id_of(slip.pk), grant_id=1, reason=Reason.GRANTED
    )


def booked(slip: ReleaseSlip, after_s: int = 20) -> Event:
    number = str(ArchivedForm.objects.get(subject=f"slip:{slip.pk}"))
    return event(EventKind.SLIP_BOOKED, AT + after_s, door=10, issue_id=5, detail={"slip": number})


def receipt_of(gate_id: int, at_s: int, grant_id: int, spent: int) -> MoveState:
    """The gate takes the end of a slip and confirms it, with what was spent there."""
    confirm(gate_id, at_s)
    store = hub_store()
    held, move = store.signed.held(gate_id), store.moves.get(grant_id)
    assert held is not None
    assert move is not None
    told = Receipt(
        store.gates.estate_id(),
        gate_id,
        held.version,
        held.digest,
        at_s,
        ClockState.TRUSTED,
        (Spent(grant_id, spent),),
    )
    return settle(store, move, told, at_s).state


def at(slip: ReleaseSlip) -> dict[int, int | None]:
    """Uses at each gate."""
    return {gate: one.uses for gate, one in grants_at_gates(issue_id_of(slip.pk)).items()}


def test_15_2_a_slip_is_a_counted_grant_at_one_exit_gate_with_a_guards_card(
    estate: OfficeEstate, clerk: Actor
) -> None:
    slip = new_slip(estate, clerk)
    ((gate, granted),) = grants_at_gates(issue_id_of(slip.pk)).items()
    assert gate == NORTH
    assert (granted.kind, granted.uses) == (GrantKind.RELEASE_SLIP, 1)
    assert granted.companion == {GrantKind.GUARD}
    assert granted.access == (Access(10),)
    assert granted.credential.technology is Technology.CODE
    assert granted.credential.number == slip.code.encode()
    assert (granted.valid_from, granted.valid_until) == (AT, AT + 4 * 3600)
    assert str(ArchivedForm.objects.get(subject=f"slip:{slip.pk}")) == "KH-09-R02-2026-00001"


def test_15_2_ids_of_slips_and_cards_never_meet(estate: OfficeEstate, clerk: Actor) -> None:
    slips = [new_slip(estate, clerk) for _ in range(2)]
    card = estate.issue_card(clerk)
    ids = [grants_at_gates(issue_id_of(one.pk))[NORTH].grant_id for one in slips]
    cards = [one.grant_id for one in grants_at_gates(card.pk).values()]
    assert len({*ids, *cards}) == 4
    assert min(ids) > 1 << 52 > max(cards)


def test_15_2_only_an_exit_takes_slips_and_a_slip_sent_twice_is_one(
    estate: OfficeEstate, clerk: Actor
) -> None:
    door = exit_door()
    order = SlipOrder(
        estate.unit,
        estate.applicant,
        door,
        "sofa",
        "陈",
        NOW,
        NOW + timedelta(hours=1),
        identity_checked=True,
    )
    submission = uuid4()
    first = issue_slip(clerk, order, "CODE1", submission)
    assert issue_slip(clerk, order, "CODE2", submission) == first
    door.exit_for_slips = False
    with pytest.raises(RuleError) as refused:
        issue_slip(clerk, replace(order, door=door), "CODE3", uuid4())
    assert (refused.value.rule, refused.value.refused) == ("15.2", Refused.NOT_AN_EXIT)


def test_15_2_a_spent_slip_is_known_from_the_gates_events(
    estate: OfficeEstate, clerk: Actor, log: GateLog
) -> None:
    slip = new_slip(estate, clerk, trips=2)
    tell(log, opened(slip))
    slip.refresh_from_db()
    assert (slip.state, count_of(slip).used) == (SlipState.OPEN, 1)
    assert at(slip) == {NORTH: 2}  # the gate counts what it spent
    tell(log, opened(slip, 30))
    slip.refresh_from_db()
    assert (slip.state, count_of(slip).used, at(slip)) == (SlipState.USED, 2, {})


def test_15_2_a_guard_refuses_with_a_reason_and_nothing_is_spent(
    estate: OfficeEstate, clerk: Actor, log: GateLog
) -> None:
    slip = new_slip(estate, clerk)
    refused = event(
        EventKind.COMPANION_REFUSED,
        AT,
        door=10,
        issue_id=issue_id_of(slip.pk),
        reason=Reason.COMPANION_REFUSED,
        detail={"why": "a piano is not on the list"},
    )
    tell(log, refused)
    line = slip.book.get()
    assert (line.seen, line.note) == (SlipSeen.REFUSED, "a piano is not on the list")
    slip.refresh_from_db()
    assert (slip.state, count_of(slip).used, at(slip)) == (SlipState.OPEN, 0, {NORTH: 1})


def test_15_2_a_guard_who_opens_by_his_card_books_the_slip(
    estate: OfficeEstate, clerk: Actor, log: GateLog
) -> None:
    slip = new_slip(estate, clerk, trips=3)
    tell(log, booked(slip))
    assert at(slip) == {NORTH: 2}
    line = slip.book.get()
    assert (line.seen, line.guard_card) == (SlipSeen.BOOKED, 5)
    # The gate failed after it had spent a trip: the booking is that trip.
    tell(log, opened(slip, 700), booked(slip, 730))
    slip.refresh_from_db()
    assert (slip.state, count_of(slip).used, at(slip)) == (SlipState.OPEN, 2, {NORTH: 2})
    tell(log, booked(slip, 2000))
    slip.refresh_from_db()
    assert (slip.state, at(slip)) == (SlipState.USED, {})


@pytest.mark.parametrize("number", ["", "KH-09-R02", "KH-09-R02-2026-99999", "x" * 120, "2026-", "2026-²"])
def test_a_booked_number_that_is_none_disturbs_nothing(
    estate: OfficeEstate, clerk: Actor, log: GateLog, number: str
) -> None:
    slip = new_slip(estate, clerk)
    tell(log, event(EventKind.SLIP_BOOKED, AT, door=10, detail={"slip": number}))
    assert not slip.book.exists()


def test_15_2_a_slip_goes_to_another_gate_only_after_the_first_gates_receipt(
    estate: OfficeEstate, clerk: Actor
) -> None:
    slip = new_slip(estate, clerk)
    move_slip(clerk, slip.pk, exit_door(20))
    assert at(slip) == {}
    (move,) = slip_moves(slip)
    assert (move.state, move.from_gate, move.to_gate) == (MoveState.ENDING, NORTH, SOUTH)
    with pytest.raises(OfficeError, match="wait until its last move is done"):
        move_slip(clerk, slip.pk, exit_door(10))
    with pytest.raises(OfficeError, match="receipt is awaited"):
        say_trips_left(clerk, slip.pk, 1, "the guard says so")


def test_15_2_what_is_left_after_the_receipt_is_at_the_other_gate(estate: OfficeEstate, clerk: Actor) -> None:
    slip = new_slip(estate, clerk, trips=3)
    confirm(NORTH, AT)
    move_slip(clerk, slip.pk, exit_door(20))
    (move,) = slip_moves(slip)
    assert receipt_of(NORTH, AT + 60, move.grant_id, spent=1) is MoveState.DONE
    ((gate, granted),) = grants_at_gates(issue_id_of(slip.pk)).items()
    assert (gate, granted.uses, granted.access) == (SOUTH, 2, (Access(20),))
    assert granted.grant_id == move.new_grant_id > move.grant_id
    cancel_slip(clerk, slip.pk, "the goods stay")
    assert at(slip) == {}
    assert ReleaseSlip.objects.get().off_gates


def test_15_2_what_a_guard_books_while_the_slip_is_on_its_way_does_not_arrive(
    estate: OfficeEstate, clerk: Actor, log: GateLog
) -> None:
    slip = new_slip(estate, clerk, trips=3)
    confirm(NORTH, AT)
    move_slip(clerk, slip.pk, exit_door(20))
    (move,) = slip_moves(slip)
    tell(log, booked(slip))
    assert (count_of(slip).used, at(slip)) == (1, {})
    assert receipt_of(NORTH, AT + 60, move.grant_id, spent=1) is MoveState.DONE
    assert at(slip) == {SOUTH: 1}  # three trips, one spent at the first gate, one by the guard's card


def test_15_2_a_slip_whose_last_trip_a_guard_books_on_its_way_arrives_nowhere(
    estate: OfficeEstate, clerk: Actor, log: GateLog
) -> None:
    slip = new_slip(estate, clerk)
    confirm(NORTH, AT)
    move_slip(clerk, slip.pk, exit_door(20))
    (move,) = slip_moves(slip)
    tell(log, booked(slip))
    slip.refresh_from_db()
    assert slip.state == SlipState.USED
    assert receipt_of(NORTH, AT + 60, move.grant_id, spent=0) is MoveState.SPENT
    assert at(slip) == {}


def test_15_2_a_clerk_says_of_a_lost_count_no_more_than_the_guards_have_left(
    estate: OfficeEstate, clerk: Actor, log: GateLog
) -> None:
    slip = new_slip(estate, clerk, trips=2)
    move_slip(clerk, slip.pk, exit_door(20))
    (move,) = slip_moves(slip)
    hub_store().moves.put(replace(move, state=MoveState.CLERK))
    tell(log, booked(slip))
    with pytest.raises(OfficeError, match="2 cannot be left"):
        say_trips_left(clerk, slip.pk, 2, "counted the boxes")
    say_trips_left(clerk, slip.pk, 1, "counted the boxes")
    assert at(slip) == {SOUTH: 1}


def test_15_2_after_a_gate_lost_its_count_nothing_is_sent_without_a_clerks_word(
    estate: OfficeEstate, clerk: Actor
) -> None:
    slip = new_slip(estate, clerk, trips=2)
    move_slip(clerk, slip.pk, exit_door(20))
    (move,) = slip_moves(slip)
    hub_store().moves.put(replace(move, state=MoveState.CLERK))
    assert at(slip) == {}
    with pytest.raises(RuleError) as refused:
        say_trips_left(clerk, slip.pk, 1, "")
    assert refused.value.refused is Refused.REASON_MISSING
    say_trips_left(clerk, slip.pk, 1, "one trip stands in the guard's book")
    assert at(slip) == {SOUTH: 1}


def test_15_2_to_another_exit_of_the_same_gate_it_goes_at_once(estate: OfficeEstate, clerk: Actor) -> None:
    slip = new_slip(estate, clerk)
    move_slip(clerk, slip.pk, exit_door(11))
    assert grants_at_gates(issue_id_of(slip.pk))[NORTH].access == (Access(11),)


def test_15_2_a_cancelled_slip_opens_nothing_even_if_it_was_on_its_way(
    estate: OfficeEstate, clerk: Actor
) -> None:
    slip = new_slip(estate, clerk)
    move_slip(clerk, slip.pk, exit_door(20))
    cancel_slip(clerk, slip.pk, "the goods stay")
    end_slips(NOW)
    assert not ReleaseSlip.objects.get().off_gates
    (move,) = slip_moves(slip)
    store = hub_store()
    store.moves.put(replace(move, state=MoveState.CLERK))
    end_slips(NOW)
    assert at(slip) == {}
    assert ReleaseSlip.objects.get().off_gates
    assert [one.state for one in slip_moves(slip)] == [MoveState.SPENT]


def test_15_2_a_slip_whose_time_is_over_leaves_its_gate(estate: OfficeEstate, clerk: Actor) -> None:
    slip = new_slip(estate, clerk)
    assert end_slips(slip.until - timedelta(seconds=1)) == 0
    assert end_slips(slip.until) == 1
    assert (at(slip), ReleaseSlip.objects.get().state) == ({}, SlipState.OVER)
    assert end_slips(slip.until) == 0


def test_15_5_the_guard_compares_the_goods_or_says_why_not(estate: OfficeEstate, clerk: Actor) -> None:
    slip, guard = new_slip(estate, clerk), estate.staff(StaffRole.GUARD)
    with pytest.raises(RuleError) as refused:
        confirm_goods(clerk, slip.pk, good=True, note="")
    assert refused.value.rule == "15.5"
    with pytest.raises(RuleError) as refused:
        confirm_goods(guard, slip.pk, good=False, note="")
    assert refused.value.refused is Refused.REASON_MISSING
    confirm_goods(guard, slip.pk, good=False, note="a piano is not on the list")
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.subject) == (AlarmKind.GUARD_REFUSED, f"slip:{slip.pk}")
    confirm_goods(guard, slip.pk, good=True, note="")
    assert [(one.seen, one.guard) for one in slip.book.all()] == [
        (SlipSeen.REFUSED, guard.user),
        (SlipSeen.CONFIRMED, guard.user),
    ]
    assert count_of(slip).used == 0


def test_15_6_the_guards_check_afterwards_is_recorded(estate: OfficeEstate, clerk: Actor) -> None:
    slip, guard = new_slip(estate, clerk), estate.staff(StaffRole.GUARD)
    end_slips(slip.until)
    line = check_afterwards(guard, slip.pk, good=False, note="scratches in the lift")
    assert (line.seen, line.good, line.note) == (SlipSeen.AFTER_CHECK, False, "scratches in the lift")


def test_publishing_cards_leaves_slips_alone(estate: OfficeEstate, clerk: Actor) -> None:
    slip, card = new_slip(estate, clerk), estate.issue_card(clerk)
    publish_issues([card], NOW)
    assert at(slip) == {NORTH: 1}
