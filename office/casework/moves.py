"""Rule 15.3: moving away. The cards of whom R01 names end at 24:00 of the day, which gates know ahead.

The settlement of water, power and management fees is recorded. No step here, or anywhere, asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.archive import archive
from office.casework.moved_cards import end_with_move, leave_move
from office.casework.slips import close_slip, locked_slip
from office.casework.tenancies import let_cards_follow
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.moving import check_notice, is_late
from office.registry.models import (
    Form,
    MemberRole,
    Membership,
    MoveOut,
    MoveState,
    Person,
    Place,
    Settlement,
    SettlementKind,
    SignatureKind,
    SlipState,
    StaffRole,
    Tenancy,
)


class Notice(Struct, frozen=True):
    """KH-15-R01 as the clerk fills it."""

    unit: Place
    persons: Sequence[Person]
    day: date
    late_reason: str = ""


@transaction.atomic
def notice_move(actor: Actor, told: Notice, submission: UUID) -> MoveOut:
    """Somebody announces a move; late notice needs a reason and is never refused for being late.

    Raises:
        RuleError: 15.3: nobody named, not of the unit, their move is announced already, a day that is over,
            or no reason for late notice.
    """
    actor.must_be(StaffRole.CLERK, "15.3")
    known = MoveOut.objects.filter(submission=submission).first()
    if known is not None:
        return known
    roles = _roles(actor, told)
    _check_not_announced(told)
    check_notice(actor.today, told.day, told.late_reason)
    made = MoveOut.objects.create(
        unit=told.unit,
        by_tenant=MemberRole.TENANT in roles and MemberRole.OWNER not in roles,
        noticed_at=actor.at,
        day=told.day,
        late_reason=told.late_reason,
        clerk=actor.user,
        submission=submission,
    )
    made.persons.set(told.persons)
    late = is_late(actor.today, told.day)
    facts = {"unit": told.unit.pk, "day": told.day.isoformat(), "late": late}
    record(actor.at, actor.user, "15.3", "move announced", f"move:{made.pk}", **facts)
    end_with_move(made, actor.at)
    return made


@transaction.atomic
def put_off(
    actor: Actor, move_id: int, day: date, late_reason: str = "", *, version: int | None = None
) -> MoveOut:
    """The move comes on another day; the cards' ends follow at every gate."""
    actor.must_be(StaffRole.CLERK, "15.3")
    move = locked_move(move_id, version)
    check_notice(actor.today, day, late_reason)
    before, move.day, move.late_reason = move.day, day, late_reason
    _save(move)
    facts = {"before": before.isoformat(), "day": day.isoformat(), "late": is_late(actor.today, day)}
    record(actor.at, actor.user, "15.3", "move put off", f"move:{move.pk}", **facts)
    end_with_move(move, actor.at)
    return move


@transaction.atomic
def call_off(actor: Actor, move_id: int, *, version: int | None = None) -> MoveOut:
    """Nobody moves: the cards have again the ends that they had, and no goods leave by the move's slips."""
    actor.must_be(StaffRole.CLERK, "15.3")
    move = locked_move(move_id, version)
    move.state, move.closed_at = MoveState.CALLED_OFF, actor.at
    _save(move)
    record(actor.at, actor.user, "15.3", "move called off", f"move:{move.pk}")
    leave_move(move, actor.at)
    for tenancy in Tenancy.objects.filter(
        unit=move.unit, memberships__person__in=move.persons.all()
    ).distinct():
        let_cards_follow(actor, tenancy)  # one that was extended meanwhile
    for slip in move.slips.filter(state=SlipState.OPEN).values_list("pk", flat=True):
        close_slip(actor.at, actor.user, locked_slip(slip), SlipState.CANCELLED, "")
    return move


