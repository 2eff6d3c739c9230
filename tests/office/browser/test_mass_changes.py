"""A mass change with real processes: held, signed with a key that is not here, in force at both gates."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect

from scripts.demonstration.two_gates import ESTATE_ID, GATE_IDS
from tests.office.browser.conftest import Open
from tests.support.browser_office import TREE, BrowserOffice
from tests.support.many_cards import CHIPS

EVERY_GATE = len(GATE_IDS)
FIRST, LAST = CHIPS[0], CHIPS[-1]
"""The first endings of a day need nobody's signature; how many of them are left, other tests say, too."""


def run(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=TREE, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_manager(office: BrowserOffice, mine: Path) -> None:
    """On the manager's own computer; only the public half comes to the office."""
    keys = office.directory / "office" / "keys"
    made = run("office", "keys", "make", str(mine), "manager", "--estate", ESTATE_ID.hex(), "--json")
    words = ["manager", "--public", json.loads(made)["public"], "--role", "manager", "--keys", str(keys)]
    run("office", "keys", "adopt", str(keys), *words)
    shutil.copy(keys / "manager.delegation", mine)


def taps(office: BrowserOffice, card: str) -> list[str]:
    return [office.tap(gate, card) for gate in GATE_IDS]


def wait_for(page: Page, issue: int, state: str) -> None:
    """Until the card's page says of every gate that it accepts it, or refuses it."""
    page.goto(f"/cards/{issue}/")
    expect(page.locator(f"#gates .state.{state}")).to_have_count(EVERY_GATE)


def get_file(manager: Page, path: Path) -> None:
    for box in manager.get_by_role("checkbox").all():
        box.check()
    with manager.expect_download() as given:
        manager.get_by_role("button", name="Get the file to sign").click()
    given.value.save_as(path)


def test_the_manager_signs_a_mass_change_at_home_and_both_gates_obey(
    office: BrowserOffice, hub: None, signed_in: Open, tmp_path: Path
) -> None:
    place, mine = str(office.directory / "office"), tmp_path / "MINE"
    make_manager(office, mine)
    manager = signed_in("manager")
    issues = json.loads(run("tests.support.many_cards", place, "issue"))
    wait_for(manager, issues[-1], "active")
    assert taps(office, LAST) == ["granted"] * EVERY_GATE
    run("tests.support.many_cards", place, "withdraw")
    wait_for(manager, issues[0], "lost")
    assert taps(office, FIRST) == ["withdrawn"] * EVERY_GATE
    assert taps(office, LAST) == ["granted"] * EVERY_GATE
    manager.goto("/mass-changes/")
    expect(manager.get_by_role("checkbox")).to_have_count(EVERY_GATE)
    expect(manager.locator("main")).to_contain_text("card withdrawn")
    get_file(manager, tmp_path / "mass-change.zip")
    unsigned, signed = tmp_path / "mass-change.zip", tmp_path / "signed.zip"
    manager.get_by_label("signed file").set_input_files(unsigned)
    manager.get_by_role("button", name="Hand in").click()
    expect(manager.get_by_role("alert")).to_have_count(EVERY_GATE)
    expect(manager.get_by_role("alert").first).to_contain_text("This file is not signed.")
    words = [str(unsigned), "--keys", str(mine), "--out", str(signed), "--json"]
    told = json.loads(run("office", "list", "countersign", *words))
    ended = [len(one["grants_ended"]) for one in told["signed"]]
    assert [one["gate"] for one in told["signed"]] == sorted(GATE_IDS.values())
    assert all(0 < one < len(CHIPS) for one in ended)
    manager.get_by_label("signed file").set_input_files(signed)
    manager.get_by_role("button", name="Hand in").click()
    expect(manager.get_by_role("status").filter(has_text="signed, and on its way")).to_have_count(EVERY_GATE)
    expect(manager.get_by_text("Nothing waits for a signature.")).to_be_visible()
    wait_for(manager, issues[-1], "lost")
    assert taps(office, LAST) == ["withdrawn"] * EVERY_GATE
