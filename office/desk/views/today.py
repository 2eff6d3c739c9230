"""What waits for me today, by role; and find anything."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from office.casework.mass_changes import alarms_of_waiting
from office.casework.merchants import registers_due
from office.casework.payments import open_days
from office.casework.temporary import on_loan
from office.casework.withdrawal import fees_held
from office.desk.requests import acting
from office.desk.search import find
from office.desk.views.moving import move_tasks
from office.registry.models import CaseState, Issue, IssueState, LossCase, LossKind, StaffRole


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """Tasks of each role that the user has."""
    actor = acting(request)
    roles = actor.roles
    cases = LossCase.objects.select_related("issue__holder", "issue__vehicle", "issue__unit", "replacement")
    tasks: dict[str, object] = {}
    if StaffRole.CLERK in roles:
        waiting = Issue.objects.select_related("holder", "vehicle", "unit").order_by("state_since")
        tasks["to_pay"] = waiting.filter(state=IssueState.APPLIED)
        tasks["to_sign"] = waiting.filter(state=IssueState.PAID, replaces__isnull=True)
        tasks["to_confirm"] = cases.filter(state=CaseState.REPORTED, kind=LossKind.SUSPENDED)
        tasks["on_loan"] = on_loan().select_related("holder", "vehicle", "unit").order_by("state_since")
        tasks["to_tell"] = cases.filter(state__in=[CaseState.APPROVED, CaseState.NOTIFIED])
        tasks["to_give_back"] = fees_held().select_related("holder", "vehicle", "unit")
        tasks["registers_due"] = registers_due(actor)
    if roles & {StaffRole.CLERK, StaffRole.MANAGER}:
        tasks["tills"] = open_days(actor.today)
    if StaffRole.REVIEWER in roles:
        open_cases = cases.filter(state=CaseState.REPORTED).exclude(kind=LossKind.SUSPENDED)
        tasks["to_review"] = open_cases
        tasks["to_restore"] = cases.filter(issue__state=IssueState.FOUND, state=CaseState.WITHDRAWN)
    if StaffRole.MANAGER in roles:
        tasks["to_approve"] = cases.filter(state=CaseState.REVIEWED)
        tasks["held_changes"] = alarms_of_waiting().count()
    tasks |= move_tasks(actor)
    return render(request, "desk/today.html", {"tasks": tasks, "nothing": not any(tasks.values())})


@require_safe
def find_anything(request: HttpRequest) -> HttpResponse:
    """One box; a single exact card goes straight to its page."""
    query = request.GET.get("q", "")
    found = find(query)
    only = found.issues[0] if len(found.issues) == 1 and not (found.people or found.places) else None
    if only is not None and not getattr(request, "htmx", False):
        return redirect(reverse("issue", args=[only.pk]))
    template = "desk/parts/found.html" if getattr(request, "htmx", False) else "desk/find.html"
    return render(request, template, {"found": found, "query": query})
