"""One office, one browser, and a signed-in page for each role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.support.browser_office import BrowserOffice, open_browser_office
from tests.support.seeded_office import PASSWORD

CHROMIUM: Final = Path("/usr/bin/chromium")
FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--no-proxy-server",
]
SHOWN_WITHIN_MS: Final = 30_000.0
MOST_S: Final = 300
"""A browser, a desk, a hub and two gates share the machine with whatever else runs on it."""

Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs the real browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.real_part("chromium"))
            item.add_marker(pytest.mark.one_python)  # the pages' own tests run under each
            item.add_marker(pytest.mark.timeout(MOST_S))
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason="the Debian package chromium is not installed"))


@pytest.fixture(scope="package")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserOffice]:
    """Desk, hub and two gates."""
    with open_browser_office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def hub(office: BrowserOffice) -> Iterator[None]:
    """The hub runs; a test may stop it and start it again."""
    office.start_hub()
    yield
    office.stop_hub()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. It ends with this package: its loop must not run beside Django's tests."""
    expect.set_options(timeout=SHOWN_WITHIN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=[*FLAGS, "--no-proxy-server"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def sessions() -> dict[str, object]:
    """Who signed in already: passwords are checked slowly on purpose."""
    return {}


@pytest.fixture
def signed_in(office: BrowserOffice, chromium: Browser, sessions: dict[str, object]) -> Iterator[Open]:
    """Open a page as somebody with this role; every page must stay free of script errors."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def opened(role: str, *, width: int = 1280, language: str = "en-US") -> Page:
        context = chromium.new_context(
            base_url=office.address,
            viewport={"width": width, "height": 900},
            locale=language,
            storage_state=sessions.get(role),  # type: ignore[arg-type]
        )
        context.set_default_timeout(SHOWN_WITHIN_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        if role not in sessions:
            page.goto("/")
            page.locator("#id_username").fill(role)  # by id: the page may be in either language
            page.locator("#id_password").fill(PASSWORD)
            page.locator("main button").click()
            expect(page.locator("nav.sections")).to_be_visible()
            sessions[role] = context.storage_state()
        page.goto("/")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
