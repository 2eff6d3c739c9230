"""Rule 15.3: moving away. The cards of whom R01 names end at 24:00 of the day, which gates know ahead.

The settlement of water, power and management fees is recorded. No step here, or anywhere, asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.archive import archive
from office.casework.tenancies import let_cards_follow
from office.casework.trail import record
from office.lists.wanted import publish_issues
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS
from office.procedures.moving import MoveFacts, card_end, check_notice, is_late
from office.registry.models import (
    Form,
    Issue,
    MemberRole,
    Membership,
    MovedCard,
    MoveOut,
    MoveState,
    Person,
    Place,
    Settlement,
    SettlementKind,
    SignatureKind,
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
        RuleError: 15.3: nobody named, not of the unit, a day that is over, or no reason for late notice.
    """
    actor.must_be(StaffRole.CLERK, "15.3")
    known = MoveOut.objects.filter(submission=submission).first()
    if known is not None:
        return known
    roles = _roles(actor, told)
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
    _set_ends(actor, made)
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
    _set_ends(actor, move)
    return move


@transaction.atomic
def call_off(actor: Actor, move_id: int, *, version: int | None = None) -> MoveOut:
    """Nobody moves: the cards have again the ends that they had."""
    actor.must_be(StaffRole.CLERK, "15.3")
    move = locked_move(move_id, version)
    move.state, move.closed_at = MoveState.CALLED_OFF, actor.at
    _save(move)
    record(actor.at, actor.user, "15.3", "move called off", f"move:{move.pk}")
    _restore_ends(actor, list(move.cards.select_related("issue")))
    for tenancy in Tenancy.objects.filter(
        unit=move.unit, memberships__person__in=move.persons.all()
    ).distinct():
        let_cards_follow(actor, tenancy)  # one that was extended meanwhile
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


def facts_of(move: MoveOut) -> MoveFacts:
    """What the rules ask of a move."""
    return MoveFacts(
        by_tenant=move.by_tenant,
        owner_consented=move.consent_at is not None,
        goods_checked=move.goods_checked_at is not None,
        running=move.state == MoveState.NOTICED,
    )


def locked_move(move_id: int, version: int | None = None) -> MoveOut:
    """A move that is announced, for a change in this transaction; raises ``RuleError``."""
    move = MoveOut.objects.select_for_update(of=("self",)).select_related("unit").get(pk=move_id)
    if version is not None and move.version != version:
        raise RuleError("0", Refused.STALE)
    if move.state != MoveState.NOTICED:
        raise RuleError("15.3", Refused.WRONG_STATE, state=move.state)
    return move


def cards_of(move: MoveOut) -> QuerySet[Issue]:
    """Running cards of whom the move names: their own of the unit, and those of vehicles they keep."""
    theirs = Q(holder__in=move.persons.all()) | Q(vehicle__keeper__in=move.persons.all())
    return Issue.objects.filter(theirs, unit=move.unit, state__in=[one.value for one in COUNTS])


def _set_ends(actor: Actor, move: MoveOut) -> None:
    zone = ZoneInfo(settings.TIME_ZONE)
    known = {one.issue_id: one for one in move.cards.all()}
    cards = list(cards_of(move).select_for_update(of=("self",)).select_related("chip", "unit", "vehicle"))
    for card in cards:
        moved = known.get(card.pk) or MovedCard.objects.create(
            move=move, issue=card, end_before=card.valid_until
        )
        _set_end(card, card_end(moved.end_before, move.day, zone), moves_out=True)
    publish_issues(cards, actor.at)


def _restore_ends(actor: Actor, moved: Sequence[MovedCard]) -> None:
    running = {one.value for one in COUNTS}
    cards = []
    for one in moved:
        if one.issue.state in running:
            _set_end(one.issue, one.end_before, moves_out=False)
            cards.append(one.issue)
    publish_issues(cards, actor.at)


def _set_end(card: Issue, end: datetime | None, *, moves_out: bool) -> None:
    card.valid_until, card.moves_out = end, moves_out
    card.version += 1
    card.save(update_fields=["valid_until", "moves_out", "version"])


def _roles(actor: Actor, told: Notice) -> set[str]:
    if not told.persons:
        raise RuleError("15.3", Refused.NO_PERSONS)
    members = _members(told.unit, actor.today).filter(person__in=told.persons)
    if {one.person_id for one in members} != {one.pk for one in told.persons}:
        raise RuleError("15.3", Refused.NOT_OF_THE_UNIT)
    return {one.role for one in members}


def _members(unit: Place, day: date) -> QuerySet[Membership]:
    holds = Q(until__isnull=True) | Q(until__gt=day)
    return Membership.objects.filter(holds, unit=unit, since__lte=day)


def _save(move: MoveOut) -> None:
    move.version += 1
    move.save()
