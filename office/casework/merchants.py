"""Merchants and their signs (17.1, 17.3, 17.5)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet

from office.casework.actor import Actor
from office.casework.case_ends import end_with_its_holder
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS
from office.procedures.shops import Leaving, check_left, check_place_of_business, check_sign
from office.procedures.withdrawal import Reason
from office.registry.models import (
    Activity,
    ActivityState,
    Banner,
    CardKind,
    Issue,
    IssueState,
    IssueStep,
    Merchant,
    Person,
    Place,
    PublicNotice,
    ShopInspection,
    SignFinding,
    SignPermit,
    SignReport,
    StaffRole,
)


@transaction.atomic
def register_merchant(actor: Actor, name: str, keeper: Person, unit: Place, since: date) -> Merchant:
    """Rule 17.5: in a unit meant for business, or not at all."""
    actor.must_be(StaffRole.CLERK, "17.5")
    check_place_of_business(kind=unit.kind, use=unit.use)
    made = Merchant.objects.create(name=name, keeper=keeper, unit=unit, since=since)
    record(actor.at, actor.user, "17.5", "merchant registered", f"merchant:{made.pk}", unit=unit.pk)
    return made


@transaction.atomic
def apply_for_merchant_card(actor: Actor, merchant_id: int, holder: Person) -> Issue:
    """A merchant card is paid and signed for like any card (13.5, 13.6); it ends when the merchant leaves."""
    actor.must_be(StaffRole.CLERK, "17.3")
    merchant = _present(merchant_id)
    card = Issue.objects.create(
        kind=CardKind.MERCHANT,
        state=IssueState.APPLIED,
        state_since=actor.at,
        holder=holder,
        unit=merchant.unit,
    )
    IssueStep.objects.create(issue=card, state=card.state, at=actor.at, clerk=actor.user, rule="17.3")
    merchant.cards.add(card)
    record(actor.at, actor.user, "17.3", "merchant card", f"merchant:{merchant.pk}", issue=card.pk)
    return card


@transaction.atomic
def inspect_shop(actor: Actor, merchant_id: int, *, good: bool, note: str = "") -> ShopInspection:
    """Rule 17.3: the three duties, and nothing outside without approval."""
    _staff(actor, "17.3")
    made = ShopInspection.objects.create(
        merchant=_present(merchant_id), at=actor.at, inspector=actor.user, good=good, note=note
    )
    record(actor.at, actor.user, "17.3", "shop inspected", f"merchant:{merchant_id}", good=good)
    return made


@transaction.atomic
def check_off(actor: Actor, merchant_id: int, done: frozenset[Leaving]) -> Merchant:
    """The leaving checklist as far as it is done; with its signs gone, their permits end."""
    actor.must_be(StaffRole.CLERK, "17.3")
    merchant = _present(merchant_id)
    for one in Leaving:
        setattr(merchant, one.value, one in done)
    merchant.save()
    if Leaving.SIGNS_REMOVED in done:
        merchant.signs.filter(removed_at__isnull=True).update(removed_at=actor.at)
    facts = {"done": sorted(one.value for one in done)}
    record(actor.at, actor.user, "17.3", "leaving checklist", f"merchant:{merchant.pk}", **facts)
    return merchant


@transaction.atomic
def merchant_leaves(actor: Actor, merchant_id: int) -> Merchant:
    """The merchant is gone: its cards are withdrawn at every gate with this transaction.

    Raises:
        RuleError: the checklist is not done, or a fee is to be given back first.
    """
    actor.must_be(StaffRole.CLERK, "17.3")
    merchant = _present(merchant_id)
    check_left(frozenset(one for one in Leaving if getattr(merchant, one.value)))
    merchant.left_on = actor.today
    merchant.save(update_fields=["left_on"])
    # The old card of an open case comes before its replacement, and ends it.
    for card in merchant.cards.filter(state__in=[one.value for one in COUNTS]).order_by("pk"):
        end_with_its_holder(actor, card.pk, Reason.MERCHANT_LEFT, "17.3")
    record(actor.at, actor.user, "17.3", "merchant left", f"merchant:{merchant.pk}")
    return merchant


@transaction.atomic
def apply_for_sign(actor: Actor, merchant_id: int, wording: str) -> SignPermit:
    """Rule 17.1: the merchant applies."""
    actor.must_be(StaffRole.CLERK, "17.1")
    made = SignPermit.objects.create(merchant=_present(merchant_id), wording=wording, applied_at=actor.at)
    record(actor.at, actor.user, "17.1", "sign applied for", f"sign:{made.pk}")
    return made


@transaction.atomic
def approve_sign(actor: Actor, sign_id: int, position: str, expires_on: date) -> SignPermit:
    """Rule 17.1: the desk approves and assigns a place; again before it expires, to renew it."""
    actor.must_be(StaffRole.CLERK, "17.1")
    check_sign(position=position, expires_on=expires_on, today=actor.today)
    sign = SignPermit.objects.select_for_update().get(pk=sign_id, removed_at__isnull=True)
    sign.position, sign.expires_on = position, expires_on
    sign.approved_at, sign.approved_by = actor.at, actor.user
    sign.save()
    facts = {"expires": expires_on.isoformat()}
    record(actor.at, actor.user, "17.1", "sign approved", f"sign:{sign.pk}", **facts)
    return sign


@transaction.atomic
def report_sign(actor: Actor, sign_id: int, finding: SignFinding) -> SignReport:
    """Rule 17.1: security reports what is expired, rusted or crooked to the desk."""
    _staff(actor, "17.1")
    sign = SignPermit.objects.get(pk=sign_id)
    made = SignReport.objects.create(sign=sign, finding=finding, at=actor.at, reporter=actor.user)
    if finding == SignFinding.IN_ORDER:
        made.handled_at = actor.at
        made.save(update_fields=["handled_at"])
    record(actor.at, actor.user, "17.1", "sign reported", f"sign:{sign.pk}", finding=finding.value)
    return made


@transaction.atomic
def handle_sign(actor: Actor, sign_id: int, *, removed: bool) -> SignPermit:
    """What was reported is mended, or the sign is gone."""
    actor.must_be(StaffRole.CLERK, "17.1")
    sign = SignPermit.objects.select_for_update().get(pk=sign_id)
    if sign.removed_at is not None:
        raise RuleError("17.1", Refused.STALE)
    sign.reports.filter(handled_at__isnull=True).update(handled_at=actor.at)
    if removed:
        sign.removed_at = actor.at
        sign.save(update_fields=["removed_at"])
    record(actor.at, actor.user, "17.1", "sign handled", f"sign:{sign.pk}", removed=removed)
    return sign


def signs_to_look_at(today: date) -> QuerySet[SignPermit]:
    """The inspection list: signs that have expired, and signs that security has reported."""
    up = SignPermit.objects.filter(removed_at__isnull=True, approved_at__isnull=False)
    reported = Q(reports__handled_at__isnull=True, reports__isnull=False)
    return up.filter(Q(expires_on__lte=today) | reported).distinct().order_by("expires_on")


def registers_due(actor: Actor) -> int:
    """How much of the registers waits to be looked at, removed or cleared (17.1, 17.2, 17.4, 17.6)."""
    gone = Q(until__lte=actor.today)
    return (
        signs_to_look_at(actor.today).count()
        + Activity.objects.filter(state=ActivityState.APPROVED, end__lte=actor.at).count()
        + Banner.objects.filter(gone, removed_at__isnull=True).count()
        + PublicNotice.objects.filter(gone, cleared_at__isnull=True).count()
    )


def _present(merchant_id: int) -> Merchant:
    merchant = Merchant.objects.select_for_update(of=("self",)).select_related("unit").get(pk=merchant_id)
    if merchant.left_on is not None:
        raise RuleError("17.3", Refused.WRONG_STATE, state="left")
    return merchant


def _staff(actor: Actor, rule: str) -> None:
    if not actor.roles & {StaffRole.CLERK, StaffRole.GUARD}:
        raise RuleError(rule, Refused.ROLE_MISSING, role=StaffRole.GUARD.value)
