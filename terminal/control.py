"""The gate's local command socket: one JSON object a line, one answer a line.

Only the gate's own group may connect (the socket's mode says so). A client that
talks nonsense, too much or too slowly is dropped; it never delays a tap: everything
here is non-blocking, bounded and on the gate's loop.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from terminal.loop import Loop

MAX_LINE_BYTES = 16 * 1024
MAX_BACKLOG_BYTES = 256 * 1024
"""Answers and followed events a client has not taken yet; beyond it the client is dropped."""
MAX_CLIENTS = 32

Request = Mapping[str, Any]
Answer = dict[str, Any]


class CommandError(Exception):
    """A command that cannot be carried out; the text goes to the person who sent it."""


def refused(why: str) -> Answer:
    """The answer to a command that was not carried out."""
    return {"ok": False, "error": why}


class Client:
    """One connection; ``send`` may be kept and used later. ``on_data``: it has sent something, or left."""

    def __init__(
        self,
        connection: socket.socket,
        loop: Loop,
        *,
        on_data: Callable[[Client], None],
        on_gone: Callable[[Client], None],
    ) -> None:
        self._connection = connection
        self._loop = loop
        self._on_data = on_data
        self._gone = on_gone
        self._waits_to_write = False
        loop.watch(connection.fileno(), self._ready)
        self._received = b""
        self._unsent = b""
        self.open = True

    def fileno(self) -> int:
        """The connection's descriptor."""
        return self._connection.fileno()

    def send(self, answer: Answer) -> None:
        """Queue one line; a client that does not read is dropped."""
        if not self.open:
            return
        self._unsent += json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if len(self._unsent) > MAX_BACKLOG_BYTES:
            self.close()
            return
        self._flush()

    def take_lines(self) -> list[bytes]:
        """Complete lines that have arrived; closes on end, error or an endless line."""
        try:
            data = self._connection.recv(MAX_LINE_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        *lines, self._received = (self._received + data).split(b"\n")
        if not data or len(self._received) > MAX_LINE_BYTES:
            self.close()
        return lines

    def close(self) -> None:
        """Drop the connection. May be called twice."""
        if self.open:
            self.open = False
            self._loop.unwatch(self.fileno())
            self._connection.close()
            self._gone(self)

    def _ready(self) -> None:
        if self._unsent:
            self._flush()
        if self.open:
            self._on_data(self)

    def _flush(self) -> None:
        try:
            self._unsent = self._unsent[self._connection.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if bool(self._unsent) is not self._waits_to_write:
            self._waits_to_write = bool(self._unsent)
            self._loop.watch(self.fileno(), self._ready, write=self._waits_to_write)


class ControlServer:
    """Accepts clients and hands each request to ``handle``.

    ``handle(request, client)`` returns the answer, or None when it answers later by
    ``client.send``. It raises ``CommandError`` for what cannot be done.
    """

    def __init__(self, path: Path, loop: Loop, handle: Callable[[Request, Client], Answer | None]) -> None:
        self._path = path
        self._loop = loop
        self._handle = handle
        self._clients: list[Client] = []
        self._listener = _listen(path)
        loop.watch(self._listener.fileno(), self._accept)

    def close(self) -> None:
        """Drop all clients and remove the socket."""
        for client in list(self._clients):
            client.close()
        self._loop.unwatch(self._listener.fileno())
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        if len(self._clients) >= MAX_CLIENTS:
            connection.close()
            return
        self._clients.append(
            Client(connection, self._loop, on_data=self._serve, on_gone=self._clients.remove)
        )

    def _serve(self, client: Client) -> None:
        for line in client.take_lines():
            answer = self._answer(line, client)
            if answer is not None:
                client.send(answer)

    def _answer(self, line: bytes, client: Client) -> Answer | None:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return refused("a request is one JSON object a line")
        if not isinstance(request, dict):
            return refused("a request is one JSON object a line")
        try:
            answer = self._handle(request, client)
        except CommandError as error:
            return refused(str(error))
        return None if answer is None else {"ok": True, **answer}


def _listen(path: Path) -> socket.socket:
    """Bind the socket at ``path``, replacing one that a killed gate left behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        listener.bind(str(path))
        path.chmod(0o660)
        listener.listen(MAX_CLIENTS)
    except OSError:
        listener.close()
        raise
    return listener
