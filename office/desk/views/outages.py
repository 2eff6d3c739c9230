"""Outages: the register, one outage with its steps, and the notice to print for a board."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.incidents import record_finding, report_incident, take_notice
from office.casework.outages import (
    LIVE,
    Announcement,
    announce_outage,
    approve_mode,
    complain,
    deviations_of,
    expect_end,
    note_prepared,
    restore,
    still_due,
    switch_off,
    tell,
)
from office.desk.form_page import Page, form_page, form_view
from office.desk.outage_forms import (
    AreaForm,
    ComplaintForm,
    EndForm,
    FindingForm,
    ModeForm,
    OutageForm,
    SwitchForm,
    ToldForm,
)
from office.desk.requests import acting, step
from office.desk.views.issues import valid
from office.procedures.outages import Deviation
from office.registry.models import GateSite, Outage, OutageAudience, OutageState, StaffRole

ACT: Final = frozenset((StaffRole.CLERK, StaffRole.MAINTENANCE, StaffRole.MANAGER))
"""Who may take an outage's steps."""
DEVIATION_WORDS: Final = {
    Deviation.LATE_REPORT: gettext_lazy("reported in writing later than two days before"),
    Deviation.TOO_LONG: gettext_lazy("longer than four hours"),
    Deviation.BUSY_TIME: gettext_lazy("outside of the hours of low use"),
}


@require_safe
def outages(request: HttpRequest) -> HttpResponse:
    """What is announced, runs, or is over."""
    found = Outage.objects.select_related("place").order_by("-start")
    shown = {"live": found.filter(state__in=LIVE), "past": found.exclude(state__in=LIVE)[:50]}
    return render(request, "desk/outages.html", shown)


@form_view(StaffRole.CLERK)
def new_outage(request: HttpRequest) -> HttpResponse:
    """Rules 16.1 to 16.3."""

    def take(actor: Actor, data: dict[str, Any]) -> str:
        messages.success(request, _("Written down; the gates of the area are told."))
        return reverse("outage", args=[announce_outage(actor, Announcement(**data)).pk])

    page = Page(_("Announce an outage"), _("Announce"), reverse("outages"))
    at = acting(request).at.replace(second=0, microsecond=0)
    return form_page(request, OutageForm, page, take, initial={"received_at": at})


@form_view(StaffRole.CLERK, StaffRole.GUARD, StaffRole.MAINTENANCE, StaffRole.MANAGER)
def new_incident(request: HttpRequest) -> HttpResponse:
    """Rule 16.4: whoever hears of it first."""

    def take(actor: Actor, data: dict[str, Any]) -> str:
        return reverse("outage", args=[report_incident(actor, data["place"], data["utility"]).pk])

    intro = _("You are the first inquirer (首问负责): tell maintenance at once.")
    page = Page(_("Something has failed without notice"), _("Report"), reverse("outages"), intro)
    return form_page(request, AreaForm, page, take)


@require_safe
def outage(request: HttpRequest, pk: int) -> HttpResponse:
    """Times, who is to be told, who was, and what can be done next."""
    found = get_object_or_404(Outage.objects.select_related("place", "clerk", "first_inquirer"), pk=pk)
    actor = acting(request)
    shown = {
        "outage": found,
        "live": found.state in LIVE,
        "deviations": [DEVIATION_WORDS[one] for one in deviations_of(found)],
        "due": [
            {
                "audience": OutageAudience(one.audience.value).label,
                "by": one.by,
                "rule": one.rule,
                "late": actor.at >= one.by,
            }
            for one in still_due(found)
        ],
        "gates": GateSite.objects.filter(place__path__startswith=found.place.path),
        "may_act": bool(actor.roles & ACT),
        "may_be_over": found.state == OutageState.RUNNING or found.start <= actor.at,
        # Forms of one page, so that no two fields share an id.
        "told_form": ToldForm(auto_id="told_%s"),
        "complaint_form": ComplaintForm(auto_id="complaint_%s"),
        "end_form": EndForm(auto_id="end_%s"),
        "finding_form": FindingForm(auto_id="finding_%s"),
        "mode_form": ModeForm(initial={"mode": found.door_mode}, auto_id="mode_%s"),
        "switch_form": SwitchForm(auto_id="switch_%s"),
    }
    return render(request, "desk/outage.html", shown)


@require_safe
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """The notice to print for a board, in Chinese and as it is posted."""
    found = get_object_or_404(Outage.objects.select_related("place"), pk=pk)
    boards = found.told.filter(audience=OutageAudience.BOARD).select_related("clerk")
    return render(request, "desk/outage_notice.html", {"outage": found, "boards": boards})


@step
def outage_step(request: HttpRequest, actor: Actor, pk: int, name: str) -> str:
    """One step of an outage."""
    if name not in STEPS:
        raise Http404
    STEPS[name](request, actor, get_object_or_404(Outage, pk=pk).pk)
    return reverse("outage", args=[pk])


def _tell(request: HttpRequest, actor: Actor, pk: int) -> None:
    form = valid(ToldForm(request.POST))
    tell(actor, pk, form["audience"], form["channel"], form["result"], form["late_reason"])


def _complain(request: HttpRequest, actor: Actor, pk: int) -> None:
    form = valid(ComplaintForm(request.POST))
    complain(actor, pk, form["said"], form["answer"], form.get("person"))


def _finding(request: HttpRequest, actor: Actor, pk: int) -> None:
    form = valid(FindingForm(request.POST))
    record_finding(actor, pk, form["finding"], form["end"])


STEPS: Final[Mapping[str, Callable[[HttpRequest, Actor, int], object]]] = {
    "tell": _tell,
    "complain": _complain,
    "finding": _finding,
    "prepared": lambda _request, actor, pk: note_prepared(actor, pk),
    "notice-taken": lambda _request, actor, pk: take_notice(actor, pk),
    "restored": lambda _request, actor, pk: restore(actor, pk),
    "cancel": lambda _request, actor, pk: restore(actor, pk, cancelled=True),
    "end": lambda request, actor, pk: expect_end(actor, pk, valid(EndForm(request.POST))["end"]),
    "mode": lambda request, actor, pk: approve_mode(actor, pk, valid(ModeForm(request.POST))["mode"]),
    "begin": lambda request, actor, pk: switch_off(
        actor, pk, emergency=valid(SwitchForm(request.POST))["emergency"]
    ),
}
