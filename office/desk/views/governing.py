"""What the manager settles (policy, relations), and what the records hold (trail, archive)."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from django.contrib import messages
from django.core.paginator import Page as Rows
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.governing import change_policy, set_direct
from office.casework.trail import broken_links
from office.desk.form_page import Page, for_roles, form_page, form_view
from office.desk.office_forms import PolicyForm
from office.desk.requests import acting, step, typed
from office.desk.trail_words import subject_page
from office.desk.views.slips import SEES as SLIP_SEES
from office.desk.views.statistics import READERS as STATISTICS_READERS
from office.registry.models import ArchivedForm, AuditEntry, Form, Policy, RelationKind, StaffRole

Row = TypeVar("Row", bound=Model)

PAGE_ROWS: Final = 100
SEES: Final = {Form.RELEASE_SLIP: SLIP_SEES, Form.CARD_STATISTICS: STATISTICS_READERS}
"""Subjects whose page is not everybody's."""
READERS: Final = (StaffRole.REVIEWER, StaffRole.MANAGER, StaffRole.ADMINISTRATOR)
"""Who may read the trail."""


@form_view(StaffRole.MANAGER)
def policy_page(request: HttpRequest) -> HttpResponse:
    """Every setting that the procedures leave open."""

    def take(actor: Actor, data: dict[str, Any]) -> str:
        change_policy(actor, data)
        messages.success(request, _("Saved."))
        return reverse("policy")

    page = Page(
        _("Policy of the estate"),
        _("Save"),
        reverse("today"),
        _("Cards that exist are not touched. No setting can stop a card for unpaid money."),
    )
    return form_page(request, PolicyForm, page, take, initial=model_to_dict(Policy.current()))


@require_safe
@for_roles(StaffRole.MANAGER)
def relations(request: HttpRequest) -> HttpResponse:
    """Which relations count as direct relatives (13.4.1)."""
    return render(request, "desk/relations.html", {"kinds": RelationKind.objects.all()})


@step
def set_relation(request: HttpRequest, actor: Actor, code: str) -> str:
    """Direct, or not."""
    set_direct(actor, code, direct=request.POST.get("direct") == "yes")
    return reverse("relations")


@require_safe
@for_roles(*READERS)
def trail(request: HttpRequest) -> HttpResponse:
    """Who did what by which rule, newest first; with ``check``, whether the chain is whole."""
    entries = AuditEntry.objects.select_related("user").order_by("-number")
    asked = {one: typed(request.GET, one, 40) for one in ("subject", "rule", "user")}
    if asked["subject"]:
        entries = entries.filter(subject=asked["subject"])
    if asked["rule"]:
        entries = entries.filter(rule=asked["rule"])
    if asked["user"]:
        entries = entries.filter(Q(user__username=asked["user"]) | Q(user__first_name=asked["user"]))
    shown: dict[str, object] = {"asked": asked, "rows": _page(request, entries)}
    if "check" in request.GET:
        shown |= {"checked": True, "broken": list(broken_links()), "total": AuditEntry.objects.count()}
    return render(request, "desk/trail.html", shown)


@require_safe
def archive_register(request: HttpRequest) -> HttpResponse:
    """Forms with their archive numbers, newest first (rule 14.10)."""
    forms = ArchivedForm.objects.order_by("-archived_at", "-pk")
    chosen = request.GET.get("form", "")
    if chosen in Form.values:
        forms = forms.filter(form=chosen)
    rows, roles = _page(request, forms), acting(request).roles
    linked = [(one, subject_page(one.subject) if _may_look(one, roles) else "") for one in rows]
    return render(
        request,
        "desk/archive.html",
        {"rows": rows, "linked": linked, "chosen": chosen, "forms": list(Form)},
    )


def _may_look(one: ArchivedForm, roles: frozenset[StaffRole]) -> bool:
    """Whether the subject's page opens for these roles."""
    return not roles.isdisjoint(SEES.get(Form(one.form), roles))


def _page(request: HttpRequest, rows: QuerySet[Row]) -> Rows[Row]:
    return Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
