"""Events as a workbook: asked for, watched while a process of its own makes it, fetched by who asked."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from office.casework.event_search import check_viewer
from office.desk.event_form import EventForm
from office.desk.refusals import words
from office.desk.requests import acting, now
from office.errors import OfficeError
from office.exchange.event_job import ExportJob, ExportState, ExportView
from office.procedures.errors import RuleError
from office.site.directory import chosen_directory


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """The events of this search; whose movements are given out is on record before the first row is read."""
    asked = QueryDict(request.POST.get("asked", "")).dict()
    if not EventForm(asked).is_valid():
        return redirect("events")
    try:
        check_viewer(acting(request))
    except RuleError as error:
        messages.error(request, words(error))
        return redirect("events")
    token = uuid4().hex
    language = "en" if (get_language() or "").startswith("en") else "zh-hans"
    job = ExportJob(chosen_directory(), token)
    job.start(request.user.get_username(), urlencode(asked), language, now().timestamp())
    return redirect("event-export", token=token)


@require_safe
def watch(request: HttpRequest, token: str) -> HttpResponse:
    """How far it is; asked for every second while it runs."""
    _job, view = _found(request, token)
    partly = bool(getattr(request, "htmx", False))
    shown = {"job": view, "token": token}
    return render(request, "desk/parts/event_export.html" if partly else "desk/event_export.html", shown)


@require_safe
def fetch(request: HttpRequest, token: str) -> HttpResponse:
    """The workbook, for who asked for it."""
    job, view = _found(request, token)
    if view.state is not ExportState.READY:
        raise Http404
    headers = {"Cache-Control": "no-store"}
    file = FileResponse(job.file.open("rb"), as_attachment=True, filename="events.xlsx", headers=headers)
    return cast("HttpResponse", file)


def _found(request: HttpRequest, token: str) -> tuple[ExportJob, ExportView]:
    try:
        job = ExportJob(chosen_directory(), token)
        return job, job.view(request.user.get_username())
    except OfficeError:
        raise Http404 from None
