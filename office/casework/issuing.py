"""KH-13: resident cards (and vehicle cards, outside the quota), from the application to the signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.archive import archive
from office.casework.issue_steps import locked_issue, take
from office.casework.payments import paid_in_full, pass_if_free
from office.casework.people import members_on
from office.casework.tenancies import card_terms
from office.casework.trail import record
from office.casework.vehicles import end_of_right
from office.procedures.application import check_lines
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS, State, Step
from office.procedures.quota import CountedCard, Quota, QuotaRules, check_quota, quota
from office.registry.models import (
    Application,
    CardKind,
    Chip,
    Form,
    Issue,
    IssueState,
    IssueStep,
    Membership,
    Person,
    Place,
    Policy,
    RelationKind,
    Signature,
    SignatureKind,
    StaffRole,
    Vehicle,
)
from sync.records import Credential


class CardWish(Struct, frozen=True):
    """One line of KH-03-R04."""

    holder: int
    """Person id."""
    relation: str
    """Code of the relation to the applicant."""


def unit_quota(unit: Place) -> Quota:
    """How a unit stands (rule 13.4), for the clerk to see while filling the form."""
    return quota(unit.floor_area_m2 or Decimal(0), _counted(unit), _rules())


def check_wishes(unit: Place, applicant: Person, wishes: Sequence[CardWish], today: date) -> Quota:
    """How the unit would stand with these cards; raises ``RuleError`` 13.2 or 13.4."""
    direct = _checked_lines(unit, applicant, wishes, today)
    wanted = [CountedCard(direct[one.relation]) for one in wishes]
    return check_quota(unit.floor_area_m2 or Decimal(0), _counted(unit), wanted, _rules())


@transaction.atomic
def apply_for_cards(
    actor: Actor, unit: Place, applicant: Person, wishes: Sequence[CardWish], submission: UUID
) -> Application:
    """Rules 13.1 to 13.4: an application for resident cards; a tenant's are tenant cards, which end (15.1).

    The same submission twice is one application.

    Raises:
        RuleError: who applies, a person or relation (with its line), or the quota.
    """
    actor.must_be(StaffRole.CLERK, "13.1")
    known = Application.objects.filter(submission=submission).first()
    if known is not None:
        return known
    _check_resident(actor, unit, applicant)
    if not wishes:
        raise RuleError("13.2", Refused.NO_PERSONS)
    terms = card_terms(unit, applicant, actor.today)
    if terms.kind == CardKind.RESIDENT:
        check_wishes(unit, applicant, wishes, actor.today)
    else:
        _checked_lines(unit, applicant, wishes, actor.today)
    application = Application.objects.create(
        unit=unit, applicant=applicant, applied_at=actor.at, clerk=actor.user, submission=submission
    )
    for wish in wishes:
        _new_issue(
            actor,
            application,
            terms.kind,
            holder_id=wish.holder,
            relation_id=wish.relation,
            valid_until=terms.valid_until,
        )
    subject = f"application:{application.pk}"
    record(actor.at, actor.user, "13.1", "application", subject, unit=unit.pk, cards=len(wishes))
    archive(actor, Form.CARD_APPLICATION, subject, "13.1")
    return application


@transaction.atomic
def apply_for_vehicle_card(
    actor: Actor, vehicle: Vehicle, applicant: Person, submission: UUID
) -> Application:
    """A card for plate and unit: fee and signature as KH-13, outside the quota, ends with the parking right.

    Raises:
        RuleError: who applies, or the parking right has ended.
    """
    actor.must_be(StaffRole.CLERK, "13.1")
    known = Application.objects.filter(submission=submission).first()
    if known is not None:
        return known
    _check_resident(actor, vehicle.unit, applicant)
    if vehicle.parking_until is not None and vehicle.parking_until <= actor.today:
        raise RuleError("13.vehicle", Refused.NO_PARKING_RIGHT, until=vehicle.parking_until.isoformat())
    application = Application.objects.create(
        unit=vehicle.unit,
        applicant=applicant,
        vehicle=vehicle,
        applied_at=actor.at,
        clerk=actor.user,
        submission=submission,
    )
    ends = end_of_right(vehicle)
    _new_issue(actor, application, CardKind.VEHICLE, vehicle_id=vehicle.pk, valid_until=ends)
    subject = f"application:{application.pk}"
    record(actor.at, actor.user, "13.1", "application", subject, unit=vehicle.unit_id)
    archive(actor, Form.CARD_APPLICATION, subject, "13.1")
    return application


def assign_chip(issue: Issue, credential: Credential, printed: str = "") -> None:
    """Give an issue its chip, inside the caller's transaction.

    Raises:
        RuleError: the chip is in another running issue.
    """
    number = credential.number.hex().upper()
    chip, _ = Chip.objects.get_or_create(
        technology=int(credential.technology), number=number, defaults={"printed": printed}
    )
    taken = Issue.objects.filter(chip=chip, state__in=[one.value for one in COUNTS]).exclude(pk=issue.pk)
    if taken.exists():
        raise RuleError("13.6", Refused.CHIP_IN_USE)
    issue.chip = chip
    issue.version += 1
    issue.save(update_fields=["chip", "version"])


@transaction.atomic
def give_chip(
    actor: Actor, issue_id: int, credential: Credential, printed: str = "", *, version: int | None = None
) -> None:
    """A clerk holds the chip to the desk's reader; raises ``RuleError`` if it is in use or handed out."""
    actor.must_be(StaffRole.CLERK, "13.6")
    issue = locked_issue(issue_id, version)
    if State(issue.state) not in {State.APPLIED, State.PAID}:
        raise RuleError("13.6", Refused.WRONG_STATE, state=issue.state)
    _check_own_way(issue)
    pass_if_free(actor, issue)
    assign_chip(issue, credential, printed)
    record(actor.at, actor.user, "13.6", "chip assigned", f"issue:{issue.pk}")


