"""Outages at the desk (16.1 to 16.5): announced, told, prepared for, restored; gates get the window."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.trail import record
from office.lists.wanted import publish_settings
from office.procedures.errors import Refused, RuleError
from office.procedures.moving import Hours, read_hours
from office.procedures.outages import (
    RULE_OF,
    Audience,
    Cause,
    Deviation,
    Due,
    Finding,
    OutageFacts,
    check_outage,
    check_switch_off,
    check_told,
    deviations,
    due_times,
    is_late,
)
from office.registry.models import (
    GateSite,
    Outage,
    OutageAudience,
    OutageCause,
    OutageComplaint,
    OutageKind,
    OutageState,
    OutageTold,
    Person,
    Place,
    Policy,
    StaffRole,
)
from sync.records import DoorMode

LIVE = (OutageState.ANNOUNCED, OutageState.RUNNING)


class Announcement(Struct, frozen=True):
    """An outage as the desk writes it down."""

    place: Place
    utility: OutageKind
    cause: OutageCause
    start: datetime
    end: datetime | None
    received_at: datetime
    reason: str = ""
    emergency: bool = False
    deviation_reason: str = ""


@transaction.atomic
def announce_outage(actor: Actor, told: Announcement) -> Outage:
    """Write an outage down; the gates inside the area get the window with this transaction.

    Raises:
        RuleError: no end where one is known, or works that deviate from 16.2 without a reason.
    """
    actor.must_be(StaffRole.CLERK, RULE_OF[Cause(told.cause.value)])
    facts = OutageFacts(Cause(told.cause.value), _local(told.received_at), _local(told.start), None)
    if told.end is not None:
        facts = OutageFacts(facts.cause, facts.received_at, facts.start, _local(told.end))
    check_outage(facts, low_use_hours(), _zone(), told.deviation_reason)
    deviates = bool(deviations(facts, low_use_hours(), _zone()))
    made = Outage.objects.create(
        place=told.place,
        utility=told.utility,
        cause=told.cause,
        state=OutageState.ANNOUNCED,
        reason=told.reason,
        received_at=told.received_at,
        start=told.start,
        end=told.end,
        emergency=told.emergency,
        deviation_reason=told.deviation_reason if deviates else "",
        clerk=actor.user,
    )
    _noted(actor, made, "outage announced", cause=made.cause, utility=made.utility, deviates=deviates)
    publish_outages(made.place, actor.at)
    return made


@transaction.atomic
def tell(
    actor: Actor,
    outage_id: int,
    audience: OutageAudience,
    channel: str,
    result: str = "",
    late_reason: str = "",
) -> OutageTold:
    """Somebody was told, or a notice posted on a board; late with its reason, never refused for it."""
    _staff(actor)
    outage = _locked(outage_id)
    facts, word = facts_of(outage), Audience(audience.value)
    check_told(facts, word, _local(actor.at), _zone(), late_reason)
    late = is_late(facts, word, _local(actor.at), _zone())
    made = OutageTold.objects.create(
        outage=outage,
        audience=audience,
        channel=channel,
        result=result,
        late=late,
        late_reason=late_reason if late else "",
        at=actor.at,
        clerk=actor.user,
    )
    _noted(actor, outage, "outage told", audience=audience.value, late=late)
    return made


@transaction.atomic
def note_prepared(actor: Actor, outage_id: int) -> Outage:
    """Rule 16.5: residents and departments are prepared."""
    actor.must_be(StaffRole.CLERK, "16.5")
    outage = _locked(outage_id, OutageState.ANNOUNCED)
    if outage.prepared_at is not None:
        raise RuleError("16.5", Refused.STALE)
    outage.prepared_at, outage.prepared_by = actor.at, actor.user
    return _saved(actor, outage, "prepared", rule="16.5")


@transaction.atomic
def switch_off(actor: Actor, outage_id: int, *, emergency: bool = False) -> Outage:
    """Maintenance begins; raises ``RuleError`` 16.5 if nobody is prepared and it is no emergency."""
    _staff(actor)
    outage = _locked(outage_id, OutageState.ANNOUNCED)
    outage.emergency = outage.emergency or emergency
    ours = outage.cause in {OutageCause.PLANNED, OutageCause.UNPLANNED}
    check_switch_off(prepared=outage.prepared_at is not None or not ours, emergency=outage.emergency)
    outage.state, outage.began_at = OutageState.RUNNING, actor.at
    return _saved(actor, outage, "outage begun", rule="16.5", emergency=outage.emergency)


@transaction.atomic
def expect_end(actor: Actor, outage_id: int, end: datetime) -> Outage:
    """The expected restoration, once known or known better; gates get the new window."""
    _staff(actor)
    outage = _locked(outage_id)
    if end <= outage.start:
        raise RuleError("16.3", Refused.DATES_WRONG, since=_local(outage.start), until=_local(end))
    outage.end = end
    _saved(actor, outage, "restoration expected", end=end.isoformat())
    publish_outages(outage.place, actor.at)
    return outage


@transaction.atomic
def restore(actor: Actor, outage_id: int, *, cancelled: bool = False) -> Outage:
    """It is over, or does not come: the gates' window is taken away, a mains failure is an alarm again."""
    _staff(actor)
    outage = _locked(outage_id)
    outage.state = OutageState.CANCELLED if cancelled else OutageState.OVER
    outage.ended_at = actor.at
    _saved(actor, outage, "outage cancelled" if cancelled else "restored")
    publish_outages(outage.place, actor.at)
    return outage


