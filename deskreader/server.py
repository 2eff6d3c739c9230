"""The helper's socket on the PC's loopback: a challenge, a proof, and what the reader says (asyncio)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from hmac import compare_digest
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec import Struct

from deskreader.errors import DeskReaderError
from deskreader.pairing import Challenges, RandomBytes, proof
from deskreader.taps import Taps, Told
from deskreader.wire import (
    END,
    HOST,
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    BadRequestError,
    Request,
    answer,
    judge,
    parse_head,
)
from sync.clients import Clients

MAX_CONNECTIONS: Final = 8
SEND_WITHIN_S: Final = 5.0
"""For a request's bytes to come: a browser on this computer needs none of it."""
WAIT_S: Final = 25.0
"""A page asks again before proxies and browsers lose patience."""

Body = dict[str, Any]


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a question that waits."""

    challenge: str
    nonce: str
    known: str
    proof: str


class Settings(Struct, frozen=True):
    """Who is heard, and by what."""

    origin: str
    port: int
    code: str


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """This request gets this status, and nothing else."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status


class Server:
    """Serves until closed."""

    def __init__(
        self, settings: Settings, taps: Taps, monotonic: Callable[[], float], random_bytes: RandomBytes
    ) -> None:
        self._settings = settings
        self._taps = taps
        self._monotonic = monotonic
        self._challenges = Challenges(random_bytes)
        self._server: asyncio.Server | None = None
        self._connections = Clients(self._serve, MAX_CONNECTIONS)

    async def open(self) -> None:
        """Begin to serve, on the loopback alone; raises ``DeskReaderError`` if the port is taken."""
        try:
            self._server = await asyncio.start_server(
                self._connections.accept,
                HOST,
                self._settings.port,
                limit=MAX_HEAD_BYTES,
                backlog=MAX_CONNECTIONS,
            )
        except OSError as error:
            raise DeskReaderError(
                f"{HOST}:{self._settings.port}: {error.strerror}; does the helper run already? Else choose"
                " another port, here by --port and at the office by reader_port"
            ) from None

    async def close(self) -> None:
        """Serve no more, and end what waits."""
        if self._server is not None:
            self._server.close()
            await self._connections.end()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(TimeoutError, asyncio.IncompleteReadError):
            writer.write(await self._answered(reader))
            async with asyncio.timeout(SEND_WITHIN_S):
                await writer.drain()

    async def _answered(self, reader: asyncio.StreamReader) -> bytes:
        origin, request, body = self._settings.origin, None, None
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                request = parse_head(await reader.readuntil(END))
                status = judge(request, port=self._settings.port, origin=origin)
                if status is HTTPStatus.OK:
                    body = await _body(reader, request)
            told = None if body is None else await self._heard(request, body, reader)
        except (BadRequestError, asyncio.LimitOverrunError):
            return answer(None, HTTPStatus.BAD_REQUEST, origin, None)
        except Refused as refused:
            status, told = refused.status, None
        return answer(request, status, origin, told)

    async def _heard(self, request: Request, body: bytes, reader: asyncio.StreamReader) -> Body:
        if request.path == "/hello":
            return {"challenge": self._challenges.give(self._monotonic())}
        asked = self._proved(body)
        told = await _unless_gone(reader, self._taps.next(asked.known, WAIT_S))
        text = _text(told, self._challenges.give(self._monotonic()))
        return {"told": text, "proof": proof(self._settings.code, "helper", asked.nonce, text)}

    def _proved(self, body: bytes) -> Asked:
        """The question, from a page that has the code; raises ``Refused``."""
        try:
            asked = msgspec.json.decode(body, type=Asked)
        except msgspec.DecodeError:  # of ValidationError, too
            raise BadRequestError("no question") from None
        if not self._challenges.spend(asked.challenge, self._monotonic()):
            raise Refused(HTTPStatus.CONFLICT)  # used, old, or of a helper that was started anew: ask again
        expected = proof(self._settings.code, "page", asked.challenge, asked.nonce, asked.known)
        if not compare_digest(expected.encode(), asked.proof.encode()):
            raise Refused(HTTPStatus.UNAUTHORIZED)
        return asked


async def _body(reader: asyncio.StreamReader, request: Request) -> bytes:
    if request.body_bytes > MAX_BODY_BYTES:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return await reader.readexactly(request.body_bytes)


async def _unless_gone(reader: asyncio.StreamReader, next_told: Any) -> Told:  # noqa: ANN401 - a coroutine
    """What comes next, as long as the page is there to hear it."""
    telling = asyncio.ensure_future(next_told)
    leaving = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait((telling, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not telling.done():
            raise ConnectionResetError
        told: Told = telling.result()
        return told
    finally:
        for one in (telling, leaving):
            one.cancel()
        await asyncio.gather(telling, leaving, return_exceptions=True)


def _text(told: Told, challenge: str) -> str:
    fields: Mapping[str, Any] = msgspec.to_builtins(told)
    return json.dumps({**fields, "challenge": challenge})
