"""Pairing this browser with the card reader's helper on the same PC."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def desk_reader(request: HttpRequest) -> HttpResponse:
    """The code is typed here and stays in this browser: the office's server never sees it."""
    if not settings.DESK_READER:
        raise Http404
    return render(request, "desk/reader.html", {"port": settings.DESK_READER.rpartition(":")[2]})