@transaction.atomic
def approve_mode(actor: Actor, outage_id: int, mode: DoorMode) -> Outage:
    """Rule 16.2: how the area's doors stand during the outage is the manager's to approve."""
    actor.must_be(StaffRole.MANAGER, "16.2")
    outage = _locked(outage_id)
    outage.door_mode, outage.mode_by = int(mode), actor.user
    _saved(actor, outage, "door mode approved", rule="16.2", mode=mode.name.lower())
    publish_outages(outage.place, actor.at)
    return outage


@transaction.atomic
def complain(
    actor: Actor, outage_id: int, said: str, answer: str = "", person: Person | None = None
) -> OutageComplaint:
    """Rule 16.3: the desk explains to whoever complains."""
    actor.must_be(StaffRole.CLERK, "16.3")
    outage = Outage.objects.get(pk=outage_id)
    made = OutageComplaint.objects.create(
        outage=outage, person=person, said=said, answer=answer, at=actor.at, clerk=actor.user
    )
    _noted(actor, outage, "complaint", rule="16.3")
    return made


def facts_of(outage: Outage) -> OutageFacts:
    """What the rules ask of an outage."""
    return OutageFacts(
        Cause(outage.cause),
        _local(outage.received_at),
        _local(outage.start),
        None if outage.end is None else _local(outage.end),
        Finding(outage.finding) if outage.finding else None,
        None if outage.found_at is None else _local(outage.found_at),
    )


def still_due(outage: Outage) -> list[Due]:
    """Who is to be told still, in order of time."""
    told = set(outage.told.values_list("audience", flat=True))
    due = due_times(facts_of(outage), _zone())
    return sorted((one for one in due if one.audience.value not in told), key=lambda one: one.by)


def deviations_of(outage: Outage) -> tuple[Deviation, ...]:
    """In what it deviates from 16.2."""
    return deviations(facts_of(outage), low_use_hours(), _zone())


def low_use_hours() -> tuple[Hours, ...]:
    """When planned works disturb least."""
    return read_hours(Policy.current().low_use_hours)


def publish_outages(place: Place, at: datetime) -> None:
    """Bring the settings of every gate inside a place in line."""
    publish_settings(GateSite.objects.filter(place__path__startswith=place.path), at)


def _locked(outage_id: int, *states: OutageState) -> Outage:
    outage = Outage.objects.select_for_update(of=("self",)).select_related("place").get(pk=outage_id)
    if outage.state not in (states or LIVE):
        raise RuleError(RULE_OF[Cause(outage.cause)], Refused.WRONG_STATE, state=outage.state)
    return outage


def _saved(actor: Actor, outage: Outage, action: str, rule: str = "", **facts: object) -> Outage:
    outage.version += 1
    outage.save()
    _noted(actor, outage, action, rule, **facts)
    return outage


def _noted(actor: Actor, outage: Outage, action: str, rule: str = "", **facts: object) -> None:
    rule = rule or RULE_OF[Cause(outage.cause)]
    record(actor.at, actor.user, rule, action, f"outage:{outage.pk}", **facts)


def _staff(actor: Actor) -> None:
    if not actor.roles & {StaffRole.CLERK, StaffRole.MAINTENANCE, StaffRole.MANAGER}:
        raise RuleError("16.1", Refused.ROLE_MISSING, role=StaffRole.CLERK.value)


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def _local(at: datetime) -> datetime:
    return at.astimezone(_zone())
