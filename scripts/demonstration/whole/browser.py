"""A browser as a clerk's is: cookies, links and forms, no more of the page than that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from msgspec import Struct

ANSWER_WITHIN_S: Final = 30.0
MAX_PAGE_BYTES: Final = 4 << 20


class PageError(Exception):
    """A page did not come, or has not what was looked for; the text says which."""


class Form(Struct):
    """A form of a page: where it goes, and what stands in it."""

    action: str
    fields: dict[str, str]


class Page(Struct, frozen=True):
    """What came."""

    address: str
    text: str
    """As people read it, white space joined."""
    forms: tuple[Form, ...]
    links: tuple[str, ...]


class Browser:
    """One clerk at one desk; the desk is by plain HTTP on this computer."""

    def __init__(self, origin: str) -> None:
        """``origin`` is ``http://host:port``."""
        self._origin = origin
        # No proxy: the desk is here, whatever the machine's settings say.
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
        self._opener.addheaders = [("Accept-Language", "en")]
        self.page = Page(origin, "", (), ())

    def open(self, address: str) -> Page:
        """Go there; raises ``PageError``."""
        return self._load(Request(urljoin(self.page.address, address)))  # noqa: S310 - our own origin

    def follow(self, pattern: str) -> Page:
        """Click the first link whose address matches; raises ``PageError``."""
        for one in self.page.links:
            if re.search(pattern, urlsplit(one).path):
                return self.open(one)
        raise PageError(f"{self.page.address}: no link to {pattern}")

    def form(self, pattern: str) -> Form:
        """The first form of the page that goes there; raises ``PageError``."""
        for form in self.page.forms:
            if re.search(pattern, urlsplit(form.action).path):
                return form
        raise PageError(f"{self.page.address}: no form to {pattern}; it says: {self.page.text[:300]}")

    def submit(self, pattern: str, values: Mapping[str, str] | None = None) -> Page:
        """Fill the first form that goes there and send it, with what stood in it; raises ``PageError``."""
        form = self.form(pattern)
        body = urlencode(form.fields | dict(values or {})).encode()
        headers = {"Referer": self.page.address, "Origin": self._origin}
        return self._load(Request(form.action, body, headers))  # noqa: S310 - our own origin

    def _load(self, request: Request) -> Page:
        if not request.full_url.startswith(f"{self._origin}/"):
            raise PageError(f"{request.full_url}: leads away from the desk")
        try:
            with self._opener.open(request, timeout=ANSWER_WITHIN_S) as answer:
                html = answer.read(MAX_PAGE_BYTES).decode("utf-8", "replace")
                address = answer.url
        except (HTTPError, URLError, TimeoutError) as error:
            raise PageError(f"{request.full_url}: {error}") from error
        parser = _Parser(address)
        parser.feed(html)
        text = " ".join(" ".join(parser.words).split())
        self.page = Page(address, text, tuple(parser.forms), tuple(parser.links))
        return self.page


class _Parser(HTMLParser):
    """Collects links, forms with their successful controls, and the text."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._address = address
        self._is_in_form = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element begins."""
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "a" if "href" in given:
                self.links.append(urljoin(self._address, given["href"]))
            case "form":
                self._is_in_form = True
                self.forms.append(Form(urljoin(self._address, given.get("action", "")), {}))
            case "input" if given.get("type") not in {"checkbox", "radio", "file"} or "checked" in given:
                self._keep(given.get("name", ""), given.get("value", ""))
            case "select":
                self._select = given.get("name", "")
            case "option" if self._select:
                self._option(given)
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        """One element ends."""
        if tag == "form":
            self._is_in_form = False
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        """Text between them."""
        self.words.append(data)

    def _option(self, given: Mapping[str, str]) -> None:
        """Without a chosen one the first option stands, as in any browser."""
        if "selected" in given or (self._is_in_form and self._select not in self.forms[-1].fields):
            self._keep(self._select, given.get("value", ""))

    def _keep(self, name: str, value: str) -> None:
        if name and self._is_in_form:
            self.forms[-1].fields[name] = value
