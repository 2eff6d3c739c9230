"""KH-15 through its pages: move-in, move away, the lift, a slip on the guard's phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from office.casework.merchants import register_merchant
from office.casework.slips import move_slip
from office.clock import utc_now
from office.registry.models import (
    ArchivedForm,
    LiftUse,
    MemberRole,
    Membership,
    MoveOut,
    Person,
    ReleaseSlip,
    StaffRole,
    Tenancy,
    UnitUse,
)
from tests.office.casework.moving import ZONE, exit_door, grants_at_gates, new_slip
from tests.support.office_estate import NOW, OfficeEstate

Browser = Callable[..., Client]


def posted(client: Client, address: str, **values: object) -> str:
    return client.post(address, {"submission": str(uuid4())} | values, follow=True).content.decode()


def shown(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def day(ahead: int) -> str:
    """A day so many days after the desk's today."""
    today = datetime.fromtimestamp(utc_now(), UTC).astimezone(ZONE).date()
    return (today + timedelta(days=ahead)).isoformat()


def test_15_1_a_tenant_moves_in_and_the_tenancy_is_extended_in_one_step(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk = browser(StaffRole.CLERK)
    page = f"/places/{estate.unit.pk}/move-in/"
    tenants = f"林小雨, 138\n#{estate.applicant.pk}"
    form = {"owner": estate.applicant.pk, "tenants": tenants, "since": day(0), "last_day": day(10)}
    assert "owner of the unit present" in posted(clerk, page, **form)
    assert not Tenancy.objects.exists()
    assert "林小雨" in posted(clerk, page, owner_present="on", **form)
    tenancy = Tenancy.objects.get()
    assert Membership.objects.filter(role=MemberRole.TENANT).count() == 2
    assert f"/tenancies/{tenancy.pk}/extend/" in shown(clerk, "/")
    posted(clerk, f"/tenancies/{tenancy.pk}/extend/", last_day=day(400))
    assert f"/tenancies/{tenancy.pk}/extend/" not in shown(clerk, "/")


def test_15_1_a_tenant_who_is_registered_is_led_on_to_the_move_in(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk, unit = browser(StaffRole.CLERK), estate.unit.pk
    told = {"name": "林小雨", "role": "tenant", "since": day(0), "last_day": day(90), "owner_present": "on"}
    form = posted(clerk, f"/places/{unit}/people/new/", **told)
    tenant = Person.objects.get(name="林小雨")
    assert f"#{tenant.pk}</textarea>" in form
    assert f'value="{day(90)}"' in form
    assert not tenant.memberships.exists()  # the move-in makes them a tenant
    move_in: dict[str, object] = {"owner": estate.applicant.pk, "tenants": f"#{tenant.pk}"}
    dates = {"since": day(0), "last_day": day(90), "owner_present": "on"}
    posted(clerk, f"/places/{unit}/move-in/", **move_in, **dates)
    assert tenant.memberships.get().role == MemberRole.TENANT
    tenancy = Tenancy.objects.get()
    assert f"/tenancies/{tenancy.pk}/register.pdf" in shown(clerk, f"/places/{unit}/")


def test_15_3_a_move_is_announced_late_with_a_reason_settled_and_put_off(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk = browser(StaffRole.CLERK)
    card = estate.issue_card(estate.staff(StaffRole.CLERK))
    page = f"/places/{estate.unit.pk}/move-out/"
    late = {"persons": estate.applicant.pk, "day": day(1)}
    assert "This comes later than it should" in posted(clerk, page, **late)
    assert "later than three days before" in posted(clerk, page, late_reason="sold", **late)
    move = MoveOut.objects.get()
    step = f"/moves/{move.pk}/"
    answer = posted(clerk, step + "settle/", kind="water", amount="12.34", note="not paid")
    assert "not settled" in answer
    before = grants_at_gates(card.pk)
    posted(clerk, step + "put-off/", day=day(9), version=str(move.version))
    after = grants_at_gates(card.pk)
    for gate, one in after.items():
        old = before[gate].valid_until
        assert old is not None
        assert one.valid_until == old + 8 * 86_400
    posted(clerk, step + "call-off/")
    assert {one.valid_until for one in grants_at_gates(card.pk).values()} == {None}


def test_15_4_the_page_offers_quiet_times_and_takes_a_reason(estate: OfficeEstate, browser: Browser) -> None:
    clerk, page = browser(StaffRole.CLERK), f"/places/{estate.unit.pk}/lift/"
    busy = {"inwards": "in", "start": f"{day(1)}T08:00", "end": f"{day(1)}T10:00"}
    assert "09:00-11:00" in posted(clerk, page, **busy)
    posted(clerk, page, busy_reason="the lorry comes then", **busy)
    assert LiftUse.objects.get().inwards


def test_15_2_a_slip_is_issued_once_and_shown_on_the_guards_phone(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk, guard = browser(StaffRole.CLERK), browser(StaffRole.GUARD)
    door = exit_door()
    form = {"requester": estate.applicant.pk, "identity_checked": "on", "goods": "2 sofas <b>", "trips": "1"}
    form |= {"carrier": "粤B12345", "door": door.pk, "since": f"{day(0)}T00:00", "until": f"{day(1)}T23:00"}
    form |= {"submission": str(uuid4())}
    page = f"/places/{estate.unit.pk}/slips/new/"
    assert "identity document" in posted(clerk, page, **(form | {"identity_checked": ""}))
    for _ in range(2):
        posted(clerk, page, **form)
    slip = ReleaseSlip.objects.get()
    assert len(slip.code) == 32
    phone = shown(guard, f"/slips/{slip.pk}/")
    assert "data:image/svg+xml" in phone
    assert "2 sofas &lt;b&gt;" in phone
    assert "No guard&#x27;s card opens this exit" in phone or "No guard's card opens this exit" in phone
    assert f"/slips/{slip.pk}/" in shown(guard, "/")
    assert "reason" in posted(guard, f"/slips/{slip.pk}/confirm/", good="no")
    assert "a piano" in posted(guard, f"/slips/{slip.pk}/confirm/", good="no", note="a piano")
    assert "checked afterwards" in posted(guard, f"/slips/{slip.pk}/after/", good="yes")
    posted(clerk, f"/slips/{slip.pk}/cancel/", reason="the goods stay")
    assert "data:image/svg+xml" not in shown(guard, f"/slips/{slip.pk}/")


def test_slips_of_others_are_not_for_everybody(estate: OfficeEstate, browser: Browser) -> None:
    assert browser(StaffRole.TECHNICIAN).get("/slips/1/").status_code == 403


@pytest.mark.parametrize("line", ["#999", "x" * 201, ", 138"])
def test_a_tenants_line_that_is_wrong_is_told_and_nobody_is_registered(
    estate: OfficeEstate, browser: Browser, line: str
) -> None:
    form = {"owner": estate.applicant.pk, "owner_present": "on", "since": day(0), "last_day": day(10)}
    answer = posted(browser(StaffRole.CLERK), f"/places/{estate.unit.pk}/move-in/", tenants=line, **form)
    assert "errorlist" in answer
    assert not Membership.objects.filter(role=MemberRole.TENANT).exists()


def test_15_2_a_guard_sees_where_a_slip_is_that_is_on_its_way(estate: OfficeEstate, browser: Browser) -> None:
    clerk = estate.staff(StaffRole.CLERK)
    slip = new_slip(estate, clerk, trips=2, since=NOW, until=NOW + timedelta(days=3000))
    guard = browser(StaffRole.GUARD)
    assert "On its way" not in shown(guard, f"/slips/{slip.pk}/")
    move_slip(clerk, slip.pk, exit_door(20))
    page = shown(guard, f"/slips/{slip.pk}/")
    number = ArchivedForm.objects.get(subject=f"slip:{slip.pk}")
    assert "On its way from “north”" in page
    assert "The code opens nowhere until that gate has confirmed its end" in page
    assert f"open with your own card, and book {number} at the gate" in page


def test_15_2_a_shopkeeper_has_the_shops_goods_leave(estate: OfficeEstate, browser: Browser) -> None:
    shop = estate.add_unit("S1", "40", UnitUse.COMMERCIAL)
    cook = Person.objects.create(name="noodle cook", recorded_at=NOW)
    register_merchant(estate.staff(StaffRole.CLERK), "Noodles", cook, shop, NOW.date())
    page = browser(StaffRole.CLERK).get(reverse("new-slip", args=[shop.pk])).content.decode()
    assert "noodle cook" in page
    assert "陈一" not in page.partition("<form")[2].partition('name="requester"')[2].partition("</select>")[0]
