"""Statistics KH-13-R01 as a page with charts."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.statistics import SHOWN, CardStatistics, archive_statistics, card_statistics
from office.desk.charts import chart
from office.desk.form_page import for_roles
from office.desk.requests import acting, step
from office.registry.models import ArchivedForm, Form, StaffRole

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
        "archived": ArchivedForm.objects.filter(form=Form.CARD_STATISTICS, subject=found.subject).first(),
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


@step
def archive_year(request: HttpRequest, actor: Actor) -> str:
    """Give the year's form, as it stands today, its archive number."""
    year = _year(request.POST.get("year", ""), actor)
    made = archive_statistics(actor, year)
    messages.success(request, _("Archived as %(number)s.") % {"number": made})
    return f"{reverse('statistics')}?year={year}"


def chosen(request: HttpRequest) -> CardStatistics:
    """The year that the address names; this one if it names none that makes sense."""
    actor = acting(request)
    return card_statistics(_year(request.GET.get("year", ""), actor), actor.at)


def _year(text: str, actor: Actor) -> int:
    year = int(text) if text.isdecimal() and len(text) == len("2026") else actor.today.year
    return min(max(year, _EARLIEST), _LATEST)


def _month(number: int) -> str:
    return date_format(date(2000, number, 1), "F")
