"""Usage events: found, paged, exported. Whose movements were looked at is on record."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from office.casework.event_search import EventFilter, note_viewing, page_of
from office.desk.event_export import csv_rows
from office.desk.event_form import EventForm
from office.desk.event_lines import lines
from office.desk.refusals import words
from office.desk.requests import acting
from office.procedures.errors import RuleError


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """A page of events, newest first."""
    form = EventForm(request.GET)
    if not form.is_valid():
        return render(request, "desk/events.html", {"form": form, "rows": []}, status=400)
    wanted, subject = form.wanted()
    try:
        _note(request, subject, wanted, exported=False)
    except RuleError as error:
        messages.error(request, words(error))
        return render(request, "desk/events.html", {"form": form, "rows": []}, status=403)
    rows, end = page_of(wanted)
    asked = {name: value for name, value in request.GET.items() if value and name != "after"}
    shown = {
        "form": form,
        "rows": lines(rows),
        "asked": urlencode(asked),
        "older": "" if end is None else urlencode(asked | {"after": str(end)}),
        "personal": bool(subject),
    }
    return render(request, "desk/events.html", shown)


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """The same events as CSV, sent while they are read (a workbook: `office.desk.views.exports`)."""
    asked = EventForm(request.GET)
    if not asked.is_valid():
        return render(request, "desk/events.html", {"form": asked, "rows": []}, status=400)
    wanted, subject = asked.wanted()
    try:
        _note(request, subject or "events", wanted, exported=True)
    except RuleError as error:
        messages.error(request, words(error))
        return redirect("events")
    return StreamingHttpResponse(
        csv_rows(wanted),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="events.csv"'},
    )


@transaction.atomic
def _note(request: HttpRequest, subject: str, wanted: EventFilter, *, exported: bool) -> None:
    if subject:
        note_viewing(acting(request), subject, wanted, exported=exported)
