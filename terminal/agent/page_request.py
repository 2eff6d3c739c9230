"""Judges one request to the status page by its bytes alone: GET of the one address, or refused. Pure."""

from __future__ import annotations

import hmac
import re
from http import HTTPStatus
from typing import Final

from terminal.agent.page import POLICY

MAX_REQUEST_BYTES: Final = 8_192
"""Phones send a kilobyte or two."""
END: Final = b"\r\n\r\n"
_LINE: Final = re.compile(rb"([A-Z]{1,20}) (/[!-~]{0,200}) HTTP/1\.[01]\r\n")


def judge(head: bytes, code: str) -> HTTPStatus:
    """What the request deserves; ``head`` ends with the empty line."""
    found = _LINE.match(head)
    if found is None:
        return HTTPStatus.BAD_REQUEST
    method, path = found.groups()
    # The address before the method: whoever does not know it learns nothing, not even that.
    if not hmac.compare_digest(path, b"/" + code.encode()):
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.OK if method == b"GET" else HTTPStatus.METHOD_NOT_ALLOWED


def response(status: HTTPStatus, body: str = "") -> bytes:
    """The whole answer; without a page it is the status in words."""
    html = status is HTTPStatus.OK
    data = (body if html else f"{status.value} {status.phrase}\n").encode()
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: text/{'html' if html else 'plain'}; charset=utf-8",
        f"Content-Length: {len(data)}",
        "Connection: close",
        "Cache-Control: no-store",
        f"Content-Security-Policy: {POLICY}",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "X-Frame-Options: DENY",
    ]
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append("Allow: GET")
    return "\r\n".join([*lines, "", ""]).encode() + data