@transaction.atomic
def sign_for_card(
    actor: Actor,
    issue_id: int,
    signer: Person,
    kind: SignatureKind,
    image: bytes | None,
    *,
    version: int | None = None,
) -> Issue:
    """Rule 13.6: the customer signs, and only then the card opens doors.

    Raises:
        RuleError: fee, chip, quota (judged once more), state, its time is over, who is to have it is gone,
            or the card replaces another one.
    """
    actor.must_be(StaffRole.CLERK, "13.6")
    issue = locked_issue(issue_id, version)
    _check_own_way(issue)
    check_not_over(actor, issue)
    _check_still_there(actor, issue)
    check_signable(issue)
    pass_if_free(actor, issue)
    Signature.objects.create(
        issue=issue, signer=signer, at=actor.at, kind=kind, witness=actor.user, image=image
    )
    take(actor, issue, Step.SIGN, signer=signer.pk, kind=kind.value)
    take(actor, issue, Step.ACTIVATE)
    return issue


def check_not_over(actor: Actor, issue: Issue) -> None:
    """Nobody is handed a card that has ended meanwhile, with a move, a tenancy or a right; ``RuleError``."""
    if issue.valid_until is not None and issue.valid_until <= actor.at:
        raise RuleError("13.6", Refused.CARD_ENDED, until=issue.valid_until)


def check_signable(issue: Issue) -> None:
    """What must hold before a card is handed out; raises ``RuleError``."""
    if not paid_in_full(issue):
        raise RuleError("13.5", Refused.FEE_NOT_PAID)
    if issue.chip is None:
        raise RuleError("13.6", Refused.NO_CHIP)
    if issue.kind == CardKind.RESIDENT and issue.unit is not None:
        others = _counted(issue.unit, without=issue.pk)
        wanted = [CountedCard(issue.relation is not None and issue.relation.direct)]
        check_quota(issue.unit.floor_area_m2 or Decimal(0), others, wanted, _rules())


def _check_own_way(issue: Issue) -> None:
    """A replacement goes by the steps of its case (14.7 to 14.9), which end the old card with it."""
    if issue.replaces_id is not None:
        raise RuleError("14.9", Refused.IS_REPLACEMENT)


def _new_issue(actor: Actor, application: Application, kind: CardKind, **fields: object) -> Issue:
    issue = Issue(
        kind=kind,
        state=IssueState.APPLIED,
        state_since=actor.at,
        unit=application.unit,
        application=application,
    )
    for name, value in fields.items():
        setattr(issue, name, value)
    issue.save()
    IssueStep.objects.create(issue=issue, state=issue.state, at=actor.at, clerk=actor.user, rule="13.1")
    pass_if_free(actor, issue)
    return issue


def _check_still_there(actor: Actor, issue: Issue) -> None:
    """A household's card is for who belongs to it today; staff, guards and merchants belong to none."""
    if issue.unit is None or issue.kind not in {CardKind.RESIDENT, CardKind.TENANT, CardKind.VEHICLE}:
        return
    applicant = None if issue.application is None else issue.application.applicant
    keeper = None if issue.vehicle is None else issue.vehicle.keeper
    for person in (applicant, issue.holder, keeper):
        if person is not None:
            _check_resident(actor, issue.unit, person)


def _check_resident(actor: Actor, unit: Place, applicant: Person) -> None:
    today = actor.today
    theirs = Membership.objects.filter(person=applicant, unit=unit, since__lte=today)
    if not (theirs.filter(until__isnull=True) | theirs.filter(until__gt=today)).exists():
        raise RuleError("13.3", Refused.NOT_A_RESIDENT)


def _checked_lines(
    unit: Place, applicant: Person, wishes: Sequence[CardWish], today: date
) -> dict[str, bool]:
    """Which relations are direct; raises ``RuleError`` 13.2 if a line of the form does not hold."""
    direct = {one.code: one.direct for one in RelationKind.objects.all()}
    members = set(members_on(unit, today).values_list("person", flat=True))
    check_lines(applicant.pk, [(one.holder, one.relation) for one in wishes], members, direct)
    return direct


def _counted(unit: Place, *, without: int | None = None) -> list[CountedCard]:
    issues = Issue.objects.filter(
        unit=unit, kind=CardKind.RESIDENT, state__in=[one.value for one in COUNTS]
    ).select_related("relation", "replaces")
    return [
        CountedCard(one.relation is not None and one.relation.direct, replacement=_stands_in(one))
        for one in issues
        if one.pk != without
    ]


def _stands_in(issue: Issue) -> bool:
    """Whether the card that it replaces counts still."""
    return issue.replaces is not None and State(issue.replaces.state) in COUNTS


def _rules() -> QuotaRules:
    now = Policy.current()
    return QuotaRules(now.quota_area_m2, now.quota_below, now.quota_from)
