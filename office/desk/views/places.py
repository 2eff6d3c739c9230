"""A place's page; a unit's household, cards and quota, and the application for cards (KH-03-R04)."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.issuing import CardWish, apply_for_cards, check_wishes, unit_quota
from office.desk.refusals import REFUSALS, DeskError, told
from office.desk.requests import acting, step
from office.registry.models import Issue, Membership, Person, Place, PlaceKind, RelationKind

NEWEST = 5
"""Tenancies, moves and slips that a unit's page shows."""


@require_safe
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """What is inside, or who lives there."""
    here = get_object_or_404(Place.objects.select_related("parent"), pk=pk)
    ancestors = Place.objects.filter(pk__in=here.ancestor_ids()).order_by("path")
    shown: dict[str, object] = {"place": here, "ancestors": ancestors, "gates": here.gates.all()}
    if here.kind in {PlaceKind.UNIT, PlaceKind.SHOP, PlaceKind.GARAGE}:
        shown |= {
            "members": _members(request, here),
            "issues": Issue.objects.filter(unit=here).select_related("holder", "vehicle", "unit"),
            "vehicles": here.vehicles.filter(gone_on=None).select_related("keeper"),
            "quota": unit_quota(here) if here.kind == PlaceKind.UNIT else None,
            "tenancies": here.tenancies.order_by("-since")[:NEWEST],
            "moves": here.moves.order_by("-day")[:NEWEST],
            "slips": here.slips.select_related("door", "unit").order_by("-since")[:NEWEST],
        }
        return render(request, "desk/unit.html", shown)
    shown["children"] = here.children.order_by("path")
    shown["issues"] = Issue.objects.filter(unit=here).select_related("holder", "vehicle", "unit")
    return render(request, "desk/place.html", shown)


@require_safe
def estate(_request: HttpRequest) -> HttpResponse:
    """The root of the tree of places."""
    return redirect("place", pk=get_object_or_404(Place, parent__isnull=True).pk)


@require_safe
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """The form KH-03-R04, with the quota as it would stand."""
    unit = get_object_or_404(Place, pk=pk, kind=PlaceKind.UNIT)
    today = acting(request).today
    # Whoever belongs to the unit in two roles is one line; whoever comes later is none yet.
    members = {one.person_id: one for one in _members(request, unit) if one.since <= today}
    shown = {
        "unit": unit,
        "members": list(members.values()),
        "relations": RelationKind.objects.all(),
        "quota": unit_quota(unit),
        "submission": uuid4(),
    }
    return render(request, "desk/apply.html", shown)


@require_safe
def quota_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """How the unit would stand with the chosen persons; asked for with each click."""
    unit = get_object_or_404(Place, pk=pk, kind=PlaceKind.UNIT)
    chosen: list[CardWish] = []
    try:
        chosen = _wishes(request.GET)
        stands, refused = check_wishes(unit, _applicant(request.GET), chosen, acting(request).today), ""
    except REFUSALS as error:
        stands, refused = unit_quota(unit), told(error)
    shown = {"quota": stands, "refused": refused, "chosen": len(chosen)}
    return render(request, "desk/parts/quota.html", shown)


@step
def submit_application(request: HttpRequest, actor: Actor, pk: int) -> str:
    """Take the application in."""
    unit = get_object_or_404(Place, pk=pk, kind=PlaceKind.UNIT)
    applicant = _applicant(request.POST)
    wishes = _wishes(request.POST)
    application = apply_for_cards(actor, unit, applicant, wishes, given_submission(request))
    return reverse("application", args=[application.pk])


def _applicant(data: QueryDict) -> Person:
    """Who applies; raises ``OfficeError``."""
    number = data.get("applicant", "")
    found = Person.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 19 else None
    if found is None:
        raise DeskError(_("Applicant: choose a resident of this unit (rule 13.1)."))
    return found


def given_submission(request: HttpRequest) -> UUID:
    """What the empty form was given; raises ``OfficeError``."""
    try:
        return UUID(request.POST.get("submission", ""))
    except ValueError:
        raise DeskError(_("The form is incomplete. Open it again.")) from None


def _wishes(data: QueryDict) -> list[CardWish]:
    """``holder`` names each chosen person, ``relation-ID`` says what they are to the applicant."""
    wishes = []
    for one in data.getlist("holder"):
        if not (one.isdecimal() and len(one) < 19):
            raise DeskError(_("Persons: choose from the list on the page (rule 13.2)."))
        wishes.append(CardWish(int(one), data.get(f"relation-{one}", "")))
    return wishes


def _members(request: HttpRequest, unit: Place) -> list[Membership]:
    today = acting(request).today
    holds = Q(until__isnull=True) | Q(until__gt=today)
    return list(Membership.objects.filter(holds, unit=unit).select_related("person").order_by("since", "pk"))
