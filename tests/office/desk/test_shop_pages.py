"""The registers of shops, signs, activities, banners and notices through their pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from office.desk.views.shops import STEPS
from office.registry.models import (
    Activity,
    Banner,
    Issue,
    IssueState,
    Merchant,
    PublicNotice,
    SignPermit,
    StaffRole,
    UnitUse,
)
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]


def posted(client: Client, address: str, **values: object) -> str:
    return client.post(f"/shops/{address}", values, follow=True).content.decode()


def test_17_5_and_17_3_a_merchant_opens_where_business_is_meant_and_leaves_clean(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk = browser(StaffRole.CLERK)
    estate.add_unit("S1", "40", UnitUse.COMMERCIAL)
    form = {"name": "Noodles", "keeper": f"#{estate.applicant.pk}", "since": "2026-11-01"}
    assert "(rule 17.5)" in posted(clerk, "merchant/", unit="101", **form)
    assert "Noodles" in posted(clerk, "merchant/", unit="S1", **form)
    merchant = Merchant.objects.get()
    posted(clerk, f"merchant-card/{merchant.pk}/", holder=f"#{estate.applicant.pk}")
    assert "not done" in posted(clerk, f"leave/{merchant.pk}/")
    posted(clerk, f"checklist/{merchant.pk}/", done=["signs_removed", "goods_removed", "cleaned"])
    posted(clerk, f"leave/{merchant.pk}/")
    assert Issue.objects.get().state == IssueState.WITHDRAWN
    assert "Noodles" not in clerk.get("/shops/").content.decode()


def test_17_1_a_sign_is_approved_reported_by_a_guard_and_mended(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk, guard = browser(StaffRole.CLERK), browser(StaffRole.GUARD)
    shop = estate.add_unit("S1", "40", UnitUse.COMMERCIAL)
    merchant = Merchant.objects.create(name="Noodles", keeper=estate.applicant, unit=shop, since="2026-11-01")
    posted(clerk, f"sign/{merchant.pk}/", wording="<i>Noodles</i>")
    sign = SignPermit.objects.get()
    assert "&lt;i&gt;" in posted(clerk, f"approve-sign/{sign.pk}/", position="door", expires_on="2099-01-01")
    assert "Signs to look at" in posted(guard, f"report-sign/{sign.pk}/", finding="rusted")
    assert "do not have the role" in posted(guard, f"mended-sign/{sign.pk}/")
    assert "Signs to look at" not in posted(clerk, f"mended-sign/{sign.pk}/")


def test_17_2_an_activity_gets_place_gates_and_passes(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    form = {"name": "health day", "applicant": f"#{estate.applicant.pk}"}
    form |= {"start": "2098-01-01T08:00", "end": "2098-01-01T18:00"}
    assert "Hawking" in posted(clerk, "activity/", **form)
    posted(clerk, "activity/", public_benefit="on", **form)
    activity = Activity.objects.get()
    posted(clerk, f"approve-activity/{activity.pk}/", position="lawn", doors=["10"])
    chip = {"number": "04A1B2C3", "technology": "1", "signed": "paper"}
    posted(clerk, f"pass/{activity.pk}/", holder=f"#{estate.applicant.pk}", **chip)
    assert activity.passes.get().state == IssueState.ACTIVE
    posted(clerk, f"clear-site/{activity.pk}/")
    assert activity.passes.get().state == IssueState.WITHDRAWN


def test_17_4_and_17_6_banners_take_two_and_notices_one(estate: OfficeEstate, browser: Browser) -> None:
    clerk, manager = browser(StaffRole.CLERK), browser(StaffRole.MANAGER)
    posted(clerk, "banner/", wording="Sale", position="fence", start="2026-11-01", until="2026-12-01")
    banner = Banner.objects.get()
    assert "has not checked" in posted(manager, f"approve-banner/{banner.pk}/")
    posted(clerk, f"review-banner/{banner.pk}/")
    posted(manager, f"approve-banner/{banner.pk}/")
    assert Banner.objects.get().approved_by is not None
    posted(clerk, "notice/", title="Census", issuer="government", position="board", until="2026-12-01")
    posted(clerk, f"clear-notice/{PublicNotice.objects.get().pk}/")
    assert PublicNotice.objects.get().cleared_at is not None


@pytest.mark.parametrize("name", STEPS)
def test_every_step_has_its_form_or_says_that_there_is_nothing_to_take_it_on(
    estate: OfficeEstate, browser: Browser, name: str
) -> None:
    clerk, about = browser(StaffRole.CLERK), STEPS[name].about
    assert clerk.get(f"/shops/{name}/").status_code == (200 if about is None else 404)
    assert clerk.get(f"/shops/{name}/9/").status_code == 404
