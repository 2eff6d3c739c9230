"""What tests of KH-15 share: exits, tenants, and what gates are to have of a card or a slip."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from office.casework.actor import Actor
from office.casework.moves import Notice, notice_move
from office.casework.slips import SlipOrder, issue_slip
from office.casework.tenancies import MoveIn, register_tenancy
from office.lists.store import hub_store
from office.registry.models import Door, MemberRole, MoveOut, Person, Place, ReleaseSlip, Tenancy
from sync.encoding import decode_record
from sync.records import Grant, Tombstone
from tests.support.office_estate import NOW, OfficeEstate

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 26)


def days(number: int) -> date:
    """A day so many days after today."""
    return TODAY + timedelta(days=number)


def midnight(day: date) -> datetime:
    """The first moment of a day in the estate's time zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


def at_gates(issue_id: int) -> dict[int, Grant | Tombstone]:
    """What each gate is to have of an issue."""
    rows = hub_store().wanted.rows(issue_id=issue_id)
    return {
        row.gate_id: decode_record(row.record) for row in sorted(rows, key=lambda one: one.record.grant_id)
    }


def grants_at_gates(issue_id: int) -> dict[int, Grant]:
    """Its grants alone."""
    return {gate: one for gate, one in at_gates(issue_id).items() if isinstance(one, Grant)}


def move_in(estate: OfficeEstate, clerk: Actor, until: date, **told: Any) -> tuple[Tenancy, Person]:
    """A tenant of unit 102, whose owner is present."""
    unit = Place.objects.filter(name="102").first() or estate.add_unit("102", "80")
    owner = estate.add_person("owner of 102", unit)
    tenant = Person.objects.create(name="tenant", recorded_at=NOW)
    form: dict[str, Any] = {"unit": unit, "owner": owner, "persons": [tenant], "since": TODAY, "until": until}
    return register_tenancy(clerk, MoveIn(**(form | {"owner_present": True} | told)), uuid4()), tenant


def announce(
    estate: OfficeEstate, clerk: Actor, day: date, persons: Sequence[Person] = (), reason: str = ""
) -> MoveOut:
    """The household of unit 101 moves away."""
    return notice_move(clerk, Notice(estate.unit, persons or [estate.applicant], day, reason), uuid4())


def exit_door(door_id: int = 10) -> Door:
    """A door as an exit for slips."""
    Door.objects.filter(pk=door_id).update(exit_for_slips=True)
    return Door.objects.select_related("serves").get(pk=door_id)


def new_slip(estate: OfficeEstate, clerk: Actor, **told: Any) -> ReleaseSlip:
    """A slip for unit 101 at the north gate's door, from now on for four hours."""
    form: dict[str, Any] = {
        "unit": estate.unit,
        "requester": estate.applicant,
        "door": exit_door(),
        "goods": "2 sofas",
    }
    form |= {"carrier": "粤B12345", "since": NOW, "until": NOW + timedelta(hours=4), "identity_checked": True}
    return issue_slip(clerk, SlipOrder(**(form | told)), uuid4().hex.upper(), uuid4())


def owner_of(unit_id: int) -> Person:
    """Who owns a unit."""
    return Person.objects.get(memberships__unit=unit_id, memberships__role=MemberRole.OWNER)
