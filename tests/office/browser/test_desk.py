"""The desk as people use it: by keyboard, in both languages, enlarged, twice at once, with bad input."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.office.browser.conftest import Open
from tests.support.browser_office import BrowserOffice
from tests.support.desk_pages import SIDEWAYS, apply_for, register, unit_page

HOSTILE = "<img src=x onerror=document.title='x'> \u202eabc " + "长" * 150


def test_a_clerk_is_refused_what_only_the_manager_may_do(office: BrowserOffice, signed_in: Open) -> None:
    clerk = signed_in("clerk")
    clerk.locator("summary", has_text="More").click()
    expect(clerk.get_by_role("link", name="Archive")).to_be_visible()
    expect(clerk.get_by_role("link", name="Policy")).to_have_count(0)
    answer = clerk.goto("/policy/")
    assert answer is not None
    assert answer.status == 403
    expect(clerk.get_by_role("heading", name="Not for your role")).to_be_visible()


def test_an_application_by_keyboard_alone(signed_in: Open) -> None:
    page = signed_in("clerk")
    register(page, "键盘")
    unit_page(page, "1单元 102")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")

    def tab_to(element: str) -> None:
        """Tab until it has the focus."""
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.locator(f"{element}:focus").count():
                return
        pytest.fail(f"no Tab leads to {element}")

    tab_to("a[href$='/apply/']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("KH-03-R04")
    person = page.locator(".wish", has_text="键盘").get_by_role("checkbox").get_attribute("value")
    tab_to("#applicant")
    page.keyboard.press("End")
    expect(page.locator("#applicant")).to_have_value(person or "?")
    tab_to(f"input[value='{person}']")
    page.keyboard.press("Space")
    tab_to(f"#relation-{person}")
    page.keyboard.press("ArrowDown")
    tab_to("main form button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("KH-03-R04-20")
    expect(page.get_by_role("link", name="resident card")).to_have_count(1)


def test_both_languages_and_the_choice_stays(signed_in: Open) -> None:
    page = signed_in("clerk", language="zh-CN")
    expect(page.get_by_role("heading", name="今日")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    page.goto("/till/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Till")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("收款")


def test_a_button_that_is_hit_twice_books_once(signed_in: Open) -> None:
    page = signed_in("clerk")
    register(page, "双击")
    apply_for(page, "双击")
    page.get_by_role("button", name="Take the application in").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("KH-03-R04-20")
    page.get_by_role("link", name="resident card").click()
    page.get_by_label("Receipt number").fill(f"T{uuid4().hex[:8]}")
    page.get_by_role("button", name="Book the payment").dblclick()
    expect(page.get_by_text("cost fee ¥20.00")).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_same_form_sent_again_is_one_application(signed_in: Open) -> None:
    page = signed_in("clerk")
    register(page, "再发")
    apply_for(page, "再发")
    page.get_by_role("button", name="Take the application in").click()
    first = page.url
    expect(page.get_by_role("heading", level=1)).to_contain_text("KH-03-R04-20")
    page.go_back()
    page.get_by_role("button", name="Take the application in").click()
    expect(page).to_have_url(re.compile("/applications/"))
    assert page.url == first


def test_a_stale_page_changes_nothing(signed_in: Open) -> None:
    page, other = signed_in("clerk"), signed_in("clerk")
    register(page, "过期")
    apply_for(page, "过期")
    page.get_by_role("button", name="Take the application in").click()
    page.get_by_role("link", name="resident card").click()
    other.goto(page.url)
    for one, receipt in ((page, "first"), (other, "second")):
        one.get_by_label("Receipt number").fill(f"{receipt}{uuid4().hex[:6]}")
        one.get_by_role("button", name="Book the payment").click()
    expect(other.get_by_role("alert")).to_contain_text("Somebody has changed this record")
    expect(other.get_by_text("cost fee ¥20.00")).to_have_count(1)


def test_hostile_names_are_text_and_break_no_page(signed_in: Open) -> None:
    page = signed_in("clerk", width=390)
    register(page, HOSTILE)
    page.get_by_role("link", name="<img src=x").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x onerror")
    assert page.locator("main img").count() == 0
    assert page.evaluate(SIDEWAYS) == 0
    page.get_by_role("searchbox").fill("<img")
    expect(page.locator("#found").get_by_role("link", name="<img src=x")).to_be_visible()
    assert page.evaluate(SIDEWAYS) == 0


DESK_READER = """number => {
  for (const key of [...number, "Enter"])
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}"""
"""A desk reader's keys in one go: sent one by one, a busy machine would slow them to a person's."""


def test_a_card_held_to_the_desk_reader_opens_its_page_wherever_the_caret_is(signed_in: Open) -> None:
    page = signed_in("clerk")
    register(page, "读卡")
    apply_for(page, "读卡")
    page.get_by_role("button", name="Take the application in").click()
    page.get_by_role("link", name="resident card").click()
    page.get_by_label("Receipt number").fill(f"K{uuid4().hex[:8]}")
    page.get_by_role("button", name="Book the payment").click()
    expect(page.get_by_role("heading", name="Hold the new card to the desk reader")).to_be_visible()
    page.evaluate(DESK_READER, "04FFAA55")
    expect(page.get_by_role("link", name="Sign on the screen")).to_be_visible()
    page.goto("/till/")
    page.evaluate(DESK_READER, "04FFAA55")
    expect(page).to_have_url(re.compile(r"/cards/\d+/"))


def test_at_200_per_cent_and_on_a_phone_nothing_scrolls_sideways(signed_in: Open) -> None:
    unit = unit_page(signed_in("clerk"), "1单元 101")
    number = unit.rstrip("/").rpartition("/")[2]
    clerk = ["/", "/till/", "/archive/", "/password/", "/places/", unit, f"/places/{number}/apply/"]
    clerk += [f"/places/{number}/people/new/", f"/places/{number}/vehicles/new/", "/find/?q=1"]
    clerk += [f"/places/{number}/{one}/" for one in ("move-in", "move-out", "slips/new", "lift")]
    clerk += ["/moves/", "/outages/", "/outages/new/", "/shops/", "/shops/activity/", "/statistics/"]
    clerk += ["/alarms/", "/alarms/history/", "/gates/", "/events/"]
    pages = {"clerk": clerk, "manager": ["/policy/", "/relations/", "/trail/"], "administrator": ["/staff/"]}
    for role, addresses in pages.items():
        page = signed_in(role, width=640)
        for address in addresses:
            page.goto(address)
            assert page.evaluate(SIDEWAYS) == 0, address
            page.set_viewport_size({"width": 390, "height": 800})
            assert page.evaluate(SIDEWAYS) == 0, f"{address} on a phone"
            page.set_viewport_size({"width": 640, "height": 800})
