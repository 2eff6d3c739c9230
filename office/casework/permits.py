"""Activities with their passes (17.2), banners (17.4), notices of government and company (17.6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.case_ends import end_with_its_holder
from office.casework.issue_steps import take
from office.casework.issuing import assign_chip
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS, Step
from office.procedures.shops import (
    ActivityFacts,
    check_application,
    check_banner_approval,
    check_pass,
    check_permit,
)
from office.procedures.withdrawal import Reason
from office.registry.models import (
    Activity,
    ActivityState,
    Banner,
    CardKind,
    Door,
    Issue,
    IssueState,
    IssueStep,
    NoticeIssuer,
    Person,
    PublicNotice,
    Signature,
    SignatureKind,
    StaffRole,
)
from sync.records import Credential


class ActivityWish(Struct, frozen=True):
    """An activity that is applied for."""

    name: str
    applicant: Person
    public_benefit: bool
    start: datetime
    end: datetime


@transaction.atomic
def apply_for_activity(actor: Actor, wish: ActivityWish) -> Activity:
    """Rule 17.2: hawking is refused, a public-benefit activity is taken in."""
    actor.must_be(StaffRole.CLERK, "17.2")
    check_application(ActivityFacts(wish.public_benefit, "", wish.start, wish.end, "applied"))
    made = Activity.objects.create(
        name=wish.name,
        applicant=wish.applicant,
        public_benefit=wish.public_benefit,
        start=wish.start,
        end=wish.end,
    )
    record(actor.at, actor.user, "17.2", "activity applied for", f"activity:{made.pk}")
    return made


@transaction.atomic
def approve_activity(actor: Actor, activity_id: int, position: str, doors: Sequence[Door]) -> Activity:
    """The desk reviews: a place, and the gates through which its people come."""
    actor.must_be(StaffRole.CLERK, "17.2")
    activity = _locked(activity_id)
    check_permit(facts_of(activity), position)
    activity.state, activity.position = ActivityState.APPROVED, position
    activity.reviewed_by = actor.user
    activity.save()
    activity.doors.set(doors)
    facts = {"doors": sorted(one.pk for one in doors)}
    record(actor.at, actor.user, "17.2", "activity approved", f"activity:{activity.pk}", **facts)
    return activity


@transaction.atomic
def refuse_activity(actor: Actor, activity_id: int) -> Activity:
    """The desk reviews and says no."""
    actor.must_be(StaffRole.CLERK, "17.2")
    activity = _locked(activity_id)
    if activity.state != ActivityState.APPLIED:
        raise RuleError("17.2", Refused.WRONG_STATE, state=activity.state)
    activity.state, activity.reviewed_by = ActivityState.REFUSED, actor.user
    activity.save()
    record(actor.at, actor.user, "17.2", "activity refused", f"activity:{activity.pk}")
    return activity


@transaction.atomic
def give_pass(
    actor: Actor, activity_id: int, holder: Person, chip: Credential, signed: SignatureKind
) -> Issue:
    """A pass for somebody of the activity: at its gates, within its window, and signed for (13.6)."""
    actor.must_be(StaffRole.CLERK, "17.2")
    activity = _locked(activity_id)
    check_pass(facts_of(activity), actor.at)
    card = Issue.objects.create(
        kind=CardKind.VISITOR,
        state=IssueState.APPLIED,
        state_since=actor.at,
        holder=holder,
        fee=Decimal(0),
        valid_from=activity.start,
        valid_until=activity.end,
    )
    IssueStep.objects.create(issue=card, state=card.state, at=actor.at, clerk=actor.user, rule="17.2")
    for door in activity.doors.all():
        card.exceptions.create(
            door=door, allows=True, reason=str(activity)[:200], until=activity.end, clerk=actor.user
        )
    take(actor, card, Step.PAY)
    assign_chip(card, chip)
    Signature.objects.create(issue=card, signer=holder, at=actor.at, kind=signed, witness=actor.user)
    take(actor, card, Step.SIGN, signer=holder.pk, kind=signed.value)
    take(actor, card, Step.ACTIVATE)
    activity.passes.add(card)
    return card


@transaction.atomic
def clear_site(actor: Actor, activity_id: int) -> Activity:
    """The site is cleared afterwards; its passes end now, suspended and lost ones, too."""
    actor.must_be(StaffRole.CLERK, "17.2")
    activity = _locked(activity_id)
    if activity.state != ActivityState.APPROVED:
        raise RuleError("17.2", Refused.WRONG_STATE, state=activity.state)
    activity.state, activity.cleared_at = ActivityState.CLEARED, actor.at
    activity.save()
    for card in activity.passes.filter(state__in=[one.value for one in COUNTS]).order_by("pk"):
        end_with_its_holder(actor, card.pk, Reason.WORK_ENDED, "17.2")
    record(actor.at, actor.user, "17.2", "site cleared", f"activity:{activity.pk}")
    return activity


@transaction.atomic
def apply_for_banner(actor: Actor, wording: str, position: str, start: date, until: date) -> Banner:
    """Rule 17.4: somebody applies."""
    actor.must_be(StaffRole.CLERK, "17.4")
    if until <= start:
        raise RuleError("17.4", Refused.DATES_WRONG, since=start, until=until)
    made = Banner.objects.create(
        wording=wording, position=position, start=start, until=until, applied_at=actor.at
    )
    record(actor.at, actor.user, "17.4", "banner applied for", f"banner:{made.pk}")
    return made


@transaction.atomic
def review_banner(actor: Actor, banner_id: int) -> Banner:
    """First step: the office reviews; raises ``RuleError`` if another was faster."""
    if not actor.roles & {StaffRole.CLERK, StaffRole.REVIEWER}:
        raise RuleError("17.4", Refused.ROLE_MISSING, role=StaffRole.REVIEWER.value)
    banner = Banner.objects.select_for_update().get(pk=banner_id)
    if banner.reviewed_by_id is not None:
        raise RuleError("17.4", Refused.STALE)
    banner.reviewed_by = actor.user
    banner.save(update_fields=["reviewed_by"])
    record(actor.at, actor.user, "17.4", "banner reviewed", f"banner:{banner.pk}")
    return banner


@transaction.atomic
def approve_banner(actor: Actor, banner_id: int) -> Banner:
    """Second step: the manager, another person, approves."""
    actor.must_be(StaffRole.MANAGER, "17.4")
    banner = Banner.objects.select_for_update().get(pk=banner_id)
    if banner.approved_by_id is not None:
        raise RuleError("17.4", Refused.STALE)
    check_banner_approval(reviewer=banner.reviewed_by_id, manager=actor.user.pk)
    banner.approved_by = actor.user
    banner.save(update_fields=["approved_by"])
    record(actor.at, actor.user, "17.4", "banner approved", f"banner:{banner.pk}")
    return banner


@transaction.atomic
def remove_banner(actor: Actor, banner_id: int) -> Banner:
    """It hangs no more; raises ``RuleError`` if it was removed before."""
    actor.must_be(StaffRole.CLERK, "17.4")
    banner = Banner.objects.select_for_update().get(pk=banner_id)
    if banner.removed_at is not None:
        raise RuleError("17.4", Refused.STALE)
    banner.removed_at = actor.at
    banner.save(update_fields=["removed_at"])
    record(actor.at, actor.user, "17.4", "banner removed", f"banner:{banner.pk}")
    return banner


@transaction.atomic
def post_notice(actor: Actor, title: str, issuer: NoticeIssuer, position: str, until: date) -> PublicNotice:
    """Rule 17.6: the desk assigns a place."""
    actor.must_be(StaffRole.CLERK, "17.6")
    if not position.strip():
        raise RuleError("17.6", Refused.NO_POSITION)
    made = PublicNotice.objects.create(
        title=title, issuer=issuer, position=position, posted_at=actor.at, clerk=actor.user, until=until
    )
    record(actor.at, actor.user, "17.6", "notice posted", f"notice:{made.pk}")
    return made


@transaction.atomic
def clear_notice(actor: Actor, notice_id: int) -> PublicNotice:
    """Rule 17.6: and clears it, once; raises ``RuleError``."""
    actor.must_be(StaffRole.CLERK, "17.6")
    notice = PublicNotice.objects.select_for_update().get(pk=notice_id)
    if notice.cleared_at is not None:
        raise RuleError("17.6", Refused.STALE)
    notice.cleared_at = actor.at
    notice.save(update_fields=["cleared_at"])
    record(actor.at, actor.user, "17.6", "notice cleared", f"notice:{notice.pk}")
    return notice


def facts_of(activity: Activity) -> ActivityFacts:
    """What the rules ask of an activity."""
    doors = frozenset(activity.doors.values_list("pk", flat=True))
    return ActivityFacts(
        activity.public_benefit, activity.position, activity.start, activity.end, activity.state, doors
    )


def _locked(activity_id: int) -> Activity:
    return Activity.objects.select_for_update().get(pk=activity_id)
