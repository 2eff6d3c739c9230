"""A release slip from the clerk's form to the exit that opens for it once (15.2, 15.5), by real processes."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import segno
from playwright.sync_api import Page, expect

from scripts.demonstration.two_gates import GATE_IDS
from tests.office.browser.conftest import Open
from tests.support.browser_office import BrowserOffice
from tests.support.desk_pages import SIDEWAYS, give_chip, pay, register, sign, unit_page
from tests.support.import_files import csv_file
from tests.support.waiting import until

EXIT, OTHER = "east", "west"
GUARDS_CARD = "04CC0001"
DOORS = (("door", "exit_for_slips"), (EXIT, "yes"))
PHONE_WIDTH = 390
REFUSED_ONCE_USED = {"no_uses_left", "withdrawn"}
"""By the gate itself; and once the office has heard of it and taken the slip off the gate's list."""


def make_exit(page: Page, directory: Path) -> None:
    """Which door is an exit for slips is told by a table."""
    page.goto("/imports/")
    page.get_by_label("files").set_input_files(csv_file(directory / "doors.csv", DOORS))
    page.get_by_role("button", name="Check").click()
    page.locator("#job").get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="Imported")).to_be_visible()


def issue_guards_card(page: Page) -> None:
    """From the page of the estate, which the guard watches, to the signature."""
    page.goto("/places/")
    page.get_by_role("link", name="Card for a guard or for staff").click()
    page.get_by_label("Holder").fill("门岗一, 13800000001")
    page.get_by_label("kind").select_option("guard")
    page.get_by_role("button", name="Apply for the card").click()
    pay(page, "G1")
    give_chip(page, GUARDS_CARD)
    sign(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("active")


def issue_slip(page: Page, requester: str, goods: str) -> str:
    """KH-09-R02 for somebody of unit 102; the slip's address."""
    register(page, requester)
    unit_page(page, "1单元 102")
    page.get_by_role("link", name="Release slip (KH-09-R02)").click()
    page.get_by_label("requested by").select_option(label=requester)
    page.get_by_label("I have looked at the identity document").check()
    page.get_by_label("goods").fill(goods)
    page.get_by_label("person or plate").fill("粤B12345")
    page.get_by_label("exit").select_option(index=1)
    expect(page.get_by_label("trips")).to_have_value("1")
    page.get_by_role("button", name="Issue the slip").click()
    expect(page).to_have_url(re.compile(r"/slips/\d+/"))
    return page.url


def code_on(page: Page, office: BrowserOffice, address: str) -> str:
    """What a reader makes of the picture on the page: compared, because no reader of pictures is here."""
    pk = int(address.rstrip("/").rpartition("/")[2])
    with closing(
        sqlite3.connect(f"file:{office.directory / 'office' / 'office.db'}?mode=ro", uri=True)
    ) as db:
        ((code,),) = db.execute("SELECT code FROM registry_releaseslip WHERE id = ?", (pk,)).fetchall()
    picture = segno.make(code, error="m").svg_data_uri(scale=6, border=4)
    expect(page.locator("img.qr")).to_have_attribute("src", picture)
    return str(code)


def wait_for_lists(page: Page) -> None:
    """Until each gate has what the desk wants it to have."""

    def all_in_sync() -> bool:
        page.goto("/gates/")
        return page.locator(".state.active", has_text="in sync").count() == len(GATE_IDS)

    until("each gate is in sync", all_in_sync)


def expect_used(page: Page, address: str) -> None:
    """The slip's page says so once the gate has told it: one trip, and no code any more."""

    def is_used() -> bool:
        page.goto(address)
        return page.locator("h1 .state.used").count() == 1

    until("the slip is used", is_used)
    expect(page.locator("main")).to_contain_text("1 of 1 made")
    expect(page.locator("img.qr")).to_have_count(0)
    expect(page.locator("table.rows tbody tr", has_text="gate opened")).to_have_count(1)


def test_a_slip_opens_its_exit_once_with_the_guards_card_and_the_desk_sees_it_used(
    office: BrowserOffice, hub: None, signed_in: Open, tmp_path: Path
) -> None:
    make_exit(signed_in("manager"), tmp_path)
    clerk, guard = signed_in("clerk"), signed_in("guard", width=PHONE_WIDTH)
    issue_guards_card(clerk)
    address = issue_slip(clerk, "放行人", "2 sofas")
    expect(clerk.locator("main")).to_contain_text("0 of 1 made")
    # The guard's phone: found among today's slips, the goods compared with the list
    guard.reload()
    guard.locator("section", has_text="Release slips of today").locator(
        f"a[href='{urlsplit(address).path}']"
    ).click()
    expect(guard.locator(".goods")).to_have_text("2 sofas")
    expect(guard.locator("main")).not_to_contain_text("No guard's card opens this exit")
    assert guard.evaluate(SIDEWAYS) == 0
    guard.get_by_role("button", name="Record").first.click()
    expect(guard.locator("table.rows")).to_contain_text("goods compared with the list")
    code = code_on(guard, office, address)
    # The gates
    wait_for_lists(clerk)
    assert office.show_code(OTHER, code) == "unknown_credential"
    assert office.show_code(EXIT, code) == "needs_second_credential"
    assert not office.is_unlocked(EXIT)
    assert office.tap(EXIT, GUARDS_CARD) == "granted"
    until("the exit is unlocked", lambda: office.is_unlocked(EXIT))
    until("the exit is locked again", lambda: not office.is_unlocked(EXIT))
    assert office.show_code(EXIT, code) in REFUSED_ONCE_USED
    assert office.tap(EXIT, GUARDS_CARD) == "granted"  # as his own card: nothing waits for it
    # The desk
    for page in (clerk, guard):
        expect_used(page, address)
    wait_for_lists(clerk)
    assert office.show_code(EXIT, code) == "withdrawn"
    assert office.tap(EXIT, GUARDS_CARD) == "granted"  # and the reader's count of wrong tries begins anew
    expect_used(clerk, address)
