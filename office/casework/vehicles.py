"""Vehicles and their parking right; the vehicle's cards end with it, at the gates, too (13.vehicle, ours)."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from office.casework.actor import Actor
from office.casework.cases import check_no_open_case
from office.casework.issue_steps import take
from office.casework.moved_cards import own_end, take_end
from office.casework.trail import record
from office.lists.wanted import publish_issues
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS, Step
from office.procedures.withdrawal import Reason
from office.registry.models import CardKind, Issue, Person, Place, StaffRole, Vehicle

RULE = "13.vehicle"


@transaction.atomic
def register_vehicle(
    actor: Actor, plate: str, unit: Place, keeper: Person, parking_until: date | None
) -> Vehicle:
    """Write a vehicle down; raises ``RuleError`` if its plate is on record and its vehicle not gone."""
    actor.must_be(StaffRole.CLERK, RULE)
    plate = plate.replace(" ", "").upper()
    if Vehicle.objects.filter(plate=plate, gone_on__isnull=True).exists():
        raise RuleError(RULE, Refused.PLATE_KNOWN)
    vehicle = Vehicle.objects.create(plate=plate, unit=unit, keeper=keeper, parking_until=parking_until)
    record(actor.at, actor.user, RULE, "vehicle registered", f"vehicle:{vehicle.pk}", unit=unit.pk)
    return vehicle


@transaction.atomic
def set_parking_right(actor: Actor, vehicle_id: int, until: date | None) -> Vehicle:
    """Prolong or end the parking right (``until``: first day without it); its cards follow at once."""
    actor.must_be(StaffRole.CLERK, RULE)
    vehicle = _present(vehicle_id)
    vehicle.parking_until = until
    vehicle.save(update_fields=["parking_until"])
    facts = {"until": None if until is None else until.isoformat()}
    record(actor.at, actor.user, RULE, "parking right set", f"vehicle:{vehicle.pk}", **facts)
    changed, right = [], end_of_right(vehicle)
    for card in _cards(vehicle):
        # One that is lent while another is lost has an end of its own, which no right prolongs.
        lent = own_end(card) if card.kind == CardKind.TEMPORARY else None
        take_end(card, min((one for one in (lent, right) if one is not None), default=None))
        card.version += 1
        card.save(update_fields=["valid_until", "version"])
        changed.append(card)
    publish_issues([one for one in changed if one.state == "active"], actor.at)
    return vehicle


@transaction.atomic
def vehicle_gone(actor: Actor, vehicle_id: int) -> Vehicle:
    """Sold, or of another unit or keeper now: its cards end, and its plate may be registered anew.

    A record of its own, so that cards and events of the past stay with whom they were.

    Raises:
        RuleError: it is gone already, or the loss of one of its cards is open.
    """
    actor.must_be(StaffRole.CLERK, RULE)
    vehicle = _present(vehicle_id)
    for card in _cards(vehicle):
        check_no_open_case(card)
        take(actor, card, Step.WITHDRAW, reason=Reason.PARKING_ENDED.value)
    vehicle.gone_on = actor.today
    if vehicle.parking_until is None or vehicle.parking_until > actor.today:
        vehicle.parking_until = actor.today
    vehicle.save(update_fields=["gone_on", "parking_until"])
    record(actor.at, actor.user, RULE, "vehicle gone", f"vehicle:{vehicle.pk}")
    return vehicle


def end_of_right(vehicle: Vehicle) -> datetime | None:
    """The first moment without a parking right; ``None``: no end agreed."""
    if vehicle.parking_until is None:
        return None
    return datetime.combine(vehicle.parking_until, time(), ZoneInfo(settings.TIME_ZONE))


def _present(vehicle_id: int) -> Vehicle:
    vehicle = Vehicle.objects.select_for_update().get(pk=vehicle_id)
    if vehicle.gone_on is not None:
        raise RuleError(RULE, Refused.WRONG_STATE, state="gone")
    return vehicle


def _cards(vehicle: Vehicle) -> list[Issue]:
    """Running cards of the plate, and those that are lent for one."""
    running = Issue.objects.filter(vehicle=vehicle, state__in=[one.value for one in COUNTS])
    kinds = running.filter(kind__in=[CardKind.VEHICLE, CardKind.TEMPORARY])
    return list(kinds.select_for_update(of=("self",)).select_related("chip", "unit", "vehicle"))
