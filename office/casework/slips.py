"""Release slips at the desk and on the guard's phone: issued, moved, cancelled, checked (15.2 to 15.6)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.alarms import About, note_signal
from office.casework.archive import archive
from office.casework.people import members_on
from office.casework.trail import record
from office.lists.slips import end_slip, move_slip_to, say_left, send_slip
from office.procedures.alarms import Alarm, Signal, printable
from office.procedures.errors import Refused, RuleError
from office.procedures.moving import MoveFacts, check_slip_of_move
from office.procedures.slips import Count, Passing, Seen, SlipWish, check_open, check_slip, count_trips
from office.procedures.slips import SlipState as State
from office.registry.models import (
    Door,
    Form,
    Merchant,
    MoveOut,
    MoveState,
    Person,
    Place,
    ReleaseSlip,
    SlipPassing,
    SlipSeen,
    SlipState,
    StaffRole,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class SlipOrder(Struct, frozen=True):
    """KH-09-R02 as the clerk fills it."""

    unit: Place
    requester: Person
    door: Door
    goods: str
    carrier: str
    since: datetime
    until: datetime
    identity_checked: bool
    trips: int = 1
    move: MoveOut | None = None


@transaction.atomic
def issue_slip(actor: Actor, order: SlipOrder, code: str, submission: UUID) -> ReleaseSlip:
    """Rule 15.2: the slip is on its exit gate's list with this transaction. ``code``: its random text.

    Raises:
        RuleError: 15.2, or what a tenant's move still lacks (15.3).
        OfficeError: the gate cannot take it.
    """
    actor.must_be(StaffRole.CLERK, "15.2")
    known = ReleaseSlip.objects.filter(submission=submission).first()
    if known is not None:
        return known
    wish = SlipWish(
        order.goods,
        order.carrier,
        order.since,
        order.until,
        order.trips,
        order.door.exit_for_slips,
        order.identity_checked,
    )
    check_slip(wish, actor.at)
    _check_requester(order, actor.today)
    move = order.move or _move_of(order)
    if move is not None:
        _check_move(order, move)
    slip = _new_slip(actor, order, move, code, submission)
    facts = {"unit": order.unit.pk, "door": order.door.pk, "trips": order.trips}
    record(actor.at, actor.user, "15.2", "slip issued", f"slip:{slip.pk}", **facts)
    archive(actor, Form.RELEASE_SLIP, f"slip:{slip.pk}", "15.2")
    send_slip(slip, int(actor.at.timestamp()))
    return slip


@transaction.atomic
def cancel_slip(actor: Actor, slip_id: int, reason: str, *, version: int | None = None) -> ReleaseSlip:
    """The goods stay, or the slip was wrong: its gate refuses it from now on."""
    actor.must_be(StaffRole.CLERK, "15.2")
    slip = locked_slip(slip_id, version)
    if not reason.strip():
        raise RuleError("15.2", Refused.REASON_MISSING)
    close_slip(actor.at, actor.user, slip, SlipState.CANCELLED, reason)
    return slip


@transaction.atomic
def move_slip(actor: Actor, slip_id: int, door: Door, *, version: int | None = None) -> ReleaseSlip:
    """To another exit: it is there once the first gate has confirmed its end and the trips spent.

    Raises:
        RuleError: not an exit for slips, or the slip is not open.
        OfficeError: the slip is on its way already, or the gate cannot take it.
    """
    actor.must_be(StaffRole.CLERK, "15.2")
    slip = locked_slip(slip_id, version)
    if not door.exit_for_slips:
        raise RuleError("15.2", Refused.NOT_AN_EXIT)
    move_slip_to(slip, door, int(actor.at.timestamp()))
    facts = {"before": slip.door_id, "door": door.pk}
    slip.door = door
    _save(slip)
    record(actor.at, actor.user, "15.2", "slip moved", f"slip:{slip.pk}", **facts)
    return slip


@transaction.atomic
def say_trips_left(actor: Actor, slip_id: int, left: int, reason: str) -> ReleaseSlip:
    """A gate lost its count: nothing is sent again without a clerk's word. Raises ``OfficeError``."""
    actor.must_be(StaffRole.CLERK, "15.2")
    slip = locked_slip(slip_id)
    if not reason.strip():
        raise RuleError("15.2", Refused.REASON_MISSING)
    say_left(slip, left, int(actor.at.timestamp()))
    record(actor.at, actor.user, "15.2", "trips left decided", f"slip:{slip.pk}", left=left)
    if not left:
        close_slip(actor.at, actor.user, slip, SlipState.USED, reason)
    return slip


