"""The story's browser: forms as a browser fills them, and never away from the desk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest

from scripts.demonstration.whole.browser import Browser, PageError

PAGE = """<a href="/cards/7/">card</a><a href="http://elsewhere.example/x/">out</a>
<form action="/go/" method="post"><input type="hidden" name="token" value="t&amp;1">
<input type="checkbox" name="holder" value="3"><input type="checkbox" name="kept" value="1" checked>
<select name="method"><option value="cash">c</option><option value="bank">b</option></select>
<select name="state"><option value="a">a</option><option value="b" selected>b</option></select></form>
<p>It is
  here.</p>"""


class Desk(BaseHTTPRequestHandler):
    """One page, and what a form sent."""

    def do_GET(self) -> None:
        self._say(PAGE if self.path != "/cards/7/" else "card seven")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._say(f"{self.path} {sorted(parse_qs(body).items())} {self.headers['Origin']}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _say(self, text: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture
def origin() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Desk) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_form_goes_with_what_stood_in_it(origin: str) -> None:
    browser = Browser(origin)
    assert "It is here." in browser.open("/").text
    sent = browser.submit("/go/$", {"method": "bank"}).text
    assert sent == (
        "/go/ [('kept', ['1']), ('method', ['bank']), ('state', ['b']), ('token', ['t&1'])] " + origin
    )


def test_without_a_choice_the_first_option_stands(origin: str) -> None:
    browser = Browser(origin)
    browser.open("/")
    assert browser.form("/go/").fields["method"] == "cash"
    assert "holder" not in browser.form("/go/").fields


def test_links_are_followed_but_not_away_from_the_desk(origin: str) -> None:
    browser = Browser(origin)
    browser.open("/")
    with pytest.raises(PageError, match="away from the desk"):
        browser.follow("^/x/$")
    assert browser.follow(r"^/cards/\d+/$").text == "card seven"
    with pytest.raises(PageError, match="no link"):
        browser.follow("nowhere")
    with pytest.raises(PageError, match="card seven"):
        browser.submit("/go/")
