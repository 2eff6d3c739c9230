"""A person's page: units and cards."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from office.registry.models import Person


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the person belongs, and which cards they hold."""
    found = get_object_or_404(Person, pk=pk)
    shown = {
        "person": found,
        "memberships": found.memberships.select_related("unit").order_by("-since"),
        "issues": found.issues.select_related("holder", "vehicle", "unit").order_by("-pk"),
    }
    return render(request, "desk/person.html", shown)