@transaction.atomic
def record_settlement(
    actor: Actor, move_id: int, kind: SettlementKind, amount: Decimal, *, settled: bool, note: str = ""
) -> Settlement:
    """What is settled, or not. It blocks nothing."""
    actor.must_be(StaffRole.CLERK, "15.3")
    move = MoveOut.objects.get(pk=move_id)
    line, _ = Settlement.objects.update_or_create(
        move=move,
        kind=kind,
        defaults={
            "amount": amount,
            "settled": settled,
            "note": note,
            "at": actor.at,
            "clerk": actor.user,
        },
    )
    facts = {"kind": kind.value, "amount": str(amount), "settled": settled}
    record(actor.at, actor.user, "15.3", "settlement recorded", f"move:{move.pk}", **facts)
    return line


@transaction.atomic
def record_consent(actor: Actor, move_id: int, owner: Person, kind: SignatureKind) -> MoveOut:
    """The owner of the unit signs that the tenant may take the goods away (签确)."""
    actor.must_be(StaffRole.CLERK, "15.3")
    move = locked_move(move_id)
    if move.consent_at is not None:
        raise RuleError("15.3", Refused.STALE)
    owns = _members(move.unit, actor.today).filter(person=owner, role=MemberRole.OWNER)
    if not owns.exists():
        raise RuleError("15.3", Refused.NOT_THE_OWNER)
    move.consent_by, move.consent_at, move.consent_kind = owner, actor.at, kind.value
    _save(move)
    facts = {"owner": owner.pk, "kind": kind.value}
    record(actor.at, actor.user, "15.3", "owner consented", f"move:{move.pk}", **facts)
    return move


@transaction.atomic
def record_goods_check(actor: Actor, move_id: int) -> MoveOut:
    """Somebody of the desk, maintenance or the guards has looked at what is to leave."""
    if not actor.roles & {StaffRole.CLERK, StaffRole.GUARD, StaffRole.MAINTENANCE}:
        raise RuleError("15.3", Refused.ROLE_MISSING, role=StaffRole.CLERK.value)
    move = locked_move(move_id)
    move.goods_checked_at, move.goods_checked_by = actor.at, actor.user
    _save(move)
    record(actor.at, actor.user, "15.3", "goods checked", f"move:{move.pk}")
    return move


@transaction.atomic
def close_move(actor: Actor, move_id: int) -> MoveOut:
    """R01 is archived once the day is over and the cards have ended (`office.casework.move_ends`)."""
    actor.must_be(StaffRole.CLERK, "15.3")
    move = MoveOut.objects.select_for_update().get(pk=move_id)
    if move.state != MoveState.OVER:
        raise RuleError("15.3", Refused.WRONG_STATE, state=move.state)
    archive(actor, Form.MOVE_OUT, f"move:{move.pk}", "15.3")
    return move


def locked_move(move_id: int, version: int | None = None) -> MoveOut:
    """A move that is announced, for a change in this transaction; raises ``RuleError``."""
    move = MoveOut.objects.select_for_update(of=("self",)).select_related("unit").get(pk=move_id)
    if version is not None and move.version != version:
        raise RuleError("0", Refused.STALE)
    if move.state != MoveState.NOTICED:
        raise RuleError("15.3", Refused.WRONG_STATE, state=move.state)
    return move


def _roles(actor: Actor, told: Notice) -> set[str]:
    if not told.persons:
        raise RuleError("15.3", Refused.NO_PERSONS)
    members = _members(told.unit, actor.today).filter(person__in=told.persons)
    if {one.person_id for one in members} != {one.pk for one in told.persons}:
        raise RuleError("15.3", Refused.NOT_OF_THE_UNIT)
    return {one.role for one in members}


def _check_not_announced(told: Notice) -> None:
    """Nobody moves out of a unit twice at a time; out of another unit they may."""
    announced = MoveOut.objects.filter(unit=told.unit, state=MoveState.NOTICED, persons__in=told.persons)
    move = announced.order_by("day").first()
    if move is not None:
        raise RuleError("15.3", Refused.MOVES_ALREADY, day=move.day)


def _members(unit: Place, day: date) -> QuerySet[Membership]:
    holds = Q(until__isnull=True) | Q(until__gt=day)
    return Membership.objects.filter(holds, unit=unit, since__lte=day)


def _save(move: MoveOut) -> None:
    move.version += 1
    move.save()
