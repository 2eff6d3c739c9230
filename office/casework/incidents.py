"""Rule 16.4: gates are the sensors of outages that nobody announced; who takes notice, what is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from office.casework.actor import Actor
from office.casework.outages import LIVE, publish_outages
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.outages import Incident, PowerReport, incidents
from office.registry.models import (
    Alarm,
    AlarmKind,
    GateSite,
    Outage,
    OutageCause,
    OutageFinding,
    OutageKind,
    OutageState,
    Place,
    PlaceKind,
    StaffRole,
)

AREAS: Final = (PlaceKind.BUILDING, PlaceKind.GARAGE, PlaceKind.PHASE, PlaceKind.ESTATE)
"""The nearest of these around a gate is its area."""
LOOK_BACK: Final = timedelta(hours=12)
"""Gates that were cut off report late what happened then; older reports are history."""


def open_incidents(now: datetime) -> int:
    """Open an incident where gates report it; how many. Called again it opens nothing twice."""
    reports = _reports(now)
    opened = 0
    for found in incidents(reports):
        with transaction.atomic():
            opened += _open(now, found)
    return opened


def power_off_at(gate_id: int, at: datetime) -> bool:
    """Whether the power was to be off around a gate then, as the desk knows now (16.1 to 16.3).

    It asks the register and not the window that gates have now: a gate that was cut off tells of its
    mains only once the outage is over and the window is gone.
    """
    site = GateSite.objects.select_related("place").filter(pk=gate_id).first()
    if site is None:
        return False
    around = Outage.objects.filter(utility=OutageKind.POWER, place__in=site.place.ancestor_ids())
    return around.filter(_was_off(at)).exists()


@transaction.atomic
def take_notice(actor: Actor, outage_id: int) -> Outage:
    """首问负责制: whoever hears of it first tells maintenance; raises ``RuleError`` if another was faster."""
    if not actor.roles - {StaffRole.ADMINISTRATOR}:
        raise RuleError("16.4", Refused.ROLE_MISSING, role=StaffRole.CLERK.value)
    outage = _locked(outage_id)
    if outage.first_inquirer_id is not None:
        raise RuleError("16.4", Refused.STALE)
    outage.first_inquirer, outage.inquired_at = actor.user, actor.at
    return _saved(actor, outage, "first inquirer")


@transaction.atomic
def report_incident(actor: Actor, place: Place, utility: OutageKind) -> Outage:
    """Somebody calls that something has failed: whoever takes the call is the first inquirer."""
    if not actor.roles - {StaffRole.ADMINISTRATOR}:
        raise RuleError("16.4", Refused.ROLE_MISSING, role=StaffRole.CLERK.value)
    outage = Outage.objects.create(
        place=place,
        utility=utility,
        cause=OutageCause.UNANNOUNCED,
        state=OutageState.RUNNING,
        received_at=actor.at,
        start=actor.at,
        clerk=actor.user,
        first_inquirer=actor.user,
        inquired_at=actor.at,
    )
    return _saved(actor, outage, "incident reported")


@transaction.atomic
def record_finding(
    actor: Actor, outage_id: int, finding: OutageFinding, end: datetime | None = None
) -> Outage:
    """Maintenance has checked: no fault restores; municipal goes on as 16.1, an own defect as 16.3."""
    actor.must_be(StaffRole.MAINTENANCE, "16.4")
    outage = _locked(outage_id)
    if end is not None and end <= outage.start:
        raise RuleError("16.4", Refused.DATES_WRONG, since=outage.start, until=end)
    outage.finding, outage.found_at, outage.found_by = finding, actor.at, actor.user
    if finding == OutageFinding.NO_FAULT:
        outage.state, outage.ended_at = OutageState.OVER, actor.at
    else:
        outage.end = end or outage.end
    _saved(actor, outage, "checked", finding=finding.value)
    publish_outages(outage.place, actor.at)
    return outage


def _reports(now: datetime) -> list[PowerReport]:
    kinds = (AlarmKind.MAINS_FAIL, AlarmKind.GATE_SILENT)
    alarms = Alarm.objects.filter(kind__in=kinds, last_at__gte=now - LOOK_BACK, gate_id__isnull=False)
    sites = {one.gate_id: one.place for one in GateSite.objects.select_related("place")}
    areas = {one.pk: one.path for one in Place.objects.filter(kind__in=AREAS)}
    found = []
    for alarm in alarms.filter(ended_at__isnull=True, cleared_at__isnull=True):
        place = sites.get(alarm.gate_id or 0)
        if place is not None:
            area = next((areas[one] for one in reversed(place.ancestor_ids()) if one in areas), place.path)
            silent = alarm.kind == AlarmKind.GATE_SILENT
            at_s = int(alarm.last_at.timestamp())
            found.append(PowerReport(alarm.gate_id or 0, place.path, area, at_s, silent))
    return found


def _open(now: datetime, found: Incident) -> bool:
    place = Place.objects.get(path=found.place)
    at = datetime.fromtimestamp(found.at_s, UTC)
    around = Outage.objects.filter(utility=OutageKind.POWER, place__in=place.ancestor_ids())
    # An outage that was to be over before the reports is none that explains them.
    still = Q(end__isnull=True) | Q(end__gt=at)
    known = around.filter(still, state__in=LIVE, start__lte=now)
    # What was found and restored since is not opened again by the same reports.
    settled = around.filter(Q(cause=OutageCause.UNANNOUNCED, ended_at__gte=at) | _was_off(at))
    if known.exists() or settled.exists():
        return False
    outage = Outage.objects.create(
        place=place,
        utility=OutageKind.POWER,
        cause=OutageCause.UNANNOUNCED,
        state=OutageState.RUNNING,
        received_at=now,
        start=at,
        gates=list(found.gates),
    )
    record(now, None, "16.4", "incident opened", f"outage:{outage.pk}", gates=list(found.gates))
    return True


def _was_off(at: datetime) -> Q:
    """Outages within which a moment lies; one that did not come, or was no fault, explains nothing."""
    live, over = Q(state__in=LIVE, end__gt=at), Q(state=OutageState.OVER, ended_at__gt=at)
    return Q(start__lte=at) & (live | over) & ~Q(finding=OutageFinding.NO_FAULT)


def _locked(outage_id: int) -> Outage:
    outage = Outage.objects.select_for_update(of=("self",)).select_related("place").get(pk=outage_id)
    if outage.cause != OutageCause.UNANNOUNCED or outage.state not in LIVE:
        raise RuleError("16.4", Refused.WRONG_STATE, state=outage.state)
    return outage


def _saved(actor: Actor, outage: Outage, action: str, **facts: object) -> Outage:
    outage.version += 1
    outage.save()
    record(actor.at, actor.user, "16.4", action, f"outage:{outage.pk}", **facts)
    return outage
