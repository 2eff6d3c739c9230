"""The official forms as PDF, to print or to keep."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from office.desk.form_page import for_roles
from office.desk.refusals import told
from office.desk.views.statistics import READERS, chosen
from office.errors import OfficeError
from office.papers import forms
from office.registry.models import Application, LossCase, MoveOut, ReleaseSlip, StaffRole, Tenancy

Given = ParamSpec("Given")
View = Callable[Concatenate[HttpRequest, Given], HttpResponse]
DESK = (StaffRole.CLERK, StaffRole.REVIEWER, StaffRole.MANAGER)


def printed(view: View[Given]) -> View[Given]:
    """A view that prints: what hinders it is said on the page that it was asked from."""

    @functools.wraps(view)
    def tried(request: HttpRequest, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except OfficeError as error:
            messages.error(request, told(error))
            return redirect(request.headers.get("referer") or "/")

    return cast("View[Given]", tried)


@require_safe
@for_roles(*DESK)
@printed
def application_form(_request: HttpRequest, pk: int) -> HttpResponse:
    """KH-03-R04."""
    found = Application.objects.select_related("unit", "applicant", "clerk", "vehicle")
    return _pdf(forms.application_form(get_object_or_404(found, pk=pk)), f"KH-03-R04-{pk}")


@require_safe
@for_roles(*DESK)
@printed
def loss_report(_request: HttpRequest, pk: int) -> HttpResponse:
    """KH-14-R01."""
    return _pdf(forms.loss_report(_case(pk)), f"KH-14-R01-{pk}")


@require_safe
@for_roles(*DESK)
@printed
def loss_record(_request: HttpRequest, pk: int) -> HttpResponse:
    """KH-14-R02, with the gates' receipts so far."""
    return _pdf(forms.loss_record(_case(pk)), f"KH-14-R02-{pk}")


@require_safe
@for_roles(*READERS)
@printed
def card_statistics(request: HttpRequest) -> HttpResponse:
    """KH-13-R01."""
    found = chosen(request)
    return _pdf(forms.card_statistics(found), f"KH-13-R01-{found.year}")


@require_safe
@for_roles(*DESK, StaffRole.GUARD)
@printed
def release_slip(_request: HttpRequest, pk: int) -> HttpResponse:
    """KH-09-R02."""
    found = ReleaseSlip.objects.select_related("unit", "requester", "door", "clerk")
    return _pdf(forms.release_slip(get_object_or_404(found, pk=pk)), f"KH-09-R02-{pk}")


@require_safe
@for_roles(*DESK)
@printed
def move_out(_request: HttpRequest, pk: int) -> HttpResponse:
    """KH-15-R01."""
    found = MoveOut.objects.select_related("unit", "clerk", "consent_by", "goods_checked_by")
    return _pdf(forms.move_out(get_object_or_404(found, pk=pk)), f"KH-15-R01-{pk}")


@require_safe
@for_roles(*DESK)
@printed
def move_in(_request: HttpRequest, pk: int) -> HttpResponse:
    """入伙客户情况登记表."""
    found = Tenancy.objects.select_related("unit", "owner", "clerk")
    return _pdf(forms.move_in(get_object_or_404(found, pk=pk)), f"move-in-{pk}")


def _case(pk: int) -> LossCase:
    found = LossCase.objects.select_related(
        "issue__holder",
        "issue__vehicle__keeper",
        "issue__unit",
        "issue__chip",
        "replacement__chip",
        "clerk",
        "reviewer",
        "manager",
    )
    return get_object_or_404(found, pk=pk)


def _pdf(data: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return HttpResponse(data, content_type="application/pdf", headers=headers)
