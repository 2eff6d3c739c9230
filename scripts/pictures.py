"""Pictures of the desk and the gate page, taken in Debian's Chromium over the demonstration."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
DOCS: Final = ROOT / "docs" / "screenshots"
CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--disable-breakpad",
)
WIDTHS: Final = {"desktop": 1100, "narrow": 800, "phone": 390}
LANGUAGES: Final = {"zh": "zh-CN", "en": "en-US"}
HEIGHTS: Final = {"desktop": 720, "narrow": 600, "phone": 844}
MOST_BYTES: Final = 100_000
STRANGE: Final = "0BADCA4D"
"""A card of no list: held to a reader often enough it is an alarm."""
TRIES: Final = 4
SETTLED_MS: Final = 1_500
"""The gate page looks twice a second at what has become of it."""


class Stage(Struct, frozen=True):
    """Where the demonstration is, and the passwords by sign-in name."""

    desk: str
    gates: str
    accounts: dict[str, str]


class Shot(Struct, frozen=True):
    """One page as somebody with a role sees it; ``address`` may name what is looked up first."""

    name: str
    role: str
    address: str


SHOTS: Final = (
    Shot("today", "clerk", "/"),
    Shot("review", "reviewer", "/"),
    Shot("approve", "manager", "/"),
    Shot("estate", "clerk", "/places/"),
    Shot("unit", "clerk", "{unit}"),
    Shot("apply", "clerk", "{unit}apply/"),
    Shot("person", "clerk", "{person}"),
    Shot("register", "clerk", "{unit}people/new/"),
    Shot("card", "clerk", "{card}"),
    Shot("withdraw", "clerk", "{card}withdraw/"),
    Shot("account", "clerk", "{card}account/"),
    Shot("pad", "clerk", "{card}pad/"),
    Shot("case", "reviewer", "{case}"),
    Shot("till", "clerk", "/till/"),
    Shot("moves", "clerk", "/moves/"),
    Shot("move", "clerk", "{move}"),
    Shot("slip", "guard", "{slip}"),
    Shot("outages", "clerk", "/outages/"),
    Shot("outage", "clerk", "{outage}"),
    Shot("notice", "clerk", "{outage}notice/"),
    Shot("shops", "clerk", "/shops/"),
    Shot("events", "guard", "/events/"),
    Shot("statistics", "manager", "/statistics/"),
    Shot("archive", "clerk", "/archive/"),
    Shot("alarms", "guard", "/alarms/"),
    Shot("gates", "guard", "/gates/"),
    Shot("gate", "guard", "/gates/1/"),
    Shot("gate-page", "", "/"),
    Shot("trail", "manager", "/trail/?check=1"),
    Shot("policy", "manager", "/policy/"),
    Shot("relations", "manager", "/relations/"),
    Shot("staff", "administrator", "/staff/"),
    Shot("password", "clerk", "/password/"),
    Shot("refused", "clerk", "/staff/"),
)
IN_DOCS: Final = (
    ("today", "zh", "desktop"),
    ("unit", "zh", "desktop"),
    ("apply", "en", "desktop"),
    ("card", "zh", "desktop"),
    ("case", "en", "desktop"),
    ("till", "zh", "desktop"),
    ("move", "zh", "desktop"),
    ("slip", "zh", "phone"),
    ("outage", "en", "desktop"),
    ("shops", "zh", "desktop"),
    ("alarms", "zh", "desktop"),
    ("gates", "en", "desktop"),
    ("gate-page", "zh", "narrow"),
)


def main() -> None:
    """Once."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots")
    parser.add_argument("--all", type=Path, metavar="DIR", help="every page, both languages, both widths")
    options = parser.parse_args()
    wanted, target = list(IN_DOCS), DOCS
    if options.all:
        target = options.all
        wanted = [(one.name, language, width) for one in SHOTS for language in LANGUAGES for width in WIDTHS]
    target.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="gh-") as directory,
        _demonstration(Path(directory)) as stage,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        Photographer(browser, stage).take(wanted, target)
        browser.close()


