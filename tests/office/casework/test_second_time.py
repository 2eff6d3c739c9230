"""What was done once is not done again by the next click: the first one's time stays, the second is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import Model
from django.forms.models import model_to_dict
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.merchants import apply_for_sign, approve_sign, handle_sign, register_merchant
from office.casework.moves import record_consent
from office.casework.outages import Announcement, announce_outage, note_prepared
from office.casework.permits import (
    apply_for_banner,
    approve_banner,
    clear_notice,
    post_notice,
    remove_banner,
    review_banner,
)
from office.casework.tenancies import note_no_extension
from office.procedures.errors import Refused, RuleError
from office.registry.models import (
    AuditEntry,
    Banner,
    MemberRole,
    MoveOut,
    NoticeIssuer,
    OutageCause,
    OutageKind,
    Person,
    SignatureKind,
    SignPermit,
    StaffRole,
    UnitUse,
)
from tests.office.casework.moving import TODAY, announce, days, move_in
from tests.support.office_estate import NOW, OfficeEstate

EVERYBODY = (StaffRole.CLERK, StaffRole.REVIEWER, StaffRole.MANAGER)
Step = Callable[[Actor, int], Model]
Begin = Callable[[OfficeEstate, Actor], Model]


def banner(_estate: OfficeEstate, clerk: Actor) -> Banner:
    return apply_for_banner(clerk, "New flats", "fence", TODAY, days(7))


def reviewed(estate: OfficeEstate, clerk: Actor) -> Banner:
    return review_banner(clerk, banner(estate, clerk).pk)


def notice(_estate: OfficeEstate, clerk: Actor) -> Model:
    return post_notice(clerk, "Census", NoticeIssuer.GOVERNMENT, "north gate", days(7))


def sign(estate: OfficeEstate, clerk: Actor) -> SignPermit:
    shop = estate.add_unit("S1", "40", UnitUse.COMMERCIAL)
    merchant = register_merchant(clerk, "Noodles", estate.applicant, shop, TODAY)
    made = apply_for_sign(clerk, merchant.pk, "Noodles")
    return approve_sign(clerk, made.pk, "above the door", days(300))


def outage(estate: OfficeEstate, clerk: Actor) -> Model:
    start = NOW + timedelta(days=3)
    told = Announcement(
        estate.building, OutageKind.WATER, OutageCause.PLANNED, start, start + timedelta(hours=1), NOW
    )
    return announce_outage(clerk, told)


def move(estate: OfficeEstate, clerk: Actor) -> Model:
    return announce(estate, clerk, days(7))


def tenancy(estate: OfficeEstate, clerk: Actor) -> Model:
    return move_in(estate, clerk, days(10))[0]


def consent(actor: Actor, move_id: int) -> MoveOut:
    owner = Person.objects.get(memberships__role=MemberRole.OWNER)
    return record_consent(actor, move_id, owner, SignatureKind.PAPER)


STEPS: dict[str, tuple[Begin, Step]] = {
    "17.4 a banner is removed": (banner, remove_banner),
    "17.4 a banner is reviewed": (banner, review_banner),
    "17.4 a banner is approved": (reviewed, approve_banner),
    "17.6 a notice is cleared": (notice, clear_notice),
    "17.1 a sign is removed": (sign, lambda actor, pk: handle_sign(actor, pk, removed=True)),
    "16.5 an outage is prepared": (outage, note_prepared),
    "15.1 a tenancy is not extended": (tenancy, note_no_extension),
    "15.3 an owner consents": (move, consent),
}


@pytest.mark.parametrize(("begin", "step"), STEPS.values(), ids=STEPS)
def test_the_first_time_stays_and_the_second_is_told(estate: OfficeEstate, begin: Begin, step: Step) -> None:
    first, second = estate.staff(*EVERYBODY), estate.staff(*EVERYBODY)
    made = begin(estate, estate.staff(StaffRole.CLERK))
    step(first, made.pk)
    made.refresh_from_db()
    stands, entries = model_to_dict(made), AuditEntry.objects.count()
    with pytest.raises(RuleError) as refused:
        step(replace(second, at=NOW + timedelta(hours=1)), made.pk)
    assert refused.value.refused is Refused.STALE
    made.refresh_from_db()
    assert (model_to_dict(made), AuditEntry.objects.count()) == (stands, entries)
