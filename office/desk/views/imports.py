"""Data in and out at the desk: upload, dry run with every problem by row, import; all about a person."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, cast
from uuid import uuid4

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from office.desk.form_page import for_roles
from office.desk.refusals import told
from office.desk.requests import acting, now
from office.errors import OfficeError
from office.exchange.columns import HEADINGS, REQUIRED, TableKind
from office.exchange.giving_out import of_person
from office.exchange.jobs import ImportJob, JobState, JobView, forget_old
from office.registry.models import ImportBatch, Person, StaffRole
from office.site.directory import chosen_directory

TABLES = {
    TableKind.PLACES: _("places"),
    TableKind.DOORS: _("doors"),
    TableKind.PERSONS: _("persons"),
    TableKind.CARDS: _("cards"),
}
ROLES = (StaffRole.MANAGER, StaffRole.ADMINISTRATOR)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*ROLES)
def imports(request: HttpRequest) -> HttpResponse:
    """Give files, and see what was taken over before."""
    if request.method == "POST":
        return _upload(request)
    tables = [
        (TABLES[kind], [(key, words[0], key in REQUIRED[kind]) for key, words in columns.items()])
        for kind, columns in HEADINGS.items()
    ]
    batches = ImportBatch.objects.select_related("user").order_by("-pk")[:20]
    return render(request, "desk/imports.html", {"tables": tables, "batches": batches})


@require_safe
@for_roles(*ROLES)
def job(request: HttpRequest, token: str) -> HttpResponse:
    """How far it is; asked for every second while it runs."""
    found = _job(token)
    view = _view(found)
    problems = list(found.problems()) if view.state is JobState.CHECKED else []
    shown = {"job": view, "token": token, "problems": problems, "more": _refused(view.report) > len(problems)}
    partly = bool(getattr(request, "htmx", False))
    return render(request, "desk/parts/import_job.html" if partly else "desk/import.html", shown)


@require_safe
@for_roles(*ROLES)
def problems(_request: HttpRequest, token: str) -> HttpResponse:
    """Every problem of the dry run, as CSV."""
    path = _job(token).problems_file()
    if not path.exists():
        raise Http404
    return cast("HttpResponse", FileResponse(path.open("rb"), as_attachment=True, filename="problems.csv"))


@require_POST
@for_roles(*ROLES)
def take_over(request: HttpRequest, token: str) -> HttpResponse:
    """Import what the dry run let pass."""
    found = _job(token)
    try:
        if found.view().state is JobState.CHECKED:
            found.start(request.user.get_username(), dry_run=False)
    except OfficeError as error:
        messages.error(request, told(error))
    return redirect(reverse("import", args=[token]))


def _upload(request: HttpRequest) -> HttpResponse:
    office, token = chosen_directory(), uuid4().hex
    forget_old(office, now().timestamp())
    try:
        made = ImportJob.take(office, token, _files(request))
        made.start(acting(request).user.get_username(), dry_run=True)
    except OfficeError as error:
        messages.error(request, told(error))
        return redirect(reverse("imports"))
    return redirect(reverse("import", args=[token]))


def _files(request: HttpRequest) -> Iterator[tuple[str, IO[bytes]]]:
    for one in request.FILES.getlist("files"):
        yield one.name or "", cast("IO[bytes]", one)


def _job(token: str) -> ImportJob:
    try:
        return ImportJob(chosen_directory(), token)
    except OfficeError:
        raise Http404 from None


def _view(found: ImportJob) -> JobView:
    try:
        return found.view()
    except OfficeError:
        raise Http404 from None


def _refused(report: dict[str, object]) -> int:
    problems = report.get("problems")
    return sum(problems.values()) if isinstance(problems, dict) else 0


@require_POST
@for_roles(StaffRole.MANAGER)
def all_about(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that refers to a person, to be handed to that person; the trail says that it was."""
    get_object_or_404(Person, pk=pk)
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    of_person(acting(request), pk, file)
    file.seek(0)
    headers = {"Cache-Control": "no-store"}
    return cast(
        "HttpResponse",
        FileResponse(file, as_attachment=True, filename=f"person-{pk}.zip", headers=headers),
    )
