"""Rule 15.1: a tenant moves in with the owner present; the tenant's cards end with tenancy and grace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.archive import archive
from office.casework.moved_cards import own_end, take_end
from office.casework.trail import record
from office.lists.wanted import publish_issues
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS
from office.procedures.moving import (
    TASK_DAYS,
    TenancyFacts,
    ask_for_extension,
    check_extension,
    check_tenancy,
    tenancy_grace_end,
)
from office.registry.models import (
    CardKind,
    Form,
    Issue,
    MemberRole,
    Membership,
    MovedCard,
    MoveOut,
    MoveState,
    Person,
    Place,
    Policy,
    StaffRole,
    Tenancy,
)


class MoveIn(Struct, frozen=True):
    """《入伙客户情况登记表》 as the clerk fills it."""

    unit: Place
    owner: Person
    persons: Sequence[Person]
    since: date
    until: date
    """First day after the tenancy."""
    owner_present: bool


class CardTerms(Struct, frozen=True):
    """What a card of an applicant is to be."""

    kind: CardKind
    valid_until: datetime | None


@transaction.atomic
def register_tenancy(actor: Actor, told: MoveIn, submission: UUID) -> Tenancy:
    """Register a move-in; the same submission twice is one. Raises ``RuleError`` 15.1."""
    actor.must_be(StaffRole.CLERK, "15.1")
    known = Tenancy.objects.filter(submission=submission).first()
    if known is not None:
        return known
    owns = _held(told.unit, actor.today).filter(person=told.owner, role=MemberRole.OWNER).exists()
    check_tenancy(TenancyFacts(told.since, told.until, owns, told.owner_present, len(told.persons)))
    made = Tenancy.objects.create(
        unit=told.unit,
        owner=told.owner,
        owner_present=told.owner_present,
        since=told.since,
        until=told.until,
        registered_at=actor.at,
        clerk=actor.user,
        submission=submission,
    )
    for person in told.persons:
        made.memberships.create(
            person=person, unit=told.unit, role=MemberRole.TENANT, since=told.since, until=told.until
        )
    facts = {"unit": told.unit.pk, "since": told.since.isoformat(), "until": told.until.isoformat()}
    if cards := let_cards_follow(actor, made):  # that they have from before, such as cards taken over
        facts["cards"] = cards
    record(actor.at, actor.user, "15.1", "tenant moved in", f"tenancy:{made.pk}", **facts)
    archive(actor, Form.MOVE_IN, f"tenancy:{made.pk}", "15.1")
    return made


@transaction.atomic
def extend_tenancy(actor: Actor, tenancy_id: int, until: date, *, version: int | None = None) -> Tenancy:
    """One step: the tenancy, its persons, and their cards at every gate last longer."""
    actor.must_be(StaffRole.CLERK, "15.1")
    tenancy = _locked(tenancy_id, version)
    check_extension(tenancy.until, until)
    before = tenancy.until
    tenancy.until, tenancy.asked_at = until, None
    tenancy.version += 1
    tenancy.save()
    # Who has left before the tenancy's end, or moved away with its last day, stays gone.
    gone = MoveOut.objects.filter(unit=tenancy.unit, state=MoveState.OVER, day__gte=tenancy.since)
    staying = tenancy.memberships.filter(until=before).exclude(person__in=gone.values("persons"))
    staying.update(until=until)
    cards = let_cards_follow(actor, tenancy)
    facts = {"before": before.isoformat(), "until": until.isoformat(), "cards": cards}
    record(actor.at, actor.user, "15.1", "tenancy extended", f"tenancy:{tenancy.pk}", **facts)
    return tenancy


@transaction.atomic
def note_no_extension(actor: Actor, tenancy_id: int) -> Tenancy:
    """The desk has asked: the tenancy ends as agreed."""
    actor.must_be(StaffRole.CLERK, "15.1")
    tenancy = _locked(tenancy_id, None)
    if tenancy.asked_at is not None:
        raise RuleError("15.1", Refused.STALE)
    tenancy.asked_at = actor.at
    tenancy.version += 1
    tenancy.save(update_fields=["asked_at", "version"])
    record(actor.at, actor.user, "15.1", "tenancy not extended", f"tenancy:{tenancy.pk}")
    return tenancy


def tenancies_to_ask(today: date) -> list[Tenancy]:
    """The desk's task: tenancies that end within 14 days, or have ended and were not asked about."""
    waiting = Tenancy.objects.filter(asked_at__isnull=True).select_related("unit").order_by("until")
    return [one for one in waiting.filter(until__lte=_later(today)) if ask_for_extension(one.until, today)]


