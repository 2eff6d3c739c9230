"""KH-15 at the desk: move-ins, extensions, moves away, the lift."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.lifts import book_lift
from office.casework.moves import (
    Notice,
    call_off,
    close_move,
    notice_move,
    put_off,
    record_consent,
    record_goods_check,
    record_settlement,
)
from office.casework.outages import LIVE
from office.casework.people import Particulars, members_on, register_person
from office.casework.slips import facts_of_move
from office.casework.tenancies import (
    MoveIn,
    extend_tenancy,
    note_no_extension,
    register_tenancy,
    taken_over_to_ask,
    tenancies_to_ask,
)
from office.desk.choosing import HOMES
from office.desk.form_page import Page, form_page, form_view
from office.desk.moving_forms import (
    ConsentForm,
    ExtendForm,
    LiftForm,
    MoveInForm,
    MoveOutForm,
    PutOffForm,
    SettlementForm,
)
from office.desk.requests import acting, step
from office.desk.views.issues import valid, version
from office.procedures.moving import is_late
from office.registry.models import (
    ArchivedForm,
    LiftUse,
    MoveOut,
    MoveState,
    Outage,
    Place,
    ReleaseSlip,
    SlipState,
    StaffRole,
    Tenancy,
)

SOON_DAYS: Final = 3
PASSED_ON: Final = ("tenants", "since", "last_day", "owner_present")
"""Fields of a move-in that the register of persons fills already."""


@require_safe
def moves(request: HttpRequest) -> HttpResponse:
    """Who moves when, tenancies that end, slips that are open."""
    today = acting(request).today
    announced = MoveOut.objects.select_related("unit").order_by("day")
    shown = {
        "tenancies": tenancies_to_ask(today),
        "moves": announced.filter(state=MoveState.NOTICED),
        "past": announced.exclude(state=MoveState.NOTICED).order_by("-day")[:50],
        "slips": ReleaseSlip.objects.filter(state=SlipState.OPEN)
        .select_related("unit", "door")
        .order_by("since"),
        "lifts": LiftUse.objects.filter(end__gte=acting(request).at).select_related("unit").order_by("start"),
    }
    return render(request, "desk/moves.html", shown)


def move_tasks(actor: Actor) -> dict[str, object]:
    """What waits today: tenancies and moves for the desk, slips for guards, outages for both."""
    tasks: dict[str, object] = {}
    if StaffRole.CLERK in actor.roles:
        tasks["tenancies"] = tenancies_to_ask(actor.today)
        tasks["taken_over"] = taken_over_to_ask(actor.today)
        soon = MoveOut.objects.filter(
            state=MoveState.NOTICED, day__lte=actor.today + timedelta(days=SOON_DAYS)
        )
        tasks["moves"] = soon.select_related("unit").order_by("day")
    running = Outage.objects.filter(state__in=LIVE).select_related("place").order_by("start")
    if actor.roles & {StaffRole.CLERK, StaffRole.MAINTENANCE, StaffRole.MANAGER}:
        tasks["overdue"] = running.filter(end__lte=actor.at)
    if actor.roles & {StaffRole.CLERK, StaffRole.MAINTENANCE, StaffRole.GUARD}:
        tasks["outages"] = running.filter(start__lt=actor.at + timedelta(days=SOON_DAYS))
    if StaffRole.GUARD in actor.roles:
        today = ReleaseSlip.objects.filter(state=SlipState.OPEN, since__lt=actor.at + timedelta(hours=12))
        tasks["slips"] = today.select_related("unit", "door").order_by("since")
    return tasks


@form_view(StaffRole.CLERK)
def move_in(request: HttpRequest, pk: int) -> HttpResponse:
    """《入伙客户情况登记表》."""
    unit = get_object_or_404(Place, pk=pk, kind__in=HOMES)
    today = acting(request).today

    def take(actor: Actor, data: dict[str, Any]) -> str:
        persons = [
            known or register_person(actor, Particulars(name, phone))
            for known, name, phone in data["tenants"]
        ]
        told = MoveIn(unit, data["owner"], persons, data["since"], data["until"], data["owner_present"])
        register_tenancy(actor, told, data["submission"])
        messages.success(request, _("Registered. The tenants can apply for cards now."))
        return reverse("place", args=[pk])

    page = Page(_("Move-in of a tenant") + f" · 《入伙客户情况登记表》 {unit}", _("Register"), _unit(pk))
    form = partial(MoveInForm, members=list(members_on(unit, today)))
    initial = {"since": today, "submission": uuid4(), **_known(request)}
    return form_page(request, form, page, take, initial=initial)  # type: ignore[arg-type]


def _known(request: HttpRequest) -> dict[str, str]:
    """What the page before knew of the tenant; the form judges it like anything typed."""
    return {name: request.GET[name][:40] for name in PASSED_ON if name in request.GET}


@form_view(StaffRole.CLERK)
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """One step: the tenancy and its cards last longer."""
    tenancy = get_object_or_404(Tenancy.objects.select_related("unit"), pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        extend_tenancy(actor, pk, data["until"])
        messages.success(request, _("Extended; the gates are told."))
        return reverse("moves")

    page = Page(_("Extend the tenancy of %(unit)s") % {"unit": tenancy.unit}, _("Extend"), reverse("moves"))
    return form_page(request, ExtendForm, page, take)


@step
def not_extended(_request: HttpRequest, actor: Actor, pk: int) -> str:
    """The tenancy ends as agreed."""
    note_no_extension(actor, get_object_or_404(Tenancy, pk=pk).pk)
    return reverse("moves")


@form_view(StaffRole.CLERK)
def move_out(request: HttpRequest, pk: int) -> HttpResponse:
    """KH-15-R01 《客户搬出登记表》."""
    unit = get_object_or_404(Place, pk=pk, kind__in=HOMES)
    members = list(members_on(unit, acting(request).today).select_related("person"))

    def take(actor: Actor, data: dict[str, Any]) -> str:
        told = Notice(unit, list(data["persons"]), data["day"], data["late_reason"])
        return reverse("move", args=[notice_move(actor, told, data["submission"]).pk])

    intro = _("The cards of whom you name end at 24:00 of the day; the gates are told at once.")
    page = Page(f"KH-15-R01 《客户搬出登记表》 {unit}", _("Take the notice in"), _unit(pk), intro)
    return form_page(
        request,
        partial(MoveOutForm, members=members),  # type: ignore[arg-type]
        page,
        take,
        initial={"submission": uuid4()},
    )


@form_view(StaffRole.CLERK)
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Rule 15.4."""
    unit = get_object_or_404(Place, pk=pk, kind__in=HOMES)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        reason = data["busy_reason"]
        book_lift(actor, unit, data["start"], data["end"], inwards=data["inwards"], busy_reason=reason)
        messages.success(request, _("Written down."))
        return reverse("moves")

    page = Page(_("Use of the lift: %(unit)s") % {"unit": unit}, _("Write down"), _unit(pk))
    return form_page(request, LiftForm, page, take)


