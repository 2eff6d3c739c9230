"""One request of a browser, by its bytes alone, and whether it may be heard at all. Pure.

The helper listens on the PC's own loopback, where every page in the browser can knock. Only
the office's page is answered, by the browser's own word (Origin, which a page cannot forge), at the address
that was bound (Host, against names that were made to point here), with a type of content that no
foreign page can send without asking first (CORS).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from msgspec import Struct

MAX_HEAD_BYTES: Final = 16_384
"""Browsers send a kilobyte or two; cookies of this address do not exist."""
MAX_BODY_BYTES: Final = 1_024
END: Final = b"\r\n\r\n"
HOST: Final = "127.0.0.1"
JSON: Final = "application/json"
_LINE: Final = re.compile(r"([A-Z]{1,10}) (/[!-~]{0,100}) HTTP/1\.[01]")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,60}")


class BadRequestError(ValueError):
    """What came is no request that a browser sends here."""


class Request(Struct, frozen=True):
    """Method, path and fields; a field that comes twice is no browser's."""

    method: str
    path: str
    fields: Mapping[str, str]

    @property
    def body_bytes(self) -> int:
        """How long the body is; raises ``BadRequestError`` if that is not said plainly."""
        told = self.fields.get("content-length", "0")
        if "transfer-encoding" in self.fields or not re.fullmatch("[0-9]{1,6}", told):
            raise BadRequestError("a body needs its length")
        return int(told)


def parse_head(head: bytes) -> Request:
    """The request whose head ends with the empty line; raises ``BadRequestError``."""
    try:
        line, *rows = head.decode("ascii").removesuffix("\r\n\r\n").split("\r\n")
    except UnicodeDecodeError:
        raise BadRequestError("not ASCII") from None
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadRequestError("no request line")
    fields: dict[str, str] = {}
    for row in rows:
        name, colon, value = row.partition(":")
        if not colon or _NAME.fullmatch(name) is None or name.lower() in fields:
            raise BadRequestError("a field that is none, or comes twice")
        fields[name.lower()] = value.strip(" \t")
    return Request(found[1], found[2], fields)


def judge(request: Request, *, port: int, origin: str) -> HTTPStatus:
    """OK, or why this request is not heard; NO_CONTENT: a browser asks whether it may ask."""
    asks_first = request.method == "OPTIONS"
    rules = (
        (request.fields.get("host") == f"{HOST}:{port}", HTTPStatus.MISDIRECTED_REQUEST),
        (request.fields.get("origin") == origin, HTTPStatus.FORBIDDEN),
        (request.path in ("/hello", "/wait"), HTTPStatus.NOT_FOUND),
        (request.method in ("POST", "OPTIONS"), HTTPStatus.METHOD_NOT_ALLOWED),
        (asks_first or request.fields.get("content-type") == JSON, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    )
    good = HTTPStatus.NO_CONTENT if asks_first else HTTPStatus.OK
    return next((status for holds, status in rules if not holds), good)


def answer(request: Request | None, status: HTTPStatus, origin: str, body: Mapping[str, Any] | None) -> bytes:
    """The whole answer; only the office's own page is told that it may read it."""
    data = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {JSON}",
        "Connection: close",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Vary: Origin",
    ]
    if status is not HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(data)}")
    if request is not None and request.fields.get("origin") == origin:
        lines.append(f"Access-Control-Allow-Origin: {origin}")
        if status is HTTPStatus.NO_CONTENT:
            lines += ["Access-Control-Allow-Methods: POST", "Access-Control-Allow-Headers: Content-Type"]
            lines.append("Access-Control-Max-Age: 600")
            if request.fields.get("access-control-request-private-network") == "true":
                lines.append("Access-Control-Allow-Private-Network: true")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + data
