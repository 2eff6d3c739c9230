"""A card at the clerk's own PC/SC reader: real pcscd, the helper as a process, Chromium, the issue form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from playwright.sync_api import Page, expect

from drivers.virtual_pcsc import READER_NAME, VirtualPcsc
from tests.office.browser.conftest import Open
from tests.support.browser_office import BrowserOffice
from tests.support.desk_pages import apply_for, register
from tests.support.desk_reader import HelperProcess, helper_process, real_service

CARD, DRAWN = bytes.fromhex("04998877665544"), bytes.fromhex("08A1B2C3")
FOREIGN = """async (address) => {
  const headers = {"Content-Type": "application/json"};
  try { return (await fetch(address + "/hello", {method: "POST", headers, body: "{}"})).status; }
  catch (error) { return error.name; } }"""


@pytest.fixture(scope="module")
def service() -> Iterator[VirtualPcsc]:
    with real_service() as running:
        yield running


@pytest.fixture
def helper(office: BrowserOffice, service: VirtualPcsc, tmp_path: Path) -> Iterator[HelperProcess]:
    options = (office.address, office.reader_port, "--reader", READER_NAME)
    with helper_process(tmp_path, service.socket_path, *options) as running:
        yield running


def pair(page: Page, code: str) -> None:
    page.locator("details.who summary").click()
    page.get_by_role("link", name="Card reader at this PC").click()
    page.get_by_label("Code", exact=False).fill(code)
    page.get_by_role("button", name="Pair", exact=True).click()
    expect(page.get_by_label("Code", exact=False)).to_have_value("")


def held(service: VirtualPcsc, number: bytes, until: Callable[[], None]) -> None:
    """Hold the card to the reader, again and again as people do, until the page has it."""
    done = Event()

    def tap() -> None:
        while not done.is_set():
            service.tap(number)

    tapping = Thread(target=tap)
    tapping.start()
    try:
        until()
    finally:
        done.set()
        tapping.join()


def test_a_tap_fills_the_issue_form_and_finds_the_card(
    service: VirtualPcsc, helper: HelperProcess, signed_in: Open
) -> None:
    clerk = signed_in("clerk")
    pair(clerk, helper.code.lower())
    bar = clerk.locator("#reader")
    expect(bar).to_have_text("Card reader ready")
    register(clerk, "助手")
    apply_for(clerk, "助手")
    clerk.get_by_role("button", name="Take the application in").click()
    clerk.get_by_role("link", name="resident card").click()
    clerk.get_by_label("Receipt number").fill("PCSC-1")
    clerk.get_by_role("button", name="Book the payment").click()
    expect(clerk.get_by_label("Chip number")).to_be_focused()
    held(service, DRAWN, lambda: expect(bar).to_contain_text("shows another number each time"))
    clerk.get_by_label("Printed number").fill("A-1")
    held(service, CARD, lambda: expect(bar).to_contain_text("while you were writing"))
    expect(clerk.get_by_label("Printed number")).to_have_value("A-1")
    clerk.get_by_label("Chip number").focus()
    signing = clerk.get_by_role("link", name="Sign on the screen")
    held(service, CARD, lambda: expect(signing).to_be_visible())
    expect(clerk.locator("dl.facts").first).to_contain_text("A-1")
    page = clerk.url.partition("?")[0]
    clerk.goto("/")
    held(service, CARD, lambda: clerk.wait_for_url(page))
    assert CARD.hex() not in helper.said().lower()


def test_the_page_says_what_is_wrong(
    service: VirtualPcsc, helper: HelperProcess, signed_in: Open, office: BrowserOffice, tmp_path: Path
) -> None:
    clerk = signed_in("clerk")
    bar = clerk.locator("#reader")
    expect(bar).to_be_hidden()  # nobody has paired this browser
    pair(clerk, "AAAA-" * 5 + "AAAA")
    expect(bar).to_contain_text("does not know this browser")
    pair(clerk, helper.code)
    expect(bar).to_have_text("Card reader ready")
    service.kill_service()
    expect(bar).to_have_text("The card reader does not work at present.")
    service.start_service()
    expect(bar).to_have_text("Card reader ready")
    other = clerk.context.new_page()
    other.goto(office.address)
    expect(other.locator("#reader")).to_have_text("Card reader ready")
    expect(bar).to_contain_text("go to another window")
    other.close()
    bar.click()
    expect(bar).to_have_text("Card reader ready")
    helper.end()
    expect(bar).to_contain_text("helper does not run on this PC")
    with helper_process(tmp_path, service.socket_path, office.address, office.reader_port) as other_helper:
        assert other_helper.code == helper.code
        expect(bar).to_contain_text("More than one card reader")


def test_a_foreign_page_in_the_same_browser_hears_nothing_and_ours_asks_nobody_else(
    helper: HelperProcess, signed_in: Open, office: BrowserOffice
) -> None:
    clerk = signed_in("clerk")
    address = f"http://127.0.0.1:{office.reader_port}"
    assert clerk.evaluate(FOREIGN, address) == 200
    assert clerk.evaluate(FOREIGN, f"http://localhost:{office.reader_port}") == "TypeError"  # our own policy
    foreign = clerk.context.new_page()
    foreign.route(
        "http://127.0.0.1:9/", lambda route: route.fulfill(body="<p>elsewhere", content_type="text/html")
    )
    foreign.goto("http://127.0.0.1:9/")
    assert foreign.evaluate(FOREIGN, address) == "TypeError"
    foreign.close()
