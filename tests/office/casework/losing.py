"""What tests of KH-14 share: the way from the report to the replacement."""

from __future__ import annotations

from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.loss import Report, report_loss, review
from office.casework.replacement import approve, authorise_replacement, sign_for_replacement, tell_holder
from office.registry.models import Issue, LossCase, LossKind, Person, SignatureKind, StaffRole
from tests.support.office_estate import OfficeEstate


def ready_to_sign(estate: OfficeEstate, clerk: Actor, card: Issue, holder: Person) -> LossCase:
    """Lost, reviewed, approved, paid for, and its holder told."""
    return go_on(estate, clerk, report_loss(clerk, card.pk, holder, Report(LossKind.LOST)))


def go_on(estate: OfficeEstate, clerk: Actor, case: LossCase) -> LossCase:
    """From the report to the signature."""
    review(replace(estate.staff(StaffRole.REVIEWER), at=clerk.at), case.pk)
    case = approve(replace(estate.staff(StaffRole.MANAGER), at=clerk.at), case.pk)
    assert case.replacement is not None
    estate.pay(clerk, case.replacement)
    authorise_replacement(clerk, case.pk, estate.next_chip())
    return tell_holder(clerk, case.pk, "telephone", "reached")


def hand_out(clerk: Actor, case: LossCase, holder: Person) -> Issue:
    """The replacement, signed for."""
    sign_for_replacement(clerk, case.pk, holder, SignatureKind.PAPER, None)
    assert case.replacement is not None
    return Issue.objects.get(pk=case.replacement.pk)


def replaced(estate: OfficeEstate, clerk: Actor, card: Issue, holder: Person) -> Issue:
    """What the holder has instead of a lost card."""
    return hand_out(clerk, ready_to_sign(estate, clerk, card, holder), holder)
