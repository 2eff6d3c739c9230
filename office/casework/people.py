"""The register of people: who they are, and to which units they belong."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.trail import record
from office.procedures.households import MembershipFacts, check_end, check_membership, check_span
from office.registry.models import MemberRole, Membership, Person, Place, StaffRole


class Particulars(Struct, frozen=True):
    """What is written down of a person."""

    name: str
    phone: str = ""
    identity: str = ""
    note: str = ""


class Belonging(Struct, frozen=True):
    """How a person belongs to a unit."""

    unit: Place
    role: MemberRole
    since: date
    until: date | None = None
    owner_present: bool = False


@transaction.atomic
def register_person(actor: Actor, told: Particulars, belonging: Belonging | None = None) -> Person:
    """Write a person down, with the first membership if there is one; raises ``RuleError``."""
    actor.must_be(StaffRole.CLERK, "13.1")
    person = Person.objects.create(
        name=told.name, phone=told.phone, identity=told.identity, note=told.note, recorded_at=actor.at
    )
    record(actor.at, actor.user, "13.1", "person registered", f"person:{person.pk}")
    if belonging is not None:
        add_membership(actor, person, belonging)
    return person


@transaction.atomic
def change_particulars(actor: Actor, person_id: int, told: Particulars) -> Person:
    """A new telephone number, a corrected name. The trail says which fields changed, never what they hold."""
    actor.must_be(StaffRole.CLERK, "13.1")
    person = Person.objects.select_for_update().get(pk=person_id, erased_at__isnull=True)
    fields = ("name", "phone", "identity", "note")
    changed = [one for one in fields if getattr(person, one) != getattr(told, one)]
    for one in changed:
        setattr(person, one, getattr(told, one))
    if changed:
        person.save(update_fields=changed)
        record(actor.at, actor.user, "13.1", "particulars changed", f"person:{person.pk}", fields=changed)
    return person


def check_belonging(person: Person, new: Belonging) -> None:
    """What must hold before somebody belongs to a unit; raises ``RuleError`` as ``add_membership`` does."""
    held = Membership.objects.filter(person=person, unit=new.unit, role=new.role, until__isnull=True)
    check_membership(MembershipFacts(new.role.value, new.since, new.until, new.owner_present, held.exists()))


@transaction.atomic
def add_membership(actor: Actor, person: Person, new: Belonging) -> Membership:
    """Rules 13.1 and 15.1.

    Raises:
        RuleError: dates, a role held already, or a tenant without end or without the owner present.
    """
    actor.must_be(StaffRole.CLERK, "13.1")
    check_belonging(person, new)
    made = Membership.objects.create(
        person=person, unit=new.unit, role=new.role, since=new.since, until=new.until
    )
    rule = "15.1" if new.role == MemberRole.TENANT else "13.1"
    facts = {"unit": new.unit.pk, "role": new.role.value, "owner_present": new.owner_present}
    record(actor.at, actor.user, rule, "membership added", f"person:{person.pk}", **facts)
    return made


@transaction.atomic
def end_membership(actor: Actor, membership_id: int, until: date) -> Membership:
    """``until`` is the first day without it. Cards are not touched: each ends by a decision (13.3)."""
    actor.must_be(StaffRole.CLERK, "13.3")
    membership = Membership.objects.select_for_update().get(pk=membership_id)
    check_end(membership.since, until, membership.until)
    membership.until = until
    membership.save(update_fields=["until"])
    facts = {"unit": membership.unit_id, "role": membership.role, "until": until.isoformat()}
    record(actor.at, actor.user, "13.3", "membership ended", f"person:{membership.person_id}", **facts)
    return membership


@transaction.atomic
def change_owner(actor: Actor, unit: Place, new_owner: Person, since: date) -> Membership:
    """The unit changes hands: every present owner's membership ends on the day the new one's begins."""
    actor.must_be(StaffRole.CLERK, "13.1")
    owners = members_on(unit, since).filter(role=MemberRole.OWNER).exclude(person=new_owner)
    for one in owners.select_for_update():
        check_span("13.1", one.since, since)
        end_membership(actor, one.pk, since)
    return add_membership(actor, new_owner, Belonging(unit, MemberRole.OWNER, since))


def members_on(unit: Place, day: date) -> QuerySet[Membership]:
    """Who belongs to a unit on a day."""
    holds = Q(until__isnull=True) | Q(until__gt=day)
    return Membership.objects.filter(holds, unit=unit, since__lte=day)
