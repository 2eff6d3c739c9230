"""The demonstration's end of a gate's command socket: ask one thing, or hear of every event."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

Fields = dict[str, Any]

ANSWER_WITHIN_S: Final = 5.0
"""A gate answers within milliseconds; this is for one that hangs."""
_CHUNK_BYTES: Final = 1 << 16


class GateGoneError(Exception):
    """The gate has hung up or does not answer: it was killed, or has no power."""


class GateRefusedError(Exception):
    """The gate did not carry a command out, in its own words."""


class GateClient:
    """One connection. Used either to ``ask`` or, after ``follow``, to ``take_events``.

    Raises:
        GateGoneError: nothing answers at the socket.
    """

    def __init__(self, path: Path) -> None:
        self._received = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(ANSWER_WITHIN_S)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise GateGoneError(f"{path}: {error.strerror}") from error

    def fileno(self) -> int:
        """Readable when followed events wait, or the gate has gone."""
        return self._socket.fileno()

    def ask(self, command: str, **arguments: object) -> Fields:
        """The gate's answer to one command.

        Raises:
            GateRefusedError: it was not carried out.
            GateGoneError: no answer came.
        """
        try:
            self._socket.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
        except OSError as error:
            raise GateGoneError(f"{command}: {error.strerror}") from error
        answer: Fields = json.loads(self._line())
        if not answer.pop("ok"):
            raise GateRefusedError(answer["error"])
        return answer

    def follow(self) -> None:
        """From now on hear of every event once it is stored."""
        self.ask("follow")
        self._socket.setblocking(False)

    def take_events(self) -> list[Fields]:
        """The followed events that have come, oldest first; raises ``GateGoneError`` at the end."""
        try:
            data = self._socket.recv(_CHUNK_BYTES)
        except BlockingIOError:
            data = None
        except OSError:
            data = b""
        if data == b"":
            raise GateGoneError("the gate has hung up")
        *lines, self._received = (self._received + (data or b"")).split(b"\n")
        return [json.loads(line)["event"] for line in lines]

    def close(self) -> None:
        """Hang up. May be called twice."""
        self._socket.close()

    def _line(self) -> bytes:
        while b"\n" not in self._received:
            try:
                data = self._socket.recv(_CHUNK_BYTES)
            except OSError as error:
                raise GateGoneError(f"no answer within {ANSWER_WITHIN_S:g} s") from error
            if not data:
                raise GateGoneError("the gate has hung up")
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        return line


def connect(path: Path, *, alive: Callable[[float], bool], tries: int = 500) -> GateClient:
    """Connect to a gate that is about to open its socket.

    ``alive(seconds)`` waits that long at most and says whether the gate's process still runs.

    Raises:
        GateGoneError: it ended, or its socket does not open.
    """
    for _ in range(tries):
        try:
            return GateClient(path)
        except GateGoneError:
            if not alive(0.01):
                break
    raise GateGoneError(f"{path}: the gate does not open its command socket")
