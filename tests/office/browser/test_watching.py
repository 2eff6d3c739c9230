"""What gates tell appears on the guard's screen by itself, and what he orders happens at the gate."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.office.browser.conftest import Open
from tests.support.browser_office import BrowserOffice
from tests.support.waiting import until

STRANGE = "04FEFEFE"


def test_an_alarm_comes_by_itself_is_heard_and_taken(
    office: BrowserOffice, hub: None, signed_in: Open
) -> None:
    guard = signed_in("guard")
    guard.goto("/alarms/")
    sound = guard.get_by_role("button", name="Switch the sound on")
    sound.click()
    expect(guard.get_by_role("button", name="Sound is on")).to_have_attribute("aria-pressed", "true")
    # A gate without a list says fault.
    until("the gate has its list", lambda: office.tap("east", STRANGE) == "unknown_credential")
    for _ in range(4):
        assert office.tap("east", STRANGE) == "unknown_credential"
    alarm = guard.locator("section.alarm", has_text="several wrong tries")
    expect(alarm).to_be_visible()
    note = alarm.get_by_label("note")
    note.fill("a visitor with the wrong card")
    for _ in range(5):
        office.tap("east", STRANGE)
    expect(alarm).to_contain_text("\N{MULTIPLICATION SIGN}2")  # the page came anew; what was typed stayed
    expect(note).to_have_value("a visitor with the wrong card")
    alarm.get_by_role("button", name="I take it").click()
    expect(alarm).to_contain_text("a visitor with the wrong card")
    alarm.get_by_role("button", name="Dealt with").click()
    expect(alarm).to_have_count(0)
    guard.get_by_role("link", name="Alarms that are over").click()
    expect(guard.locator("table")).to_contain_text("a visitor with the wrong card")


def test_gates_at_a_glance_and_an_order(office: BrowserOffice, hub: None, signed_in: Open) -> None:
    guard = signed_in("guard")
    guard.get_by_role("link", name="Gates", exact=True).click()
    row = guard.locator("tr", has=guard.get_by_role("link", name="east", exact=True))
    # A gate that lost its hub waits up to half a minute before it calls again.
    row.get_by_role("link", name="east", exact=True).click()
    gate_page = guard.url

    def is_opened() -> bool:
        """Order it; refused while the hub or the gate's link is on its way back, and then ordered again."""
        guard.goto(gate_page)
        guard.locator("summary", has_text="Open once").click()
        form = guard.locator("details", has_text="Open once")
        form.get_by_label("door").select_option("east")
        form.get_by_label("reason").select_option("delivery")
        form.get_by_role("button", name="Open once").click()
        guard.wait_for_load_state()
        return "opened from the office" in guard.locator("table.events").first.inner_text()

    until("the order is carried out", is_opened)

    def is_in_sync() -> bool:
        guard.goto("/gates/")
        return row.locator(".state.active", has_text="in sync").count() == 1

    until("the gate has told what it has done", is_in_sync)
    expect(row).not_to_contain_text("not connected")
