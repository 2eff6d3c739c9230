"""A card from the application to its signature, and its loss, through the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import uuid4

from django.test import Client

from office.registry.models import (
    Application,
    CaseState,
    Issue,
    IssueState,
    LossCase,
    MemberRole,
    Membership,
    Payment,
    Person,
    StaffRole,
)
from tests.support.office_estate import NOW, OfficeEstate

Browser = Callable[..., Client]


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def applied(client: Client, estate: OfficeEstate, **relations: str) -> str:
    form = {"applicant": estate.applicant.pk, "submission": str(uuid4()), "holder": [estate.applicant.pk]}
    form |= {f"relation-{estate.applicant.pk}": relations.get("own", "self")}
    return str(client.post(f"/places/{estate.unit.pk}/applications/", form, follow=True).content.decode())


def test_a_card_is_applied_for_paid_given_a_chip_and_signed_for(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk = browser(StaffRole.CLERK)
    assert "KH-03-R04" in text(clerk, f"/places/{estate.unit.pk}/apply/")
    applied(clerk, estate)
    issue = Application.objects.get().issues.get()
    page = f"/cards/{issue.pk}/"
    assert "applied for" in text(clerk, page)
    clerk.post(page + "pay/", {"amount": "20.00", "method": "cash", "receipt": "R1", "version": "0"})
    clerk.post(page + "chip/", {"number": "04:A1:B2:C3", "technology": "1"})
    clerk.post(page + "sign/", {"kind": "paper"})
    shown = text(clerk, page)
    assert "not confirmed: will accept" in shown
    assert ">active<" in shown
    assert "north" in shown


def test_13_6_another_chip_takes_the_place_of_a_wrong_one_before_the_signature(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk, actor = browser(StaffRole.CLERK), estate.staff(StaffRole.CLERK)
    first, second = estate.apply(actor, "self", "spouse")
    for card in (first, second):
        estate.pay(actor, card)
    page = f"/cards/{first.pk}/"
    clerk.post(page + "chip/", {"number": "04A1B2C3", "technology": "1"})
    assert "Another chip" in text(clerk, page)
    clerk.post(page + "chip/", {"number": "04A1B2C4", "technology": "1"})
    clerk.post(f"/cards/{second.pk}/chip/", {"number": "04A1B2C3", "technology": "1"})
    assert [str(one.chip) for one in Issue.objects.order_by("pk")] == ["04A1B2C4", "04A1B2C3"]
    clerk.post(page + "sign/", {"kind": "paper"})
    assert "Another chip" not in text(clerk, page)


def test_a_refusal_names_the_rule_and_changes_nothing(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    assert "(rule 13.2)" in applied(clerk, estate, own="")
    assert not Application.objects.exists()


def test_the_quota_is_shown_before_the_form_is_sent(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    people = [estate.add_person(f"friend {n}").pk for n in range(5)]
    asked: list[tuple[str, str | int]] = [
        ("applicant", estate.applicant.pk),
        *(("holder", one) for one in people),
    ]
    asked += [(f"relation-{one}", "friend") for one in people]
    answer = clerk.get(f"/places/{estate.unit.pk}/quota/", asked).content.decode()
    assert "at most 4 cards" in answer
    assert "rule 13.4.2.1" in answer


def test_13_2_the_page_says_at_once_that_nobody_else_is_the_applicant(
    estate: OfficeEstate, browser: Browser
) -> None:
    friend = estate.add_person("friend").pk
    asked = {"applicant": str(estate.applicant.pk), "holder": str(friend), f"relation-{friend}": "self"}
    answer = browser(StaffRole.CLERK).get(f"/places/{estate.unit.pk}/quota/", asked).content.decode()
    assert "Chosen person 1 is not the applicant" in answer
    assert "(rule 13.2)" in answer


def test_13_2_the_form_lists_who_belongs_to_the_unit_today_once(
    estate: OfficeEstate, browser: Browser
) -> None:
    later = Person.objects.create(name="who comes later", recorded_at=NOW)
    for person, since in ((estate.applicant, date(2024, 1, 1)), (later, date(2199, 1, 1))):
        Membership.objects.create(person=person, unit=estate.unit, role=MemberRole.RESIDENT, since=since)
    shown = text(browser(StaffRole.CLERK), f"/places/{estate.unit.pk}/apply/")
    assert shown.count('name="holder"') == 1
    assert "who comes later" not in shown


def test_a_card_is_lost_reviewed_approved_and_replaced(estate: OfficeEstate, browser: Browser) -> None:
    clerk, reviewer, manager = (
        browser(role) for role in (StaffRole.CLERK, StaffRole.REVIEWER, StaffRole.MANAGER)
    )
    issue = estate.issue_card(estate.staff(StaffRole.CLERK))
    clerk.post(f"/cards/{issue.pk}/report/", {"kind": "lost", "cause": "bus", "version": str(issue.version)})
    case = LossCase.objects.get()
    page = f"/cases/{case.pk}/"
    assert "not confirmed: will refuse" in text(clerk, page)
    assert "Reviewed: the record is right" not in text(clerk, page)
    assert "Reviewed: the record is right" in text(reviewer, page)
    assert "review" in text(reviewer, "/")
    reviewer.post(page + "review/")
    manager.post(page + "approve/")
    case.refresh_from_db()
    assert case.replacement is not None
    clerk.post(f"/cards/{case.replacement.pk}/pay/", {"amount": "20.00", "method": "cash", "receipt": "R9"})
    clerk.post(page + "chip/", {"number": "04FFEE01", "technology": "1"})
    assert "Another chip" in text(clerk, page)
    clerk.post(page + "chip/", {"number": "04FFEE02", "technology": "1"})
    clerk.post(page + "tell/", {"channel": "telephone", "result": "reached"})
    clerk.post(page + "sign/", {"kind": "screen"})
    new = Issue.objects.get(pk=case.replacement.pk)
    assert (new.state, str(new.chip)) == (IssueState.ACTIVE, "04FFEE02")
    assert "KH-14-R02" in text(clerk, page)


def test_14_found_asks_how_the_fee_is_given_back(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    actor = estate.staff(StaffRole.CLERK)
    case = estate.report_lost(actor, estate.issue_card(actor))
    page = f"/cases/{case.pk}/"
    assert "To give back" not in text(clerk, page)
    browser(StaffRole.REVIEWER).post(page + "review/")
    browser(StaffRole.MANAGER).post(page + "approve/")
    case.refresh_from_db()
    assert case.replacement is not None
    estate.pay(actor, case.replacement)
    assert "To give back: ¥20.00" in text(clerk, page)
    answer = clerk.post(page + "found/", {"method": "wechat"}, follow=True).content.decode()
    assert "Write down the receipt number" in answer
    clerk.post(page + "found/", {"method": "wechat", "receipt": "W7"})
    assert Payment.objects.get(receipt="W7").method == "wechat"
    case.refresh_from_db()
    assert case.state == CaseState.WITHDRAWN


def test_14_10_a_case_is_closed_without_a_replacement(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    actor = estate.staff(StaffRole.CLERK)
    case = estate.report_lost(actor, estate.issue_card(actor))
    page = f"/cases/{case.pk}/"
    assert "Close the case without a replacement" not in text(browser(StaffRole.REVIEWER), page)
    assert "Close the case without a replacement" in text(clerk, page)
    assert "reason" in clerk.post(page + "end/", follow=True).content.decode()
    clerk.post(page + "end/", {"reason": "not_replaced"})
    shown = text(clerk, page)
    assert "closed without a replacement" in shown
    assert "KH-14-R01-" in shown
    assert "no replacement is wanted" in text(clerk, f"/cards/{case.issue_id}/")


def test_find_anything_finds_person_unit_card_and_shows_markup_as_text(
    estate: OfficeEstate, browser: Browser
) -> None:
    clerk = browser(StaffRole.CLERK)
    estate.add_person("<script>alert(1)</script>")
    issue = estate.issue_card(estate.staff(StaffRole.CLERK))
    assert "陈一" in text(clerk, "/find/?q=陈")
    assert "1单元 101" in text(clerk, "/find/?q=1单元")
    assert "&lt;script&gt;alert(1)" in text(clerk, "/find/?q=<script")
    assert clerk.get(f"/find/?q={issue.chip}").headers["location"] == f"/cards/{issue.pk}/"
    assert "Nothing found" in text(clerk, "/find/?q=nobody")


def test_a_stale_page_changes_nothing(estate: OfficeEstate, browser: Browser) -> None:
    clerk = browser(StaffRole.CLERK)
    issue = estate.issue_card(estate.staff(StaffRole.CLERK))
    answer = clerk.post(f"/cards/{issue.pk}/report/", {"kind": "lost", "version": "0"}, follow=True)
    assert "Somebody has changed this record" in answer.content.decode()
    assert not LossCase.objects.exists()


def test_nobody_sees_anything_without_signing_in(estate: OfficeEstate) -> None:
    for address in ("/", "/find/?q=1", f"/places/{estate.unit.pk}/", "/cards/1/", "/cases/1/"):
        assert Client().get(address).headers["location"].startswith("/login/")
