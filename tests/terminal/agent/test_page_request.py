"""Requests to the status page, judged by their bytes: one address, one method, whatever else is tried."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from terminal.agent.page import POLICY
from terminal.agent.page_request import judge, response

CODE = "abcdefghijklmnop"
HEADERS = b"Host: 192.168.4.1:8080\r\nUser-Agent: phone\r\n\r\n"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET /abcdefghijklmnop HTTP/1.1", HTTPStatus.OK),
        (b"GET /abcdefghijklmnop HTTP/1.0", HTTPStatus.OK),
        (b"GET / HTTP/1.1", HTTPStatus.NOT_FOUND),
        (b"GET /abcdefghijklmnoq HTTP/1.1", HTTPStatus.NOT_FOUND),
        (b"GET /ABCDEFGHIJKLMNOP HTTP/1.1", HTTPStatus.NOT_FOUND),
        (b"GET /abcdefghijklmnop/ HTTP/1.1", HTTPStatus.NOT_FOUND),
        (b"GET /abcdefghijklmnop?x=1 HTTP/1.1", HTTPStatus.NOT_FOUND),
        (b"GET /abcdefghijklmnop/../../etc/passwd HTTP/1.1", HTTPStatus.NOT_FOUND),
        (b"GET /favicon.ico HTTP/1.1", HTTPStatus.NOT_FOUND),
        (b"POST / HTTP/1.1", HTTPStatus.NOT_FOUND),
        (b"POST /abcdefghijklmnop HTTP/1.1", HTTPStatus.METHOD_NOT_ALLOWED),
        (b"DELETE /abcdefghijklmnop HTTP/1.1", HTTPStatus.METHOD_NOT_ALLOWED),
        (b"HEAD /abcdefghijklmnop HTTP/1.1", HTTPStatus.METHOD_NOT_ALLOWED),
        (b"get /abcdefghijklmnop HTTP/1.1", HTTPStatus.BAD_REQUEST),
        (b"GET abcdefghijklmnop HTTP/1.1", HTTPStatus.BAD_REQUEST),
        (b"GET http://other/abcdefghijklmnop HTTP/1.1", HTTPStatus.BAD_REQUEST),
        (b"GET /abcdefghijklmnop HTTP/2.0", HTTPStatus.BAD_REQUEST),
        (b"GET  /abcdefghijklmnop HTTP/1.1", HTTPStatus.BAD_REQUEST),
        (b"GET /abcdefghijklmnop", HTTPStatus.BAD_REQUEST),
        (b"GET /" + b"a" * 300 + b" HTTP/1.1", HTTPStatus.BAD_REQUEST),
        (b"\x16\x03\x01\x02\x00\x01", HTTPStatus.BAD_REQUEST),
        (b"", HTTPStatus.BAD_REQUEST),
    ],
)
def test_judged(line: bytes, status: HTTPStatus) -> None:
    assert judge(line + b"\r\n" + HEADERS, CODE) is status


@given(st.binary(max_size=300))
@example(b"GET /\xff HTTP/1.1\r\n\r\n")
def test_nothing_but_the_code_opens_it(noise: bytes) -> None:
    if CODE.encode() not in noise:
        assert judge(noise + b"\r\n\r\n", CODE) is not HTTPStatus.OK


def test_every_answer_forbids_everything_else() -> None:
    for status in HTTPStatus:
        head, _, body = response(status, "<page>").partition(b"\r\n\r\n")
        assert f"Content-Security-Policy: {POLICY}".encode() in head
        assert b"Cache-Control: no-store" in head
        assert f"Content-Length: {len(body)}".encode() in head
        assert (b"<page>" in body) is (status is HTTPStatus.OK)
    assert "script" not in POLICY
    assert "'none'" in POLICY