def taken_over_to_ask(today: date) -> list[Membership]:
    """The same of tenants of whom there is no tenancy on record: an import brought them, with their end."""
    ends = Membership.objects.filter(role=MemberRole.TENANT, until__lte=_later(today), tenancies__isnull=True)
    later = Membership.objects.filter(
        Q(until__isnull=True) | Q(until__gt=OuterRef("until")),
        person=OuterRef("person"),
        unit=OuterRef("unit"),
    )
    cards = Issue.objects.filter(
        holder=OuterRef("person"), unit=OuterRef("unit"), state__in=[one.value for one in COUNTS]
    )
    found = ends.filter(~Exists(later), Exists(cards)).select_related("person", "unit").order_by("until")
    return [one for one in found if one.until is not None and ask_for_extension(one.until, today)]


def card_terms(unit: Place, applicant: Person, today: date) -> CardTerms:
    """Whether an applicant's cards are a resident's or a tenant's, and when those end (15.1)."""
    held = list(_held(unit, today).filter(person=applicant))
    tenant = [one for one in held if one.role == MemberRole.TENANT]
    if not tenant or len(tenant) < len(held):
        return CardTerms(CardKind.RESIDENT, None)
    ends = [one.until for one in tenant]
    last = None if None in ends else max(one for one in ends if one is not None)
    return CardTerms(CardKind.TENANT, None if last is None else grace_end(last))


def grace_end(until: date) -> datetime:
    """When cards of a tenancy end."""
    policy = Policy.current()
    return tenancy_grace_end(until, policy.tenancy_grace_days, ZoneInfo(settings.TIME_ZONE))


def let_cards_follow(actor: Actor, tenancy: Tenancy) -> int:
    """Tenant cards of those who stay last as long as the tenancy and its grace; how many. None is shortened.

    Whoever issued them, and whatever the grace was then. One that ends by an announced move ends so still,
    but lasts longer if that is put off; one of a move that is over stays as it is.
    """
    end, staying = grace_end(tenancy.until), tenancy.memberships.filter(until=tenancy.until).values("person")
    theirs = Q(application__applicant__in=staying) | Q(application__isnull=True, holder__in=staying)
    running = Issue.objects.filter(
        theirs,
        kind=CardKind.TENANT,
        unit=tenancy.unit,
        valid_until__lt=end,
        state__in=[one.value for one in COUNTS],
    )
    announced = MovedCard.objects.filter(move__state=MoveState.NOTICED).values("issue")
    running = running.filter(Q(moves_out=False) | Q(pk__in=announced))
    found = running.select_for_update(of=("self",)).select_related("chip", "unit")
    cards = [one for one in found if (own := own_end(one)) is not None and own < end]
    for card in cards:
        take_end(card, end)
        card.version += 1
        card.save(update_fields=["valid_until", "version"])
    publish_issues(cards, actor.at)
    return len(cards)


def _held(unit: Place, day: date) -> QuerySet[Membership]:
    holds = Q(until__isnull=True) | Q(until__gt=day)
    return Membership.objects.filter(holds, unit=unit, since__lte=day)


def _later(today: date) -> date:
    return date.fromordinal(today.toordinal() + TASK_DAYS)


def _locked(tenancy_id: int, version: int | None) -> Tenancy:
    tenancy = Tenancy.objects.select_for_update().get(pk=tenancy_id)
    if version is not None and tenancy.version != version:
        raise RuleError("0", Refused.STALE)
    return tenancy
