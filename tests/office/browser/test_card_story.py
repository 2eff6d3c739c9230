"""A card from the application to its replacement, in the browser, with gates that decide by themselves."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from scripts.demonstration.two_gates import GATE_IDS
from tests.office.browser.conftest import Open
from tests.support.browser_office import BrowserOffice
from tests.support.desk_pages import give_chip, pay, sign

FIRST, SECOND = "04A1B2C3", "04A1B2C4"
EVERY_GATE = len(GATE_IDS)


def apply_for_own_card(page: Page) -> None:
    page.get_by_role("searchbox").fill("1单元 101")
    page.locator("#found").get_by_role("link", name="1单元 101").click()
    page.get_by_role("link", name="Apply for cards").click()
    page.locator(".wish", has_text="陈一").get_by_role("checkbox").check()
    page.locator(".wish", has_text="陈一").get_by_role("combobox").select_option("self")
    expect(page.locator("#quota")).to_contain_text("1 card chosen")
    page.get_by_role("button", name="Take the application in").click()
    page.get_by_role("link", name="resident card").click()


def test_a_card_is_issued_lost_and_replaced_and_every_gate_follows(
    office: BrowserOffice, hub: None, signed_in: Open
) -> None:
    clerk, reviewer, manager = (signed_in(role) for role in ("clerk", "reviewer", "manager"))
    # KH-13
    apply_for_own_card(clerk)
    pay(clerk, "R1")
    give_chip(clerk, FIRST)
    sign(clerk)
    expect(clerk.get_by_role("heading", level=1)).to_contain_text("active")
    expect(clerk.locator("#gates .state.active")).to_have_count(EVERY_GATE)
    assert [office.tap(gate, FIRST) for gate in GATE_IDS] == ["granted"] * EVERY_GATE
    expect(clerk.get_by_role("link", name="look at it")).to_be_visible()
    # KH-14: three clicks from the find box
    clerk.goto("/")
    clerk.get_by_role("searchbox").fill("陈一")
    clerk.locator("#found").get_by_role("link", name="resident card").click()
    clerk.get_by_role("button", name="Stop the card now").click()
    refusing = clerk.locator("section", has_text="the stopped card").locator(".state.lost")
    expect(refusing).to_have_count(EVERY_GATE)
    assert [office.tap(gate, FIRST) for gate in GATE_IDS] == ["lost"] * EVERY_GATE
    # Review, approval, replacement
    reviewer.reload()
    reviewer.get_by_role("link", name="KH-14").click()
    reviewer.get_by_role("button", name="Reviewed: the record is right").click()
    manager.reload()
    manager.get_by_role("link", name="KH-14").click()
    manager.get_by_role("button", name="Approve the replacement").click()
    clerk.reload()
    pay(clerk, "R2")
    clerk.goto("/")
    clerk.get_by_role("link", name="KH-14").click()
    give_chip(clerk, SECOND)
    clerk.get_by_label("Result").fill("reached")
    clerk.get_by_role("button", name="Told", exact=True).click()
    sign(clerk)
    accepting = clerk.locator("section", has_text="the new card").locator(".state.active")
    expect(accepting).to_have_count(EVERY_GATE)
    assert [office.tap(gate, SECOND) for gate in GATE_IDS] == ["granted"] * EVERY_GATE
    assert [office.tap(gate, FIRST) for gate in GATE_IDS] != ["granted"] * EVERY_GATE


def test_a_hub_that_is_down_holds_up_no_report_and_gates_hear_of_it_afterwards(
    office: BrowserOffice, hub: None, signed_in: Open
) -> None:
    clerk = signed_in("clerk")
    clerk.get_by_role("searchbox").fill(SECOND)
    clerk.locator("#found").get_by_role("link", name=SECOND).click()
    office.stop_hub()
    clerk.locator("summary", has_text="Report lost or damaged").click()
    clerk.get_by_role("button", name="Stop the card now").click()
    waiting = clerk.locator(".state.waiting", has_text="not confirmed: will refuse")
    expect(waiting).to_have_count(EVERY_GATE)
    assert office.tap("east", SECOND) == "granted"  # the gate has not heard of it, and the page says so
    office.start_hub()
    refusing = clerk.locator("section", has_text="the stopped card").locator(".state.lost")
    expect(refusing).to_have_count(EVERY_GATE)
    assert [office.tap(gate, SECOND) for gate in GATE_IDS] == ["lost"] * EVERY_GATE