@transaction.atomic
def confirm_goods(actor: Actor, slip_id: int, *, good: bool, note: str) -> SlipPassing:
    """Rule 15.5: the guard compares the goods with the list, and says why if they do not agree."""
    actor.must_be(StaffRole.GUARD, "15.5")
    slip = locked_slip(slip_id)
    if not good and not note.strip():
        raise RuleError("15.5", Refused.REASON_MISSING)
    seen = SlipSeen.CONFIRMED if good else SlipSeen.REFUSED
    if not good:  # the desk is told as it is when the guard refuses at the gate
        signal = Signal(Alarm.GUARD_REFUSED, f"slip:{slip.pk}", text=printable(note))
        note_signal(actor.at, signal, About(actor.at, slip.door.gate_id, slip.door_id))
    return _look(actor, slip, seen, "15.5", good, note)


@transaction.atomic
def check_afterwards(actor: Actor, slip_id: int, *, good: bool, note: str) -> SlipPassing:
    """Rule 15.6: corridors clear, nothing damaged, clean and quiet; what is wrong is written down."""
    actor.must_be(StaffRole.GUARD, "15.6")
    slip = ReleaseSlip.objects.select_for_update().get(pk=slip_id)
    if slip.state == SlipState.CANCELLED:
        raise RuleError("15.6", Refused.WRONG_STATE, state=slip.state)
    if not good and not note.strip():
        raise RuleError("15.6", Refused.REASON_MISSING)
    return _look(actor, slip, SlipSeen.AFTER_CHECK, "15.6", good, note)


def locked_slip(slip_id: int, version: int | None = None) -> ReleaseSlip:
    """An open slip, for a change in this transaction; raises ``RuleError``."""
    slip = ReleaseSlip.objects.select_for_update(of=("self",)).select_related("door").get(pk=slip_id)
    if version is not None and slip.version != version:
        raise RuleError("0", Refused.STALE)
    check_open(State(slip.state))
    return slip


def close_slip(at: datetime, user: User | None, slip: ReleaseSlip, state: SlipState, reason: str) -> None:
    """End a slip everywhere, inside the caller's transaction."""
    slip.state, slip.closed_at, slip.closed_reason = state, at, reason
    slip.off_gates = end_slip(slip, int(at.timestamp()))
    _save(slip)
    record(at, user, "15.2", f"slip {state.value}", f"slip:{slip.pk}")


def count_of(slip: ReleaseSlip) -> Count:
    """How many trips were made."""
    lines = slip.book.values_list("seen", "at", "gate_id")
    return count_trips(Passing(Seen(seen), int(at.timestamp()), gate_id) for seen, at, gate_id in lines)


def facts_of_move(move: MoveOut) -> MoveFacts:
    """What the rules of its slips ask of a move."""
    return MoveFacts(
        by_tenant=move.by_tenant,
        owner_consented=move.consent_at is not None,
        goods_checked=move.goods_checked_at is not None,
        running=move.state == MoveState.NOTICED,
    )


def _new_slip(
    actor: Actor, order: SlipOrder, move: MoveOut | None, code: str, submission: UUID
) -> ReleaseSlip:
    return ReleaseSlip.objects.create(
        unit=order.unit,
        requester=order.requester,
        move=move,
        goods=order.goods,
        carrier=order.carrier,
        door=order.door,
        since=order.since,
        until=order.until,
        trips=order.trips,
        code=code,
        issued_at=actor.at,
        clerk=actor.user,
        submission=submission,
    )


def _check_requester(order: SlipOrder, today: date) -> None:
    """Of the unit, or the shopkeeper who is there."""
    members = members_on(order.unit, today).filter(person=order.requester)
    keeps = Merchant.objects.filter(unit=order.unit, keeper=order.requester, left_on__isnull=True)
    if not members.exists() and not keeps.exists():
        raise RuleError("15.2", Refused.NOT_OF_THE_UNIT)


def _move_of(order: SlipOrder) -> MoveOut | None:
    """The move that the requester has announced: its slips need what it needs, whether it is named or not."""
    moves = MoveOut.objects.filter(unit=order.unit, state=MoveState.NOTICED, persons=order.requester)
    return moves.order_by("day").first()


def _check_move(order: SlipOrder, move: MoveOut) -> None:
    check_slip_of_move(facts_of_move(move))
    if move.unit_id != order.unit.pk or not move.persons.filter(pk=order.requester.pk).exists():
        raise RuleError("15.3", Refused.NOT_OF_THE_UNIT)


def _look(actor: Actor, slip: ReleaseSlip, seen: SlipSeen, rule: str, good: bool, note: str) -> SlipPassing:
    made = SlipPassing.objects.create(
        slip=slip, seen=seen, at=actor.at, guard=actor.user, good=good, note=note[:400]
    )
    record(actor.at, actor.user, rule, f"slip {seen.value}", f"slip:{slip.pk}", good=good)
    return made


def _save(slip: ReleaseSlip) -> None:
    slip.version += 1
    slip.save()
