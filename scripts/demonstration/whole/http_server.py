"""A web server of this computer for this computer: one short answer a connection, everything bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import parse_qsl

from msgspec import Struct

MAX_HEAD_BYTES: Final = 16 << 10
MAX_BODY_BYTES: Final = 4 << 10
WITHIN_S: Final = 10.0
"""Browsers open connections ahead and say nothing."""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Request(Struct, frozen=True):
    """What was asked; ``fields`` are those of a form."""

    method: str
    path: str
    fields: Mapping[str, str]


class Answer(Struct, frozen=True):
    """What is said."""

    body: str
    kind: str = "text/html"
    status: HTTPStatus = HTTPStatus.OK
    location: str = ""


class RefusedError(Exception):
    """The request is not answered; the status says why."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class HttpServer:
    """Listens on the loopback address; ``answer`` is asked for each request that is in order."""

    def __init__(self, port: int, answer: Callable[[Request], Awaitable[Answer]]) -> None:
        self._port = port
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=MAX_HEAD_BYTES)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for one in self._serving:
            one.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._serving.add(task)
        try:
            async with asyncio.timeout(WITHIN_S):
                writer.write(_as_bytes(await self._answered(reader)))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the browser has gone, or says nothing
        finally:
            self._serving.discard(task)
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader) -> Answer:
        try:
            return await self._answer(await self._read(reader))
        except RefusedError as error:
            return Answer(str(error), "text/plain", error.status)

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.LimitOverrunError:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
        first, *lines = head.split("\r\n")
        words = first.split(" ")
        if len(words) != 3:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
        }
        check_origin(headers, self._port)
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()) or int(length) > MAX_BODY_BYTES:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = (await reader.readexactly(int(length))).decode("utf-8", "replace")
        return Request(words[0], words[1].partition("?")[0], dict(parse_qsl(body, max_num_fields=20)))


def check_origin(headers: Mapping[str, str], port: int) -> None:
    """Only our own page acts: another site's is refused, by name and by where it comes from.

    Raises:
        RefusedError: the name is not this computer's, or the sender is another page.
    """
    names = {f"127.0.0.1:{port}", f"localhost:{port}"}
    if headers.get("host", "") not in names:
        raise RefusedError(HTTPStatus.MISDIRECTED_REQUEST)
    if headers.get("origin") not in {None, *(f"http://{one}" for one in names)}:
        raise RefusedError(HTTPStatus.FORBIDDEN)
    if headers.get("sec-fetch-site") not in {None, "same-origin", "none"} and "origin" in headers:
        raise RefusedError(HTTPStatus.FORBIDDEN)


def _as_bytes(answer: Answer) -> bytes:
    body = answer.body.encode()
    lines = [
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}",
        f"Content-Type: {answer.kind}; charset=utf-8",
        f"Content-Length: {len(body)}",
        f"Content-Security-Policy: {_POLICY}",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        "Connection: close",
        *([f"Location: {answer.location}"] if answer.location else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body
