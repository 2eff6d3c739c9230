"""A browser's request by its bytes: who is heard, and that noise is told as one error."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskreader.wire import BadRequestError, Request, answer, judge, parse_head

ORIGIN = "https://desk.example.org"
GOOD = {"host": "127.0.0.1:7317", "origin": ORIGIN, "content-type": "application/json"}


def verdict(method: str = "POST", path: str = "/wait", **fields: str) -> HTTPStatus:
    given = {**GOOD, **{name.replace("_", "-"): value for name, value in fields.items()}}
    return judge(Request(method, path, given), port=7317, origin=ORIGIN)


def test_the_offices_own_page_is_heard() -> None:
    assert verdict() is HTTPStatus.OK
    assert verdict("OPTIONS", content_type="") is HTTPStatus.NO_CONTENT


@pytest.mark.parametrize(
    "host", ["localhost:7317", "127.0.0.1", "127.0.0.1:7318", "rebound.example:7317", "[::1]:7317", ""]
)
def test_a_name_that_was_made_to_point_here_is_not_heard(host: str) -> None:
    assert verdict(host=host) is HTTPStatus.MISDIRECTED_REQUEST
    assert verdict("OPTIONS", host=host) is HTTPStatus.MISDIRECTED_REQUEST


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "https://evil.example",
        ORIGIN + ".evil.example",
        ORIGIN + ":8443",
        "http://desk.example.org",
        ORIGIN.upper(),
        ORIGIN + "/",
        "https://evil.example " + ORIGIN,
    ],
)
def test_a_foreign_page_is_not_heard_nor_told_that_it_might_read(origin: str) -> None:
    assert verdict(origin=origin) is HTTPStatus.FORBIDDEN
    assert verdict("OPTIONS", origin=origin) is HTTPStatus.FORBIDDEN
    asked = Request("POST", "/wait", {**GOOD, "origin": origin})
    assert b"Access-Control" not in answer(asked, HTTPStatus.FORBIDDEN, ORIGIN, None)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/json; charset=utf-8", "multipart/form-data"])
def test_what_a_form_could_send_without_asking_is_refused(kind: str) -> None:
    assert verdict(content_type=kind) is HTTPStatus.UNSUPPORTED_MEDIA_TYPE


def test_other_ways_and_places_are_refused() -> None:
    assert verdict("GET") is HTTPStatus.METHOD_NOT_ALLOWED
    assert verdict(path="/") is HTTPStatus.NOT_FOUND


def test_a_browser_that_asks_whether_it_may_ask_is_told_for_the_private_network_too() -> None:
    fields = {**GOOD, "access-control-request-private-network": "true"}
    told = answer(Request("OPTIONS", "/wait", fields), HTTPStatus.NO_CONTENT, ORIGIN, None).decode()
    assert f"Access-Control-Allow-Origin: {ORIGIN}\r\n" in told
    assert "Access-Control-Allow-Private-Network: true\r\n" in told
    assert "Access-Control-Allow-Headers: Content-Type\r\n" in told
    plain = answer(Request("OPTIONS", "/wait", GOOD), HTTPStatus.NO_CONTENT, ORIGIN, None)
    assert b"Private-Network" not in plain


def test_a_head_is_read() -> None:
    head = b"POST /wait HTTP/1.1\r\nHost: 127.0.0.1:7317\r\nOrigin:  x \r\nContent-Length: 12\r\n\r\n"
    request = parse_head(head)
    assert (request.method, request.path, request.fields["origin"]) == ("POST", "/wait", "x")
    assert request.body_bytes == 12


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n",
        b"POST wait HTTP/1.1\r\n\r\n",
        b"POST /wait HTTP/2\r\n\r\n",
        b"POST /wait HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
        b"POST /wait HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n",
        b"POST /wait HTTP/1.1\r\nOrigin: a\r\n folded\r\n\r\n",
        b"POST /wait HTTP/1.1\r\nX\xff: a\r\n\r\n",
    ],
)
def test_what_no_browser_sends_is_refused(head: bytes) -> None:
    with pytest.raises(BadRequestError):
        parse_head(head)


@pytest.mark.parametrize("length", ["-1", "1e3", "", "99999999", "\N{SUPERSCRIPT TWO}"])
def test_a_body_needs_a_plain_length(length: str) -> None:
    with pytest.raises(BadRequestError):
        _ = Request("POST", "/wait", {"content-length": length}).body_bytes
    with pytest.raises(BadRequestError):
        _ = Request("POST", "/wait", {"transfer-encoding": "chunked"}).body_bytes


@given(st.binary(max_size=200))
def test_noise_is_one_error(noise: bytes) -> None:
    for head in (noise, b"POST /wait HTTP/1.1\r\n" + noise + b"\r\n\r\n"):
        try:
            request = parse_head(head)
        except BadRequestError:
            continue
        assert all(name == name.lower() for name in request.fields)
