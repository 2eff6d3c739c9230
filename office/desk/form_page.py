"""A page with one form: shown empty, shown again with what was typed and what is wrong, or taken."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, Final, ParamSpec, cast
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.office_clock import check_clock
from office.desk.refusals import REFUSALS, told
from office.desk.requests import acting
from office.registry.models import StaffRole

ONCE: Final = "once"
"""Each form that is shown has its own; sent again (back, reload, two windows) it does nothing more."""
MAX_ONCE: Final = 36
TAKEN: Final = "taken"
MOST_KEPT: Final = 30

Given = ParamSpec("Given")
View = Callable[Concatenate[HttpRequest, Given], HttpResponse]
Take = Callable[[Actor, dict[str, Any]], str]


class Page(Struct, frozen=True):
    """The words around a form."""

    title: str | Promise
    button: str | Promise
    back: str
    """Where "cancel" leads."""
    intro: str | Promise = ""
    danger: bool = False
    """The button stops something: it is red, and its words say so."""


def form_page(
    request: HttpRequest,
    form_class: type[forms.BaseForm],
    page: Page,
    take: Take,
    *,
    initial: Mapping[str, object] | None = None,
    shown: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Answer GET and POST of a page with one form; ``take`` does the step and names the next page.

    Nothing that was typed is lost by a refusal.
    """
    if request.method != "POST":
        return _render(request, form_class(initial=dict(initial or {})), page, shown, 200)
    taken_before = _taken(request)
    if taken_before:
        messages.info(request, _("This form was taken in already. Nothing was done twice."))
        return redirect(taken_before)
    form = form_class(request.POST, request.FILES, initial=dict(initial or {}))
    if form.is_valid():
        try:
            with transaction.atomic():
                actor = acting(request)
                check_clock(actor.at)
                target = take(actor, form.cleaned_data)
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            _note_taken(request, target)
            return redirect(target)
    return _render(request, form, page, shown, 422)


def _taken(request: HttpRequest) -> str:
    """Where this very form led when it was taken before; empty if it was not."""
    known: dict[str, str] = request.session.get(TAKEN, {})
    return known.get(request.POST.get(ONCE, ""), "")


def _note_taken(request: HttpRequest, target: str) -> None:
    once = request.POST.get(ONCE, "")
    if once:
        known: dict[str, str] = request.session.get(TAKEN, {})
        newest = list(known.items())[-MOST_KEPT:]
        request.session[TAKEN] = dict(newest) | {once[:MAX_ONCE]: target}


def _render(
    request: HttpRequest, form: forms.BaseForm, page: Page, shown: Mapping[str, object] | None, status: int
) -> HttpResponse:
    once = request.POST.get(ONCE, "")[:MAX_ONCE] or uuid4()
    given = {"form": form, "page": page, "once": once, **(shown or {})}
    return render(request, "desk/form.html", given, status=status)


def for_roles(*roles: StaffRole) -> Callable[[View[Given]], View[Given]]:
    """Only staff with one of these roles open the page; others are told so (403)."""

    def decorated(view: View[Given]) -> View[Given]:
        @functools.wraps(view)
        def checked(request: HttpRequest, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponse:
            if acting(request).roles.isdisjoint(roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast("View[Given]", checked)

    return decorated


def form_view(*roles: StaffRole) -> Callable[[View[Given]], View[Given]]:
    """A page with one form, for these roles."""

    def decorated(view: View[Given]) -> View[Given]:
        return require_http_methods(["GET", "HEAD", "POST"])(for_roles(*roles)(view))

    return decorated