@require_safe
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """R01 as it stands, and the next steps."""
    found = get_object_or_404(
        MoveOut.objects.select_related("unit", "clerk", "consent_by", "goods_checked_by"), pk=pk
    )
    actor = acting(request)
    shown = {
        "move": found,
        "late": is_late(found.noticed_at.astimezone().date(), found.day),
        "facts": facts_of_move(found),
        "cards": [
            one.issue for one in found.cards.select_related("issue__holder", "issue__vehicle", "issue__unit")
        ],
        "slips": found.slips.select_related("door"),
        "archived": ArchivedForm.objects.filter(subject=f"move:{pk}").first(),
        "may_check_goods": bool(actor.roles & {StaffRole.CLERK, StaffRole.GUARD, StaffRole.MAINTENANCE}),
        # Forms of one page, so that no two fields share an id.
        "settlement_form": SettlementForm(auto_id="settle_%s"),
        "put_off_form": PutOffForm(initial={"day": found.day}, auto_id="put_off_%s"),
        "consent_form": ConsentForm(members=list(members_on(found.unit, actor.today)), auto_id="consent_%s"),
    }
    return render(request, "desk/move.html", shown)


@step
def move_step(request: HttpRequest, actor: Actor, pk: int, name: str) -> str:
    """One step of a move."""
    if name not in STEPS:
        raise Http404
    STEPS[name](request, actor, get_object_or_404(MoveOut.objects.select_related("unit"), pk=pk))
    return reverse("move", args=[pk])


def _put_off(request: HttpRequest, actor: Actor, found: MoveOut) -> None:
    form = valid(PutOffForm(request.POST))
    put_off(actor, found.pk, form["day"], form["late_reason"], version=version(request))


def _call_off(request: HttpRequest, actor: Actor, found: MoveOut) -> None:
    call_off(actor, found.pk, version=version(request))


def _settle(request: HttpRequest, actor: Actor, found: MoveOut) -> None:
    form = valid(SettlementForm(request.POST))
    record_settlement(
        actor, found.pk, form["kind"], form["amount"], settled=form["settled"], note=form["note"]
    )


def _consent(request: HttpRequest, actor: Actor, found: MoveOut) -> None:
    form = valid(ConsentForm(request.POST, members=list(members_on(found.unit, actor.today))))
    record_consent(actor, found.pk, form["owner"], form["kind"])


def _goods(_request: HttpRequest, actor: Actor, found: MoveOut) -> None:
    record_goods_check(actor, found.pk)


def _close(_request: HttpRequest, actor: Actor, found: MoveOut) -> None:
    close_move(actor, found.pk)


STEPS: Final[Mapping[str, Callable[[HttpRequest, Actor, MoveOut], None]]] = {
    "put-off": _put_off,
    "call-off": _call_off,
    "settle": _settle,
    "consent": _consent,
    "goods": _goods,
    "close": _close,
}


def _unit(pk: int) -> str:
    return reverse("place", args=[pk])
