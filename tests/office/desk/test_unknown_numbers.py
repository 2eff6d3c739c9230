"""Every address of the desk, about records that are not there: told so, never an error of the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from django.urls import URLPattern

from office.casework.merchants import apply_for_sign, handle_sign, register_merchant
from office.casework.staffing import add_deputy, end_deputy
from office.desk.requests import now
from office.desk.urls import urlpatterns
from office.desk.views import cases, moving, outages, shops, slips
from office.registry.models import LossCase, Person, SignPermit, StaffRole, UnitUse
from sync.statements.order_kinds import OrderKind
from tests.office.casework.moving import days
from tests.support.office_estate import NOW, OfficeEstate
from tests.support.page_reader import PageReader

Browser = Callable[..., Client]
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "order": tuple(one.name.lower() for one in OrderKind),
    "mass-change": ("file", "signed", "back"),
    "case-step": tuple(cases.STEPS),
    "move-step": tuple(moving.STEPS),
    "slip-step": tuple(slips.STEPS),
    "outage-step": tuple(outages.STEPS),
    "shop-step": tuple(shops.STEPS),
    "shop-step-of": tuple(shops.STEPS),
}
"""Steps by the name of their address."""
NUMBER: Final = "9" * 18
"""Nobody's; longer ones are in no address."""
NOT_TRIED: Final = ("login", "logout", "start-event-export")
"""They end the walk itself, or begin a process of their own."""
TYPED: Final = dict(
    parse_qsl(
        "name=x&reason=x&note=x&wording=x&position=x&channel=telephone&amount=20&method=cash&receipt=R1&"
        "number=04A1B2C3&technology=1&kind=lost&cause=x&agreed=yes&result=x&good=yes&left=1&trips=1&"
        "since=2026-01-01&last_day=2126-01-01&day=2126-01-01&expires_on=2126-01-01&unit=101&role=resident&"
        "finding=rusted&audience=board&said=x&mode=0&start=2126-01-01T09:00&end=2126-01-01T10:00&door=10&"
        "allows=yes&holder=%23999&told_to=x&version=0&done=cleaned&plate=x"
    )
)
"""What most forms take, so that the step itself is asked."""
FEWEST: Final = 300
STALE: Final = "Somebody has changed this record meanwhile."


def addresses() -> Iterator[str]:
    """Every address, with numbers of no record and, where it has steps, each of them."""
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        route = str(pattern.pattern)
        if pattern.name not in NOT_TRIED:
            for name in NAMES.get(pattern.name or "", ("nothing",)):
                filled = route.replace("<number:pk>", NUMBER).replace("<slug:name>", name)
                filled = filled.replace("<slug:kind>", name).replace("<slug:code>", name)
                yield "/" + filled.replace("<str:day>", "2126-01-01").replace("<str:token>", "f" * 32)


def test_every_address_is_filled() -> None:
    assert [one for one in addresses() if "<" in one] == []


def test_no_address_breaks_about_a_record_that_is_not_there(estate: OfficeEstate, browser: Browser) -> None:
    client = browser(*StaffRole)
    client.raise_request_exception = False
    found = {}
    for address in addresses():
        found[f"GET {address}"] = client.get(address).status_code
        found[f"POST {address}"] = client.post(address, TYPED).status_code
        found[f"POST nothing to {address}"] = client.post(address).status_code
    assert {one: status for one, status in found.items() if status >= 500} == {}
    assert len(found) > FEWEST


def test_a_number_that_no_database_holds_is_not_found(estate: OfficeEstate, browser: Browser) -> None:
    assert browser(StaffRole.CLERK).get(f"/cards/{10**30}/signature.png").status_code == 404


@pytest.mark.parametrize("step", ["approve-sign", "mended-sign", "remove-sign"])
def test_17_1_a_sign_that_another_has_removed_is_told(
    estate: OfficeEstate, browser: Browser, step: str
) -> None:
    clerk = estate.staff(StaffRole.CLERK)
    shop, keeper = estate.add_unit("S1", "50", UnitUse.COMMERCIAL), Person.objects.create(recorded_at=NOW)
    sign = apply_for_sign(clerk, register_merchant(clerk, "shop", keeper, shop, days(0)).pk, "w")
    handle_sign(clerk, sign.pk, removed=True)
    before = SignPermit.objects.values().get()
    typed = {"position": "door", "expires_on": (now() + timedelta(days=9)).date(), "finding": "rusted"}
    answer = browser(StaffRole.CLERK).post(f"/shops/{step}/{sign.pk}/", typed)
    assert answer.status_code == 422
    assert any(STALE in one for one in PageReader(answer.content.decode()).alerts)
    assert SignPermit.objects.values().get() == before


def test_0_staff_a_deputy_that_another_has_ended_is_told(estate: OfficeEstate, browser: Browser) -> None:
    administrator = estate.staff(StaffRole.ADMINISTRATOR)
    clerk = estate.staff(StaffRole.CLERK).user
    deputy = add_deputy(administrator, clerk.pk, StaffRole.MANAGER, days(5), days(9)).pk
    end_deputy(administrator, deputy)
    client = browser(StaffRole.ADMINISTRATOR)
    told = client.post(f"/staff/deputies/{deputy}/end/", follow=True, headers={"referer": "/staff/"})
    assert any(STALE in one for one in PageReader(told.content.decode()).alerts)


LONG: Final = "9" * 5000
"""More digits than Python reads as a number."""


def test_what_no_form_judges_breaks_nothing(estate: OfficeEstate, browser: Browser) -> None:
    card = estate.issue_card(estate.staff(StaffRole.CLERK))
    client = browser(*StaffRole)
    client.raise_request_exception = False
    page = f"/cards/{card.pk}"
    answers = [
        client.post(f"{page}/collect/", {"version": LONG}),
        client.post(f"{page}/pay/", {"amount": "20", "method": "cash", "receipt": "R", "version": LONG}),
        client.post("/mass-changes/back/", {"change": f"{LONG}:x"}),
        client.get("/trail/", {"subject": "a\0b", "rule": "\0", "user": "\0"}),
        client.get("/find/", {"q": "a\0b"}),
        client.get("/events/", {"card": LONG, "after": f"{LONG}-1", "number": "\0"}),
        client.post(f"{page}/suspend/", {"cause": "a\0b"}),
    ]
    assert [one.status_code for one in answers if one.status_code >= 500] == []
    assert LossCase.objects.get().cause == "ab"
