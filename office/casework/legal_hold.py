"""A legal hold: while a court or the police may ask, nothing of a person's is purged or erased."""

from __future__ import annotations

from django.db import transaction

from office.casework.actor import Actor
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.registry.models import Person, StaffRole

RULE = "retention"


@transaction.atomic
def hold_person(actor: Actor, person_id: int, reason: str) -> Person:
    """Keep everything of this person's from now on; raises ``RuleError``."""
    actor.must_be(StaffRole.MANAGER, RULE)
    person = Person.objects.select_for_update().get(pk=person_id, erased_at__isnull=True)
    if person.legal_hold:
        raise RuleError(RULE, Refused.STALE)
    if not reason.strip():
        raise RuleError(RULE, Refused.REASON_MISSING)
    person.legal_hold, person.hold_reason = True, reason.strip()
    person.save(update_fields=["legal_hold", "hold_reason"])
    record(actor.at, actor.user, RULE, "legal hold set", f"person:{person.pk}")
    return person


@transaction.atomic
def release_person(actor: Actor, person_id: int) -> Person:
    """The hold is over: what was due meanwhile goes at the next round; raises ``RuleError``."""
    actor.must_be(StaffRole.MANAGER, RULE)
    person = Person.objects.select_for_update().get(pk=person_id)
    if not person.legal_hold:
        raise RuleError(RULE, Refused.STALE)
    person.legal_hold, person.hold_reason = False, ""
    person.save(update_fields=["legal_hold", "hold_reason"])
    record(actor.at, actor.user, RULE, "legal hold ended", f"person:{person.pk}")
    return person
