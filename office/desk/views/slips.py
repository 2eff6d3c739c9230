"""Release slips: issued at the desk, shown on the guard's phone with code and goods (15.2, 15.5, 15.6)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import uuid4

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.people import members_on
from office.casework.slips import (
    SlipOrder,
    cancel_slip,
    check_afterwards,
    confirm_goods,
    count_of,
    issue_slip,
    move_slip,
    say_trips_left,
)
from office.desk.choosing import HOMES
from office.desk.form_page import Page, for_roles, form_page, form_view
from office.desk.moving_forms import CheckForm, ExitForm, LeftForm, ReasonForm, SlipForm
from office.desk.requests import acting, step
from office.desk.views.issues import valid, version
from office.hub.facts import MoveState as Moving
from office.lists.slips import guard_cards_at, slip_moves
from office.procedures.slips import CODE_BYTES
from office.registry.models import ArchivedForm, GateSite, MoveOut, MoveState, Place, ReleaseSlip, StaffRole

SEES: Final = (StaffRole.CLERK, StaffRole.GUARD, StaffRole.REVIEWER, StaffRole.MANAGER)
"""Who sees a slip: goods and carrier are nobody else's business."""


@form_view(StaffRole.CLERK)
def new_slip(request: HttpRequest, pk: int) -> HttpResponse:
    """KH-09-R02."""
    unit = get_object_or_404(Place, pk=pk, kind__in=HOMES)
    now = acting(request)
    moves = MoveOut.objects.filter(unit=unit, state=MoveState.NOTICED)
    form = partial(SlipForm, members=list(members_on(unit, now.today)), moves=moves, unit=unit)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        submission = data.pop("submission")
        return reverse("slip", args=[issue_slip(actor, SlipOrder(unit, **data), new_code(), submission).pk])

    page = Page(f"放行条 KH-09-R02 {unit}", _("Issue the slip"), reverse("place", args=[pk]))
    start = now.at.replace(second=0, microsecond=0)
    initial: dict[str, object] = {
        "since": start,
        "until": start + timedelta(hours=4),
        "move": moves.first(),
        "trips": 1,
    }
    initial["submission"] = uuid4()
    return form_page(request, form, page, take, initial=initial)  # type: ignore[arg-type]


@for_roles(*SEES)
@require_safe
def slip(request: HttpRequest, pk: int) -> HttpResponse:
    """Goods, code, book, and what can be done next; made for a phone."""
    found = get_object_or_404(
        ReleaseSlip.objects.select_related("unit", "door__gate", "door__serves", "requester", "move"), pk=pk
    )
    moves = slip_moves(found)
    names = dict(GateSite.objects.values_list("gate_id", "name"))
    shown = {
        "slip": found,
        "number": ArchivedForm.objects.filter(subject=f"slip:{pk}").first(),
        "qr": segno.make(found.code, error="m").svg_data_uri(scale=6, border=4),
        "count": count_of(found),
        "book": found.book.select_related("guard"),
        "gate_names": names,
        "coming_from": [names.get(one.from_gate) for one in moves if one.state is Moving.ENDING],
        "needs_word": any(one.state in {Moving.CLERK, Moving.DOUBTFUL} for one in moves),
        "no_guard": found.state == "open" and not guard_cards_at(found.door),
        # Forms of one page, so that no two fields share an id.
        "check_form": CheckForm(auto_id="check_%s"),
        "after_form": CheckForm(auto_id="after_%s"),
        "exit_form": ExitForm(auto_id="exit_%s"),
        "reason_form": ReasonForm(auto_id="reason_%s"),
        "left_form": LeftForm(auto_id="left_%s"),
    }
    return render(request, "desk/slip.html", shown)


@step
def slip_step(request: HttpRequest, actor: Actor, pk: int, name: str) -> str:
    """One step of a slip."""
    if name not in STEPS:
        raise Http404
    STEPS[name](request, actor, get_object_or_404(ReleaseSlip, pk=pk).pk)
    return reverse("slip", args=[pk])


def new_code() -> str:
    """A code that nobody guesses, in characters that every QR reader delivers alike."""
    return base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode("ascii")


def _cancel(request: HttpRequest, actor: Actor, pk: int) -> None:
    cancel_slip(actor, pk, valid(ReasonForm(request.POST))["reason"], version=version(request))


def _move(request: HttpRequest, actor: Actor, pk: int) -> None:
    move_slip(actor, pk, valid(ExitForm(request.POST))["door"], version=version(request))


def _left(request: HttpRequest, actor: Actor, pk: int) -> None:
    form = valid(LeftForm(request.POST))
    say_trips_left(actor, pk, form["left"], form["reason"])


def _confirm(request: HttpRequest, actor: Actor, pk: int) -> None:
    form = valid(CheckForm(request.POST))
    confirm_goods(actor, pk, good=form["good"], note=form["note"])


def _after(request: HttpRequest, actor: Actor, pk: int) -> None:
    form = valid(CheckForm(request.POST))
    check_afterwards(actor, pk, good=form["good"], note=form["note"])


STEPS: Final[Mapping[str, Callable[[HttpRequest, Actor, int], None]]] = {
    "cancel": _cancel,
    "move": _move,
    "left": _left,
    "confirm": _confirm,
    "after": _after,
}
