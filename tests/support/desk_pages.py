"""What a person does on the desk's pages, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def unit_page(page: Page, name: str = "1单元 101") -> str:
    """Find a unit by its name; its address."""
    page.goto("/")
    page.get_by_role("searchbox").fill(name)
    page.locator("#found").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    return page.url


def register(page: Page, name: str) -> None:
    """A resident of unit 102, which nobody else of this file looks at."""
    unit_page(page, "1单元 102")
    page.get_by_role("link", name="Register a person").click()
    page.get_by_label("Name", exact=False).first.fill(name)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("status").filter(has_text="Registered")).to_be_visible()


def apply_for(page: Page, name: str) -> None:
    """An application for one card of this person, who applies."""
    page.get_by_role("link", name="Apply for cards").click()
    page.locator("#applicant").select_option(label=f"{name} · resident")
    wish = page.locator(".wish", has_text=name)
    wish.get_by_role("checkbox").check()
    wish.get_by_role("combobox").select_option("self")


def pay(page: Page, receipt: str) -> None:
    page.get_by_label("Receipt number").fill(receipt)
    page.get_by_role("button", name="Book the payment").click()


def give_chip(page: Page, number: str) -> None:
    """The desk reader types into the field that waits for it, and hits Enter."""
    expect(page.get_by_label("Chip number")).to_be_focused()
    page.keyboard.type(number)
    page.keyboard.press("Enter")


def sign(page: Page) -> None:
    """A line by the mouse."""
    page.get_by_role("link", name="Sign on the screen").click()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    for n in range(1, 12):
        page.mouse.move(box["x"] + 40 + 20 * n, box["y"] + 60 + (25 if n % 2 else -25))
    page.mouse.up()
    page.get_by_role("button", name="Signed, hand the card out").click()
