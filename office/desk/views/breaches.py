"""Passages that do not fit together, of some days."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from msgspec import Struct

from office.casework.breaches import days_before, find_breaches
from office.desk.event_lines import Names, names
from office.desk.refusals import words
from office.desk.requests import acting
from office.procedures.breaches import Breach, Passage
from office.procedures.errors import RuleError
from office.registry.models import Issue

DAYS: Final = (1, 7, 30)


class Line(Struct, frozen=True):
    """One breach: a card, and where it went twice the same way."""

    card: Issue | None
    inwards: bool
    first_at: datetime
    first_gate: str
    second_at: datetime
    second_gate: str


@require_safe
def passage_breaches(request: HttpRequest) -> HttpResponse:
    """The newest first."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, DAYS) else DAYS[1]
    actor = acting(request)
    try:
        found = find_breaches(actor, days_before(actor.at, days), actor.at)
    except RuleError as error:
        messages.error(request, words(error))
        return render(request, "desk/breaches.html", {"rows": [], "choices": DAYS, "days": days}, status=403)
    known = names()
    cards = Issue.objects.select_related("chip").in_bulk([one.first.issue_id for one in found.newest])
    rows = [_line(one, cards.get(one.first.issue_id), known) for one in found.newest]
    shown = {"rows": rows, "count": found.count, "choices": DAYS, "days": days}
    return render(request, "desk/breaches.html", shown)


def _line(one: Breach, card: Issue | None, known: Names) -> Line:
    def gate(passage: Passage) -> str:
        return known.gates.get(passage.gate_id, str(passage.gate_id))

    return Line(card, one.first.inwards, _at(one.first), gate(one.first), _at(one.second), gate(one.second))


def _at(passage: Passage) -> datetime:
    return datetime.fromtimestamp(passage.at_ms / 1000, UTC)
