"""What every view shares: who acts and when, and how a refusal or a success is said."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from office.casework.actor import Actor
from office.casework.actor import actor as as_actor
from office.casework.office_clock import check_clock
from office.desk.refusals import REFUSALS, told

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Given = ParamSpec("Given")


def now() -> datetime:
    """The time at which this request acts."""
    return datetime.fromtimestamp(settings.OFFICE_CLOCK_MS() / 1000, UTC)


def typed(given: QueryDict, name: str, most: int) -> str:
    """A text that no form judges, as every database takes it."""
    return given.get(name, "").replace("\0", "").strip()[:most]


def acting(request: HttpRequest) -> Actor:
    """Who sent this request, with the roles of this moment."""
    return as_actor(cast("User", request.user), now())


def whatever_the_clock(view: Callable[Given, str]) -> Callable[Given, str]:
    """A step that waits for nothing: to stop a card is right at any time (14.2). Stands below ``step``."""
    view.whatever_the_clock = True  # type: ignore[attr-defined]
    return view


def step(
    view: Callable[Concatenate[HttpRequest, Actor, Given], str],
) -> Callable[Concatenate[HttpRequest, Given], HttpResponse]:
    """A view that takes one step and names the page to go to; a refusal is said on the page it came from."""

    @functools.wraps(view)
    def taken(request: HttpRequest, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponse:
        back = request.headers.get("referer") or "/"
        try:
            actor = acting(request)
            if not getattr(view, "whatever_the_clock", False):
                check_clock(actor.at)
            target = view(request, actor, *args, **kwargs)
        except REFUSALS as error:
            messages.error(request, told(error))
            return redirect(back)
        return redirect(target)

    return cast("Callable[Concatenate[HttpRequest, Given], HttpResponse]", require_POST(taken))
