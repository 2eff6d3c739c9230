"""Statistics KH-13-R01 as a page with charts."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.statistics import SHOWN, CardStatistics, card_statistics
from office.desk.charts import chart
from office.desk.form_page import for_roles
from office.desk.requests import acting
from office.registry.models import StaffRole

READERS = (StaffRole.CLERK, StaffRole.REVIEWER, StaffRole.MANAGER, StaffRole.ADMINISTRATOR)
_EARLIEST, _LATEST = 2000, 2199


@require_safe
@for_roles(*READERS)
def statistics(request: HttpRequest) -> HttpResponse:
    """Cards by building, kind, state and month, and fees."""
    found = chosen(request)
    months = [(_month(one.number), one) for one in found.months]
    shown = {
        "found": found,
        "states": [one.label for one in SHOWN],
        "months": months,
        "charts": [
            chart(
                _("Cards by building"), [(one.name or _("elsewhere"), one.total) for one in found.buildings]
            ),
            chart(_("Cards by kind"), [(one.name, one.total) for one in found.kinds]),
            chart(_("Cards issued by month"), [(name, one.issued) for name, one in months]),
            chart(_("Fees by month, ¥"), [(name, float(one.fees)) for name, one in months], "{:,.2f}"),
        ],
    }
    return render(request, "desk/statistics.html", shown)


def chosen(request: HttpRequest) -> CardStatistics:
    """The year that the address names; this one if it names none that makes sense."""
    actor = acting(request)
    text = request.GET.get("year", "")
    year = int(text) if text.isdecimal() and len(text) == len("2026") else actor.today.year
    return card_statistics(min(max(year, _EARLIEST), _LATEST), actor.at)


def _month(number: int) -> str:
    return date_format(date(2000, number, 1), "F")
