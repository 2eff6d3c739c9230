"""The register, the till, staff and records, through their pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.contrib.auth.models import User
from django.test import Client

from office.casework.loss import Report, report_loss
from office.desk.register_forms import REASON_WORDS
from office.procedures.withdrawal import Reason
from office.registry.models import (
    AuditEntry,
    CardKind,
    CashClosing,
    Deputy,
    Issue,
    IssueState,
    LedgerEntry,
    LossKind,
    Membership,
    Payment,
    Person,
    Policy,
    RelationKind,
    StaffRole,
    Vehicle,
)
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]
NEW_PERSON = {"name": "林小雨", "phone": "13800000000", "role": "resident", "since": "2026-01-01"}


def posted(client: Client, address: str, **values: object) -> str:
    """The page that a form leads to, or that says what is wrong."""
    response = client.post(address, values, follow=True)
    return response.content.decode()


def test_13_1_a_person_is_registered_changed_added_to_a_unit_and_leaves_it(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk = browser(StaffRole.CLERK)
    second = estate.add_unit("102", "90.00")
    assert "林小雨" in posted(clerk, f"/places/{estate.unit.pk}/people/new/", **NEW_PERSON)
    person = Person.objects.get(name="林小雨")
    assert "13900000000" in posted(clerk, f"/people/{person.pk}/change/", name="林小雨", phone="13900000000")
    told = {"role": "owner", "since": "2026-01-01"}
    page = f"/people/{person.pk}/units/new/"
    assert "Several fit: 1栋 1单元 101, 1栋 1单元 102" in posted(clerk, page, unit="1单元", **told)
    assert "Nothing on record fits" in posted(clerk, page, unit="9单元", **told)
    assert "1单元 102" in posted(clerk, page, unit="1单元 102", **told)
    membership = Membership.objects.get(person=person, unit=second)
    posted(clerk, f"/memberships/{membership.pk}/end/", last_day="2026-11-30")
    membership.refresh_from_db()
    assert membership.until == date(2026, 12, 1)


def test_15_1_what_was_typed_is_still_there_after_a_refusal(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    page = f"/places/{estate.unit.pk}/people/new/"
    answer = clerk.post(page, NEW_PERSON | {"role": "tenant", "last_day": "2027-01-01"})
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "(rule 15.1)" in shown
    assert 'value="林小雨"' in shown
    assert not Person.objects.filter(name="林小雨").exists()
    wrong_day = clerk.post(page, NEW_PERSON | {"since": "2026-02-30"}).content.decode()
    assert "Enter a valid date" in wrong_day


def test_13_1_a_unit_changes_hands(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    buyer = Person.objects.create(name="陈一", recorded_at="2026-01-01T00:00Z")
    page = f"/places/{estate.unit.pk}/owner/"
    assert f"陈一 #{buyer.pk}" in posted(clerk, page, owner="陈一", since="2026-12-01")
    posted(clerk, page, owner=f"#{buyer.pk}", since="2026-12-01")
    assert Membership.objects.get(person=buyer).since == date(2026, 12, 1)
    assert Membership.objects.get(person=estate.applicant).until == date(2026, 12, 1)


def test_13_vehicle_from_the_plate_to_the_application(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    posted(
        clerk, f"/places/{estate.unit.pk}/vehicles/new/", plate="粤B 1", keeper="陈一", last_day="2030-12-31"
    )
    vehicle = Vehicle.objects.get()
    assert vehicle.parking_until == date(2031, 1, 1)
    page = clerk.get(f"/vehicles/{vehicle.pk}/")
    submission = {"submission": page.context["submission"]}
    assert "vehicle card" in posted(clerk, f"/vehicles/{vehicle.pk}/apply/", **submission)
    posted(clerk, f"/vehicles/{vehicle.pk}/apply/", **submission)
    assert Issue.objects.filter(kind=CardKind.VEHICLE).count() == 1
    assert "粤B1" in posted(clerk, f"/vehicles/{vehicle.pk}/parking/", last_day="")
    vehicle.refresh_from_db()
    assert vehicle.parking_until is None


def test_13_vehicle_a_plate_that_is_gone_is_registered_for_another_unit(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk, other = browser(StaffRole.CLERK), estate.add_unit("102", "80")
    form = {"plate": "粤B1", "keeper": "陈一", "last_day": ""}
    posted(clerk, f"/places/{estate.unit.pk}/vehicles/new/", **form)
    first = Vehicle.objects.get()
    assert "on record already" in posted(clerk, f"/places/{other.pk}/vehicles/new/", **form)
    assert "It is gone" not in browser(StaffRole.GUARD).get(f"/vehicles/{first.pk}/").content.decode()
    assert "It is gone" not in posted(clerk, f"/vehicles/{first.pk}/gone/")
    posted(clerk, f"/places/{other.pk}/vehicles/new/", **form)
    assert Vehicle.objects.get(gone_on=None).unit == other
    assert "粤B1" not in clerk.get(f"/places/{estate.unit.pk}/").content.decode()


def test_13_3_a_card_is_withdrawn_for_a_reason_of_the_list_only(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk = browser(StaffRole.CLERK)
    card = estate.issue_card(estate.staff(StaffRole.CLERK))
    page = f"/cards/{card.pk}/withdraw/"
    for reason in ("arrears", "temporary_returned", ""):
        answer = clerk.post(page, {"reason": reason, "version": card.version})
        assert answer.status_code == 422, reason
    assert "Somebody has changed this record" in posted(clerk, page, reason="handed_back", version=0)
    shown = posted(clerk, page, reason="handed_back", version=card.version)
    assert "handed back by its holder" in shown
    assert ">withdrawn<" in shown
    assert set(REASON_WORDS) == set(Reason)


def test_13_3_an_application_is_cancelled_and_its_fee_given_back(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk = browser(StaffRole.CLERK)
    actor = estate.staff(StaffRole.CLERK)
    (card,) = estate.apply(actor, "self")
    estate.pay(actor, card)
    page = f"/cards/{card.pk}/cancel/"
    card.refresh_from_db()
    assert "Write down the receipt number" in posted(clerk, page, method="cash", version=card.version)
    posted(clerk, page, method="cash", receipt="B7", version=card.version)
    assert Payment.objects.get(receipt="B7").kind == "refund"


def test_13_doors_an_exception_is_set_and_ended(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    card = estate.issue_card(estate.staff(StaffRole.CLERK))
    page = f"/cards/{card.pk}/exceptions/new/"
    told = {"door": 11, "allows": "yes", "reason": "delivery"}
    assert "must be in the future" in posted(clerk, page, last_day="2020-01-01", **told)
    shown = posted(clerk, page, last_day="2099-01-01", **told)
    assert "opens this door, too" in shown
    assert "delivery" in shown
    posted(clerk, f"/exceptions/{card.exceptions.get().pk}/end/")
    assert card.exceptions.get().ended


def test_14_2_stored_value_is_entered_and_shown(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    card = estate.issue_card(estate.staff(StaffRole.CLERK))
    page = f"/cards/{card.pk}/account/"
    assert "no account yet" in clerk.get(page).content.decode()
    assert "¥100.00" in posted(clerk, page, kind="opening", amount="100")
    assert "Write down why" in posted(clerk, page, kind="correction", amount="-1")
    assert "more than zero" in posted(clerk, page, kind="top_up", amount="-1")
    assert LedgerEntry.objects.count() == 1
    assert "¥100" in clerk.get(f"/cards/{card.pk}/").content.decode()


def test_14_temporary_is_lent_and_taken_back(estate: OfficeEstate, browser: Browser) -> None:
    actor = estate.staff(StaffRole.CLERK)
    clerk = browser(StaffRole.CLERK)
    card = estate.issue_card(actor)
    case = report_loss(actor, card.pk, estate.applicant, Report(LossKind.LOST))
    assert "Lend a temporary card" in clerk.get(f"/cases/{case.pk}/").content.decode()
    page = f"/cases/{case.pk}/lend/"
    last_day = clerk.get(page).context["form"].initial["last_day"]
    told = {"number": "04FF", "technology": 1, "method": "cash", "receipt": "D1", "kind": "paper"}
    posted(clerk, page, last_day=last_day, **told)
    lent = Issue.objects.get(kind=CardKind.TEMPORARY)
    assert lent.state == IssueState.ACTIVE
    assert "Take the temporary card back" in clerk.get(f"/cases/{case.pk}/").content.decode()
    assert "Temporary cards that are out" in clerk.get("/").content.decode()
    posted(clerk, f"/cards/{lent.pk}/return/", method="cash", receipt="D2", version=lent.version)
    lent.refresh_from_db()
    assert lent.state == IssueState.COLLECTED


def test_14_temporary_that_was_lost_itself_ends_on_its_page(estate: OfficeEstate, browser: Browser) -> None:
    actor, clerk = estate.staff(StaffRole.CLERK), browser(StaffRole.CLERK)
    case = report_loss(actor, estate.issue_card(actor).pk, estate.applicant, Report(LossKind.LOST))
    last_day = clerk.get(f"/cases/{case.pk}/lend/").context["form"].initial["last_day"]
    told = {"number": "04FF", "technology": 1, "method": "cash", "receipt": "D1", "kind": "paper"}
    posted(clerk, f"/cases/{case.pk}/lend/", last_day=last_day, **told)
    lent = Issue.objects.get(kind=CardKind.TEMPORARY)
    posted(clerk, f"/cards/{lent.pk}/suspend/", cause="it fell into the river")
    called = lent.cases.get()
    page = f"/cards/{lent.pk}/lost/"
    assert page in clerk.get(f"/cards/{lent.pk}/").content.decode()
    shown = clerk.get(f"/cases/{called.pk}/").content.decode()
    assert page in shown
    assert "Confirm the report" not in shown
    lent.refresh_from_db()
    assert "deposit" in posted(clerk, page, version=lent.version)
    answer = posted(clerk, page, deposit="keep", version=lent.version)
    assert "Deposit kept" in answer
    assert page not in answer
    assert "Temporary cards that are out" not in clerk.get("/").content.decode()


def test_13_5_the_till_is_shown_voided_and_closed(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    estate.issue_card(estate.staff(StaffRole.CLERK))
    payment = Payment.objects.get()
    day = payment.day.isoformat()
    assert "¥20.00" in clerk.get(f"/till/?day={day}").content.decode()
    assert "wrong one" in posted(clerk, f"/receipts/{payment.pk}/void/", reason="wrong one")
    assert "void already" in posted(clerk, f"/receipts/{payment.pk}/void/", reason="again")
    assert "Difference: ¥1.50" in posted(clerk, f"/till/{day}/close/", counted="1.50")
    assert CashClosing.objects.get().expected_cash == 0
    assert "is closed" in posted(clerk, f"/till/{day}/close/", counted="1.50")
    assert clerk.get("/till/?day=yesterday").status_code == 404


def test_0_staff_an_administrator_adds_and_closes_accounts(estate: OfficeEstate, browser: Browser) -> None:
    admin = browser(StaffRole.ADMINISTRATOR)
    told = {"name": "wang", "full_name": "王芳", "roles": ["clerk", "guard"]}
    assert "too common" in posted(admin, "/staff/new/", password="password123", **told)
    assert "王芳" in posted(admin, "/staff/new/", password="quite-a-long-one", **told)
    wang = User.objects.get(username="wang")
    posted(admin, f"/staff/{wang.pk}/roles/", roles=["reviewer"])
    assert [one.role for one in wang.assignments.all()] == ["reviewer"]
    assert "at least one role" in posted(admin, f"/staff/{wang.pk}/roles/")
    posted(admin, f"/staff/{wang.pk}/close/")
    told = {"username": "wang", "password": "quite-a-long-one"}
    assert "do not match" in Client(headers={"accept-language": "en"}).post("/login/", told).content.decode()
    posted(admin, f"/staff/{wang.pk}/open/")
    days = {"since": "2026-01-01", "last_day": "2099-12-31"}
    assert "王芳 · wang" in admin.get("/staff/deputies/new/").content.decode()
    assert "office manager" in posted(admin, "/staff/deputies/new/", user=wang.pk, role="manager", **days)
    posted(admin, f"/staff/deputies/{Deputy.objects.get().pk}/end/")
    assert "Nobody stands in" in admin.get("/staff/").content.decode()


def test_0_staff_everybody_changes_their_own_password(estate: OfficeEstate) -> None:
    user = estate.staff(StaffRole.GUARD).user
    user.set_password("the first password")
    user.save()
    guard = Client(headers={"accept-language": "en"})
    guard.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    told = {"password": "the second password", "again": "the second password"}
    assert "not right" in posted(guard, "/password/", old="wrong", **told)
    assert "not the same" in posted(guard, "/password/", old="the first password", **(told | {"again": "x"}))
    assert "is changed" in posted(guard, "/password/", old="the first password", **told)
    assert guard.get("/").status_code == 200  # still signed in
    user.refresh_from_db()
    assert user.check_password("the second password")


def test_0_policy_and_relations_are_the_managers(estate: OfficeEstate, browser: Browser) -> None:
    manager = browser(StaffRole.MANAGER)
    shown = manager.get("/policy/").context["form"].initial
    told = {name: value for name, value in shown.items() if value is not None}
    assert "Saved" in posted(manager, "/policy/", **(told | {"card_fee": "25.00"}))
    assert Policy.objects.get().card_fee == 25
    assert "greater than or equal to 180" in posted(manager, "/policy/", **(told | {"event_days": "7"}))
    for name, wrong in (("temporary_deposit", "-5"), ("quota_area_m2", "-0.01"), ("card_fee", "-1")):
        assert "greater than or equal to 0" in posted(manager, "/policy/", **(told | {name: wrong}))
    for name in ("temporary_days", "quota_below", "quota_from", "departed_days", "case_days", "login_days"):
        assert "greater than or equal to 1" in posted(manager, "/policy/", **(told | {name: "0"}))
    assert Policy.objects.get().temporary_deposit == 50
    posted(manager, "/relations/child-spouse/", direct="yes")
    assert RelationKind.objects.get(pk="child-spouse").direct


def test_the_trail_is_searched_and_its_chain_checked(estate: OfficeEstate, browser: Browser) -> None:
    card = estate.issue_card(estate.staff(StaffRole.CLERK))
    manager = browser(StaffRole.MANAGER)
    shown = manager.get(f"/trail/?subject=issue:{card.pk}&check=1").content.decode()
    assert "card activated" in shown
    assert "The chain is whole" in shown
    AuditEntry.objects.filter(number=2).update(action="nothing")
    assert "broken at 1 entries, first at number 2" in manager.get("/trail/?check=1").content.decode()


def test_14_10_the_archive_leads_to_its_cases(estate: OfficeEstate, browser: Browser) -> None:
    from office.casework.archive import archive  # noqa: PLC0415
    from office.registry.models import Form  # noqa: PLC0415

    actor = estate.staff(StaffRole.CLERK)
    case = estate.report_lost(actor, estate.issue_card(actor))
    archive(actor, Form.LOSS_REPORT, f"losscase:{case.pk}")
    shown = browser(StaffRole.GUARD).get("/archive/?form=KH-14-R01").content.decode()
    assert "KH-14-R01-2026-00001" in shown
    assert f'href="/cases/{case.pk}/"' in shown


CLERKS = [
    "/places/{unit}/people/new/",
    "/cards/{card}/withdraw/",
    "/cards/{card}/account/",
    "/cards/{card}/pad/",
]


@pytest.mark.parametrize(
    ("role", "address"),
    [
        *((StaffRole.MANAGER, one) for one in CLERKS),
        *((StaffRole.CLERK, one) for one in ("/staff/", "/staff/new/", "/policy/", "/relations/", "/trail/")),
        (StaffRole.GUARD, "/till/"),
    ],
)
def test_a_page_of_another_role_says_so(
    estate: OfficeEstate, browser: Browser, role: StaffRole, address: str
) -> None:
    card = estate.issue_card(estate.staff(StaffRole.CLERK))
    answer = browser(role).get(address.format(unit=estate.unit.pk, card=card.pk))
    assert answer.status_code == 403
    assert "Not for your role" in answer.content.decode()
