"""The page of KH-13-R01 and the forms' addresses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from office.casework.loss import Report, report_loss
from office.desk.charts import LABEL, WIDTH, chart
from office.registry.models import Application, LossKind, StaffRole
from tests.office.casework.moving import announce, days, move_in, new_slip
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]


def test_13_7_the_page_shows_numbers_beside_every_bar(estate: OfficeEstate, browser: Browser) -> None:
    estate.issue_card(estate.staff(StaffRole.CLERK))
    client = browser(StaffRole.MANAGER)
    page = client.get(reverse("statistics"), {"year": "2026"}).content.decode()
    assert page.count('<svg class="chart"') == 4
    assert 'width="500.0"' in page
    assert "style=" not in page
    assert "¥20.00" in page
    assert client.get(reverse("statistics"), {"year": "9999999999"}).status_code == 200
    assert client.get(reverse("statistics"), {"year": "x"}).status_code == 200


@pytest.mark.real_part("a font with Chinese characters")
def test_every_form_can_be_printed_by_the_desk_and_not_by_maintenance(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk = estate.staff(StaffRole.CLERK)
    issue = estate.issue_card(clerk)
    case = report_loss(clerk, issue.pk, estate.applicant, Report(LossKind.LOST, "x"))
    tenancy, _ = move_in(estate, clerk, days(200))
    addresses = [
        reverse("application-pdf", args=[Application.objects.get().pk]),
        reverse("loss-report-pdf", args=[case.pk]),
        reverse("loss-record-pdf", args=[case.pk]),
        reverse("slip-pdf", args=[new_slip(estate, clerk).pk]),
        reverse("move-pdf", args=[announce(estate, clerk, days(5)).pk]),
        reverse("tenancy-pdf", args=[tenancy.pk]),
        reverse("statistics-pdf"),
    ]
    desk, maintenance = browser(StaffRole.CLERK), browser(StaffRole.MAINTENANCE)
    for one in addresses:
        answer = desk.get(one)
        assert answer.headers["Content-Type"] == "application/pdf", one
        assert answer.content.startswith(b"%PDF-")
        assert answer.headers["Cache-Control"] == "no-store"
        assert maintenance.get(one).status_code == 403, one
    assert desk.get(reverse("slip-pdf", args=[999_999])).status_code == 404


def test_bars_fit_and_nothing_is_divided_by_nothing() -> None:
    assert [one.width for one in chart("x", [("a", 0), ("b", 0)]).bars] == [0, 0]
    assert chart("x", []).height > 0
    longest = chart("x", [("a", 1), ("b", 3)]).bars
    assert longest[1].end < WIDTH
    assert longest[0].width * 3 == pytest.approx(longest[1].width, abs=0.2)
    assert LABEL + longest[1].width <= WIDTH