class Photographer:
    """Signs in as each role and goes round."""

    def __init__(self, browser: Browser, stage: Stage) -> None:
        self._browser = browser
        self._stage = stage
        self._sessions: dict[str, object] = {}
        self._found: dict[str, str] = {}

    def take(self, wanted: list[tuple[str, str, str]], target: Path) -> None:
        """The pictures of these pages."""
        shots = {one.name: one for one in SHOTS}
        self._at_the_gates()
        for name, language, width in wanted:
            page = self._page(shots[name].role, language, width)
            page.goto(self._resolved(shots[name].address))
            page.wait_for_load_state("networkidle") if shots[name].role else page.wait_for_timeout(SETTLED_MS)
            path = target / f"{name}-{language}-{width}.png"
            page.screenshot(path=path, full_page=len(wanted) > len(IN_DOCS))
            page.context.close()
            if path.stat().st_size > MOST_BYTES and target == DOCS:
                raise SystemExit(f"{path}: larger than {MOST_BYTES} bytes")

    def _resolved(self, address: str) -> str:
        if "{" in address and not self._found:
            self._look_round()
        return address.format(**self._found)

    def _look_round(self) -> None:
        """A household with several cards, one of its people and cards, and a case."""
        page = self._page("clerk", "en", "desktop")
        page.goto("/moves/")
        self._found["move"] = page.locator("main a[href^='/moves/']").first.get_attribute("href") or "/"
        self._found["slip"] = self._path(page, "/slips/")
        page.goto("/outages/")
        self._found["outage"] = self._path(page, "/outages/1")
        page.context.close()
        page = self._page("reviewer", "en", "desktop")
        page.goto("/")
        self._found["case"] = self._path(page, "/cases/")
        page.goto("/find/?q=1")
        unit = max(page.locator("a[href^='/places/']").all(), key=lambda one: len(one.text_content() or ""))
        self._found["unit"] = unit.get_attribute("href") or ""
        page.goto(self._found["unit"])
        self._found["person"] = self._path(page, "/people/")
        self._found["card"] = self._path(page, "/cards/")
        page.context.close()

    @staticmethod
    def _path(page: Page, start: str) -> str:
        return page.locator(f"main a[href^='{start}']").first.get_attribute("href") or "/"

    def _at_the_gates(self) -> None:
        """Somebody comes in, and a stranger tries a card."""
        page = self._page("", "zh", "desktop")
        page.goto("/")
        tap, number = page.locator("button.main").first, page.locator("input[name=number]").first
        for _ in range(TRIES):
            number.fill(STRANGE)
            tap.click()
        number.fill("")
        tap.click()
        page.locator("button[value=push]").first.click()
        page.wait_for_timeout(SETTLED_MS)
        page.context.close()

    def _page(self, role: str, language: str, width: str) -> Page:
        """The desk as somebody with this role sees it; without one, the gate page."""
        session: object = self._sessions.get(role)
        context = self._browser.new_context(
            base_url=self._stage.desk if role else self._stage.gates,
            locale=LANGUAGES[language],
            viewport={"width": WIDTHS[width], "height": HEIGHTS[width]},
            storage_state=session,  # type: ignore[arg-type]
        )
        page = context.new_page()
        if session is None and role:
            user = next(one for one in self._stage.accounts if role in one)
            page.goto("/")
            page.locator("#id_username").fill(user)
            page.locator("#id_password").fill(self._stage.accounts[user])
            page.locator("main button").click()
            expect(page.locator("nav.sections")).to_be_visible()
            self._sessions[role] = context.storage_state()
        return page


@contextmanager
def _demonstration(directory: Path) -> Iterator[Stage]:
    """Office, hub and gates of a new demonstration estate, and who works there."""
    command = [sys.executable, "-m", "scripts.demonstration", "--state", str(directory)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        said = ""
        for line in process.stdout or ():
            said += line
            if "Ctrl-C" in line:
                break
        try:
            yield _told(said)
        finally:
            process.terminate()
            process.wait()


def _told(said: str) -> Stage:
    """What the demonstration says of itself."""
    places = dict(re.findall(r"^  The ([\w ]+): +(http://[^/]+)/", said, re.MULTILINE))
    accounts = dict(re.findall(r"^  (\w+) +([\w-]{10,})$", said, re.MULTILINE))
    if not {"desk", "gate page"} <= places.keys() or not accounts:
        raise SystemExit(f"the demonstration did not come up: {said}")
    return Stage(places["desk"], places["gate page"], accounts)


if __name__ == "__main__":
    main()
