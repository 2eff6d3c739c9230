"""The sync process's own local socket: one JSON object a line, one answer a line.

Only the gate's group may connect. It lies in the sync directory, the one place where this
process may make files. Everything is bounded; the link to the office does not depend on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sync.clients import Clients
from terminal.config import Config

MAX_LINE_BYTES: Final = 4_096
MAX_CLIENTS: Final = 8
SOCKET_MODE: Final = 0o660
SUN_PATH_BYTES: Final = 107
"""unix(7)."""

Fields = dict[str, Any]


class LocalError(Exception):
    """A request that cannot be carried out; the text goes to the person who sent it."""


def socket_path(config: Config) -> Path:
    """Where the sync process of this configuration listens."""
    return config.sync_dir / "local.sock"


class LocalSocket:
    """Serves the socket while the process runs. ``handle`` raises ``LocalError`` for what it refuses."""

    def __init__(self, path: Path, handle: Callable[[Mapping[str, Any]], Awaitable[Fields]]) -> None:
        self._path = path
        self._handle = handle
        self._clients = Clients(self._serve, MAX_CLIENTS)
        self.fault = ""
        """Why nobody can be served; empty while all is well."""
        self.is_open = False

    async def run(self) -> None:
        """Until cancelled; a socket that cannot be made is told by ``fault`` and costs nothing else."""
        if len(str(self._path).encode()) > SUN_PATH_BYTES:
            self.fault = f"{self._path} is too long for a socket: choose a shorter state_dir"
            await asyncio.Event().wait()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as listener:
            try:
                self._path.unlink(missing_ok=True)
                listener.bind(str(self._path))
                self._path.chmod(SOCKET_MODE)  # before anybody can connect
            except OSError as error:
                self.fault = f"{self._path} cannot be made ({error.strerror}); check its directory"
                await asyncio.Event().wait()
            try:
                await self._listen(listener)
            finally:
                self.is_open = False
                self._path.unlink(missing_ok=True)

    async def _listen(self, listener: socket.socket) -> None:
        server = await asyncio.start_unix_server(self._clients.accept, sock=listener, limit=MAX_LINE_BYTES)
        try:
            self.is_open = True
            await asyncio.Event().wait()
        finally:
            server.close()
            await self._clients.end()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ValueError):  # talks without end
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line), ensure_ascii=False).encode() + b"\n")
                await writer.drain()

    async def _answer(self, line: bytes) -> Fields:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            return {"ok": False, "error": "a request is one JSON object a line"}
        try:
            return {"ok": True, **await self._handle(request)}
        except LocalError as error:
            return {"ok": False, "error": str(error)}
