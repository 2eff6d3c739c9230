"""A mass change with real processes: held, signed with a key that is not here, in force at both gates."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from scripts.demonstration.two_gates import ESTATE_ID, GATE_IDS
from tests.office.browser.conftest import Open
from tests.support.browser_office import TREE, BrowserOffice, until
from tests.support.many_cards import CHIPS

PASS, HELD = CHIPS[:10], CHIPS[10:]
"""Ten endings a day need nobody's signature."""


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


def at_each_gate(office: BrowserOffice, cards: tuple[str, ...], reason: str) -> Callable[[], bool]:
    return lambda: {office.tap(gate, card) for gate in GATE_IDS for card in cards} == {reason}


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
    run("tests.support.many_cards", place, "issue")
    until(at_each_gate(office, CHIPS[-1:], "granted"))
    run("tests.support.many_cards", place, "withdraw")
    until(at_each_gate(office, PASS[-1:], "withdrawn"))
    assert at_each_gate(office, HELD, "granted")()
    manager = signed_in("manager")
    manager.goto("/mass-changes/")
    expect(manager.get_by_role("checkbox")).to_have_count(len(GATE_IDS))
    expect(manager.locator("main")).to_contain_text("card withdrawn")
    get_file(manager, tmp_path / "mass-change.zip")
    unsigned, signed = tmp_path / "mass-change.zip", tmp_path / "signed.zip"
    manager.get_by_label("signed file").set_input_files(unsigned)
    manager.get_by_role("button", name="Hand in").click()
    expect(manager.get_by_role("alert")).to_have_count(len(GATE_IDS))
    expect(manager.get_by_role("alert").first).to_contain_text("carries neither the manager's signature")
    told = json.loads(
        run(
            "office",
            "list",
            "countersign",
            str(unsigned),
            "--keys",
            str(mine),
            "--out",
            str(signed),
            "--json",
        )
    )
    assert {one["gate"]: len(one["grants_ended"]) for one in told["signed"]} == dict.fromkeys(
        GATE_IDS.values(), len(HELD)
    )
    manager.get_by_label("signed file").set_input_files(signed)
    manager.get_by_role("button", name="Hand in").click()
    expect(manager.get_by_role("status").filter(has_text="signed, and on its way")).to_have_count(
        len(GATE_IDS)
    )
    expect(manager.get_by_text("Nothing waits for a signature.")).to_be_visible()
    until(at_each_gate(office, HELD, "withdrawn"))
