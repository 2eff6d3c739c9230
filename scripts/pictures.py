"""Pictures of the desk, taken in Debian's Chromium over the demonstration estate (`scripts/screenshots`)."""

from __future__ import annotations

import argparse
import json
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

from scripts.demonstration.two_gates import free_port

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
WIDTHS: Final = {"desktop": 1280, "phone": 390}
LANGUAGES: Final = {"zh": "zh-CN", "en": "en-US"}
MOST_BYTES: Final = 150_000


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
    Shot("archive", "clerk", "/archive/"),
    Shot("alarms", "clerk", "/alarms/"),
    Shot("gates", "clerk", "/gates/"),
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
    ("card", "zh", "phone"),
    ("case", "en", "desktop"),
    ("till", "zh", "desktop"),
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
        tempfile.TemporaryDirectory() as directory,
        _desk(Path(directory) / "office") as (address, accounts),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        Photographer(browser, address, accounts).take(wanted, target)
        browser.close()


class Photographer:
    """Signs in as each role and goes round."""

    def __init__(self, browser: Browser, address: str, accounts: dict[str, str]) -> None:
        self._browser = browser
        self._address = address
        self._accounts = accounts
        self._sessions: dict[str, object] = {}
        self._found: dict[str, str] = {}

    def take(self, wanted: list[tuple[str, str, str]], target: Path) -> None:
        """The pictures of these pages."""
        shots = {one.name: one for one in SHOTS}
        for name, language, width in wanted:
            page = self._page(shots[name].role, LANGUAGES[language], WIDTHS[width])
            page.goto(self._resolved(shots[name].address))
            path = target / f"{name}-{language}-{width}.png"
            page.screenshot(path=path, full_page=width == "phone" or len(wanted) > len(IN_DOCS))
            page.context.close()
            if path.stat().st_size > MOST_BYTES and target == DOCS:
                raise SystemExit(f"{path}: larger than {MOST_BYTES} bytes")

    def _resolved(self, address: str) -> str:
        if "{" in address and not self._found:
            self._look_round()
        return address.format(**self._found)

    def _look_round(self) -> None:
        """A household with several cards, one of its people and cards, and a case."""
        page = self._page("reviewer", "en-US", 1280)
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

    def _page(self, role: str, locale: str, width: int) -> Page:
        session: object = self._sessions.get(role)
        context = self._browser.new_context(
            base_url=self._address,
            locale=locale,
            viewport={"width": width, "height": 800},
            storage_state=session,  # type: ignore[arg-type]
        )
        page = context.new_page()
        if session is None:
            user = next(one for one in self._accounts if role in one)
            page.goto("/")
            page.locator("#id_username").fill(user)
            page.locator("#id_password").fill(self._accounts[user])
            page.locator("main button").click()
            expect(page.locator("nav.sections")).to_be_visible()
            self._sessions[role] = context.storage_state()
        return page


@contextmanager
def _desk(office: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A desk over a new demonstration estate; address, and passwords by sign-in name."""
    command = [sys.executable, "-m", "office"]
    demo = [*command, "demo", str(office), "--json"]
    made = subprocess.run(demo, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    accounts = {one["user"]: one["password"] for one in json.loads(made.stdout)["accounts"]}
    listen = f"127.0.0.1:{free_port()}"
    with subprocess.Popen(
        [*command, "serve", str(office), "--listen", listen], cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as desk:
        try:
            for line in desk.stderr or ():
                if re.search("the desk is at", line):
                    break
            yield f"http://{listen}", accounts
        finally:
            desk.terminate()
            desk.wait()


if __name__ == "__main__":
    main()
