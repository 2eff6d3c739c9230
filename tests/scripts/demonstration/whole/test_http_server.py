"""The page's server over real sockets: what it answers, and to whom it does not."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import pytest

from scripts.demonstration.whole.http_server import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    Answer,
    HttpServer,
    RefusedError,
    Request,
    check_origin,
)
from scripts.demonstration.whole.office_process import free_port
from tests.support.waiting import WITHIN_S


async def answered(request: Request) -> Answer:
    """Repeats what was understood."""
    if request.path == "/gone":
        raise RefusedError(HTTPStatus.NOT_FOUND)
    return Answer(f"{request.method} {request.path} {sorted(request.fields.items())}")


def talk(*pieces: bytes, ends: bool = False) -> bytes:
    """Everything that one connection hears."""

    async def told() -> bytes:
        port = free_port()
        async with HttpServer(port, answered), asyncio.timeout(WITHIN_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for one in pieces:
                writer.write(one.replace(b"PORT", str(port).encode()))
                await writer.drain()
            if ends:
                writer.write_eof()
            heard = await reader.read()
            writer.close()
            await writer.wait_closed()
            return heard

    return asyncio.run(told())


TOO_LONG = MAX_BODY_BYTES + 1
POST = b"POST /gates/1?x=1 HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 13\r\n\r\n"


def test_a_form_is_read_and_answered_with_a_policy() -> None:
    heard = talk(POST[:20], POST[20:], b"act=", b"tap&card=")
    assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
    assert heard.endswith(b"POST /gates/1 [('act', 'tap')]")
    assert b"Content-Security-Policy: default-src 'none'; script-src 'self'" in heard


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /gone HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", 404),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: gates.example\r\n\r\n", 421),
        (b"GET / HTTP/1.1\r\n\r\n", 421),
        (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nOrigin: http://elsewhere.example\r\n\r\n", 403),
        (
            b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1),
            413,
        ),
        (b"POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: -1\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * (2 * MAX_HEAD_BYTES) + b"\r\n\r\n", 431),
    ],
)
def test_what_is_not_in_order_is_refused(sent: bytes, status: int) -> None:
    assert talk(sent).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("sent", [b"", b"GET / HT", POST + b"act"])
def test_a_browser_that_leaves_in_the_middle_hears_nothing(sent: bytes) -> None:
    assert talk(sent, ends=True) == b""


def test_a_silent_browser_does_not_hold_the_others_up_nor_the_end() -> None:
    async def told() -> bytes:
        port = free_port()
        async with asyncio.timeout(WITHIN_S):
            async with HttpServer(port, answered):
                _, silent = await asyncio.open_connection("127.0.0.1", port)
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(f"GET / HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
                heard = await reader.read()
            for one in (silent, writer):
                one.close()
                await one.wait_closed()
            return heard

    assert asyncio.run(told()).endswith(b"GET / []")


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"host": "127.0.0.1:81"}, True),
        ({"host": "localhost:81", "origin": "http://localhost:81"}, True),
        ({"host": "127.0.0.1:81", "origin": "http://127.0.0.1:82"}, False),
        ({"host": "127.0.0.1:81", "origin": "null"}, False),
        ({"host": "127.0.0.1:82"}, False),
        ({"host": "127.0.0.1:81", "origin": "http://localhost:81", "sec-fetch-site": "cross-site"}, False),
        (
            {"host": "127.0.0.1:81", "sec-fetch-site": "cross-site"},
            True,
        ),  # a link was followed
    ],
)
def test_only_our_own_page_acts(headers: dict[str, str], is_ours: bool) -> None:
    try:
        check_origin(headers, 81)
    except RefusedError:
        assert not is_ours
    else:
        assert is_ours
