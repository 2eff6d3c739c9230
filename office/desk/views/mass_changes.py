"""Mass changes: what waits for the manager, the file to sign, the signed file, and the way back."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from office.casework.mass_changes import Answer, give_out, go_back, take_back, waiting_changes
from office.desk.choosing import MAX_DIGITS
from office.desk.refusals import REFUSALS, DeskError, told
from office.desk.requests import acting, now
from office.hub.control_client import HubAwayError
from office.hub.held_changes import HeldChange
from office.lists.store import hub_control
from office.parcel import MAX_PARCEL_BYTES
from office.registry.models import Issue, StaffRole

SHOWN_CARDS: Final = 50
MAX_UPLOAD_BYTES: Final = MAX_PARCEL_BYTES + (1 << 20)
FILE_NAME: Final = "mass-change.zip"


@require_safe
def mass_changes(request: HttpRequest) -> HttpResponse:
    """Everything that waits, by gate; everybody may see why a gate's list is old."""
    rows = [{"change": one, "cards": _cards(one.held)} for one in waiting_changes(now())]
    signs = StaffRole.MANAGER in acting(request).roles
    return render(request, "desk/mass_changes.html", {"rows": rows, "signs": signs})


@require_POST
def decide(request: HttpRequest, name: str) -> HttpResponse:
    """What the manager does about the gates that are ticked, or with the signed file."""
    try:
        if name == "file":
            return _file(request)
        if name == "signed":
            _take(request)
        elif name == "back":
            _back(request)
        else:
            raise Http404
    except HubAwayError:
        messages.error(request, _("The hub does not answer: it signs and checks. Start it, then repeat."))
    except REFUSALS as error:
        messages.error(request, told(error))
    return redirect(reverse("mass-changes"))


def _cards(held: HeldChange) -> list[Issue]:
    """The first of them; what a command at the hub made is in no register and has no page."""
    ids = (*held.ended, *held.put)[:SHOWN_CARDS]
    return list(Issue.objects.filter(pk__in=ids).order_by("pk"))


def _file(request: HttpRequest) -> HttpResponse:
    data = give_out(acting(request), hub_control(), _ticked(request))
    response = HttpResponse(data, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response


def _take(request: HttpRequest) -> None:
    given = request.FILES.get("file")
    if given is None or given.size is None or given.size > MAX_UPLOAD_BYTES:
        raise DeskError(_("Choose the file that you have signed."))
    for one in take_back(acting(request), hub_control(), given.read()):
        _say(request, one)


def _say(request: HttpRequest, one: Answer) -> None:
    if one.refused is not None:
        refused = told(one.refused)
        messages.error(request, f"{one.name}: {refused}" if one.name else refused)
    if one.taken is not None:
        facts = {"gate": one.taken.gate, "version": one.taken.version}
        messages.success(request, _("Gate %(gate)s: signed, and on its way as list %(version)s.") % facts)


def _back(request: HttpRequest) -> None:
    shown = _ticked(request)
    left = go_back(acting(request), shown)
    if done := len(shown) - len(left):
        text = ngettext(
            "%(count)s gate's list is again as the register says.",
            "%(count)s gates' lists are again as the register says.",
            done,
        )
        messages.success(request, text % {"count": done})
    for one in left:
        text = _(
            "Gate %(gate)s: the register itself asks for this change. Take the steps back that are listed"
            " here, on the cards' own pages; the list follows by itself."
        )
        messages.warning(request, text % {"gate": one.gate.name})


def _ticked(request: HttpRequest) -> dict[int, str]:
    """Mark by gate, of the boxes that are ticked; what cannot be read is of no change that waits."""
    shown = {}
    for one in request.POST.getlist("change"):
        gate, _colon, mark = one.partition(":")
        shown[int(gate[:MAX_DIGITS]) if gate.isascii() and gate.isdecimal() else 0] = mark
    if not shown:
        raise DeskError(_("Tick at least one gate."))
    return shown
