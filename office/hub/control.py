"""The hub's local socket: orders for gates, how they stand, a nudge when the store has changed, and what
goes to the manager to be signed.

One JSON object a line, one answer a line. Only the hub's own group may connect.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from office.errors import OfficeError, Trouble
from office.files import PRIVATE
from office.hub.manager_post import ManagerPost
from office.hub.process import Hub
from sync.clients import Clients
from sync.codec import CodecError
from sync.envelope import MAX_ENVELOPE_BYTES
from sync.messages import OrderAnswer
from sync.statements.order_kinds import OrderKind

MAX_LINE_BYTES: Final = 4 * MAX_ENVELOPE_BYTES // 3 + 16_384
"""The longest is a whole list that the manager has signed, in base64."""
ANSWER_WITHIN_S: Final = 10.0
DEFAULT_VALID_S: Final = 10
SOCKET_MODE: Final = 0o660
SUN_PATH_BYTES: Final = 107
"""unix(7)."""

Fields = dict[str, Any]


class ControlSocket:
    """Serves the socket while the hub runs."""

    def __init__(self, hub: Hub, path: Path, post: ManagerPost) -> None:
        self._hub = hub
        self._path = path
        self._post = post
        self._clients = Clients(self._serve)
        self._server: asyncio.Server | None = None
        self._lock: int | None = None

    async def open(self) -> None:
        """Begin to serve; a socket that a killed hub left behind is replaced.

        Raises:
            OfficeError: its path is too long for a socket, or a hub serves it already.
            OSError: it cannot be made.
        """
        if len(os.fsencode(self._path)) > SUN_PATH_BYTES:
            raise OfficeError(
                f"{self._path}: a socket's path has at most {SUN_PATH_BYTES} bytes; choose one by --control"
            )
        self._lock = self._locked()
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(
            self._clients.accept, str(self._path), limit=MAX_LINE_BYTES
        )
        self._path.chmod(SOCKET_MODE)

    async def close(self) -> None:
        """Serve no more, and leave nobody waiting."""
        if self._server is not None:
            self._server.close()
            await self._clients.end()
        if self._lock is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._lock)

    def _locked(self) -> int:
        """Held as long as the socket is ours: neither another hub's start nor its end takes it away."""
        handle = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise OfficeError(
                f"{self._path}: a hub of this store runs already; stop it, or give this one a socket of its"
                " own by --control"
            ) from None
        return handle

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ValueError):  # talks without end
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()

    async def _answer(self, line: bytes) -> Fields:
        try:
            asked = json.loads(line)
            return {"ok": True, **await self._do(asked if isinstance(asked, dict) else {})}
        except OfficeError as error:
            trouble = {} if error.trouble is None else {"trouble": error.trouble.value, "facts": error.facts}
            return {"ok": False, "error": str(error), **trouble}
        except CodecError as error:
            return {"ok": False, "error": str(error)}
        except (ValueError, RecursionError):
            return {"ok": False, "error": "a request is one JSON object a line"}

    async def _do(self, asked: Mapping[str, Any]) -> Fields:
        match asked.get("command"):
            case "wake":
                self._hub.wake()
                return {}
            case "status":
                return {"gates": {str(gate): dict(one.status) for gate, one in self._hub.connected.items()}}
            case "order":
                return await self._order(asked)
            case "propose":
                return self._propose(asked)
            case "take":
                return self._take(asked)
            case other:
                known = "wake, status, order, propose, take"
                raise OfficeError(f"no such command: {str(other)[:40]!r} (there are: {known})")

    def _propose(self, asked: Mapping[str, Any]) -> Fields:
        gate, mark = asked.get("gate"), asked.get("mark")
        if type(gate) is not int or not isinstance(mark, str):
            raise OfficeError("to propose needs 'gate' (a number) and 'mark' (of what was shown)")
        return {"file": b64encode(self._post.propose(gate, mark)).decode("ascii")}

    def _take(self, asked: Mapping[str, Any]) -> Fields:
        try:
            data = b64decode(str(asked.get("file", "")), validate=True)
        except ValueError:
            raise OfficeError("to take needs 'file' in base64") from None
        taken = self._post.take(data)
        return {"gate": taken.gate_id, "version": str(taken.version), "signed_by": taken.signed_by}

    async def _order(self, asked: Mapping[str, Any]) -> Fields:
        try:
            kind = OrderKind[str(asked.get("kind", "")).upper()]
        except KeyError:
            known = ", ".join(one.name.lower() for one in OrderKind)
            raise OfficeError(f"'kind' must be one of {known}") from None
        gate, arguments = asked.get("gate"), asked.get("arguments", {})
        valid_s = asked.get("valid_s", DEFAULT_VALID_S)
        if type(gate) is not int or type(valid_s) is not int or not isinstance(arguments, dict):
            raise OfficeError("an order needs 'gate' (a number) and 'arguments' (an object)")
        answered: asyncio.Future[OrderAnswer] = asyncio.get_running_loop().create_future()
        self._hub.order(gate, kind, arguments, valid_s=valid_s, then=answered.set_result)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = await answered
        except TimeoutError:
            raise OfficeError(
                f"gate {gate} did not answer; it may have done it: look at its events",
                Trouble.NO_ANSWER,
                gate=gate,
            ) from None
        if not answer.ok:
            raise OfficeError(
                f"gate {gate} refused: {answer.text}", Trouble.GATE_REFUSES, gate=gate, text=answer.text
            )
        return {}
