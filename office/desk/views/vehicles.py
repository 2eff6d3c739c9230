"""Vehicles: register, parking right, and the card that ends with it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.issuing import apply_for_vehicle_card
from office.casework.vehicles import register_vehicle, set_parking_right, vehicle_gone
from office.desk.choosing import HOMES
from office.desk.form_page import Page, form_page, form_view
from office.desk.register_forms import ParkingForm, VehicleForm
from office.desk.requests import step
from office.desk.views.places import given_submission
from office.registry.models import Place, StaffRole, Vehicle


@require_safe
def vehicle(request: HttpRequest, pk: int) -> HttpResponse:
    """Plate, unit, keeper, parking right, cards."""
    found = get_object_or_404(Vehicle.objects.select_related("unit", "keeper"), pk=pk)
    cards = found.issues.select_related("holder", "vehicle", "unit", "chip").order_by("-pk")
    shown = {"vehicle": found, "issues": cards, "last_day": _last_day(found), "submission": uuid4()}
    return render(request, "desk/vehicle.html", shown)


@form_view(StaffRole.CLERK)
def new_vehicle(request: HttpRequest, pk: int) -> HttpResponse:
    """A vehicle of this unit."""
    unit = get_object_or_404(Place, pk=pk, kind__in=HOMES)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        made = register_vehicle(actor, data["plate"], unit, data["keeper"], _until(data["last_day"]))
        messages.success(request, _("Registered."))
        return reverse("vehicle", args=[made.pk])

    page = Page(
        _("Register a vehicle of %(unit)s") % {"unit": unit}, _("Register"), reverse("place", args=[pk])
    )
    return form_page(request, VehicleForm, page, take)


@form_view(StaffRole.CLERK)
def parking(request: HttpRequest, pk: int) -> HttpResponse:
    """Prolong or end the parking right."""
    found = get_object_or_404(Vehicle, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        set_parking_right(actor, pk, _until(data["last_day"]))
        messages.success(request, _("Saved. The gates are told at once."))
        return reverse("vehicle", args=[pk])

    page = Page(
        _("Parking right of %(plate)s") % {"plate": found},
        _("Save"),
        reverse("vehicle", args=[pk]),
        _("The vehicle's cards end with the parking right, by themselves."),
    )
    return form_page(request, ParkingForm, page, take, initial={"last_day": _last_day(found)})


@step
def apply_vehicle(request: HttpRequest, actor: Actor, pk: int) -> str:
    """An application for the vehicle's card, by its keeper."""
    found = get_object_or_404(Vehicle.objects.select_related("unit", "keeper"), pk=pk)
    application = apply_for_vehicle_card(actor, found, found.keeper, given_submission(request))
    return reverse("application", args=[application.pk])


@step
def gone(_request: HttpRequest, actor: Actor, pk: int) -> str:
    """The vehicle is no longer this unit's and keeper's."""
    vehicle_gone(actor, pk)
    return reverse("vehicle", args=[pk])


def _until(last_day: date | None) -> date | None:
    return None if last_day is None else last_day + timedelta(days=1)


def _last_day(found: Vehicle) -> date | None:
    return None if found.parking_until is None else found.parking_until - timedelta(days=1)
