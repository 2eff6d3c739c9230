"""The commands' end of the gate's local socket: ask one thing, or listen to its events."""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from terminal import clock
from terminal.cli._answer import EXIT_NO, EXIT_NOT_ALLOWED, EXIT_UNAVAILABLE, CommandFailedError, Fields

ANSWER_WITHIN_S: Final = 5.0
"""A gate answers within milliseconds; this is for one that hangs."""
MAX_LINE_BYTES: Final = 1 << 20
CHUNK_BYTES: Final = 1 << 16


class NoGateError(CommandFailedError):
    """No gate answers at the socket."""

    def __init__(self, text: str) -> None:
        super().__init__(text, EXIT_UNAVAILABLE)


class Connection:
    """A connection to the running gate; a context manager.

    Raises:
        NoGateError: none runs, or it does not answer.
        CommandFailedError: this user may not talk to it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._received = b""
        self._lines: deque[Fields] = deque()
        self._events: deque[Fields] = deque()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(ANSWER_WITHIN_S)
        try:
            self._socket.connect(str(path))
        except PermissionError as error:
            self.close()
            raise CommandFailedError(
                f"{path}: this user may not talk to the gate; join the group that owns the socket",
                EXIT_NOT_ALLOWED,
            ) from error
        except OSError as error:
            self.close()
            raise NoGateError(f"{path}: no gate runs here ({error.strerror or error})") from error

    def ask(self, request: Mapping[str, object]) -> Fields:
        """The gate's answer to one command.

        Raises:
            CommandFailedError: it refused, with its own words.
        """
        deadline = clock.monotonic() + ANSWER_WITHIN_S
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise self._gone() from error
        while True:
            line = self._next_line(deadline)
            if line is None:
                raise self._gone()
            if "event" in line:
                self._events.append(line["event"])
            elif line.pop("ok", False):
                return line
            else:
                raise CommandFailedError(str(line.get("error", "the gate refused")), EXIT_NO)

    def next_event(self, deadline: float) -> Fields | None:
        """The next followed event; ``None`` when the monotonic second ``deadline`` passes first."""
        if not self._events:
            line = self._next_line(deadline)
            return None if line is None else line.get("event")
        return self._events.popleft()

    def wake_ups(self) -> Iterator[None]:
        """One for every batch of followed events, however long it takes, and one when the gate has ended."""
        while self._receive(None):
            self._lines.clear()
            yield
        yield

    def close(self) -> None:
        """Hang up. May be called twice."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _next_line(self, deadline: float) -> Fields | None:
        while not self._lines:
            left_s = deadline - clock.monotonic()
            if left_s <= 0:
                return None
            try:
                if not self._receive(left_s):
                    return None
            except TimeoutError:
                return None
        return self._lines.popleft()

    def _receive(self, timeout_s: float | None) -> bool:
        """Take what comes; False once the gate has hung up."""
        self._socket.settimeout(timeout_s)
        try:
            data = self._socket.recv(CHUNK_BYTES)
        except TimeoutError:
            raise
        except OSError:
            data = b""
        *lines, self._received = (self._received + data).split(b"\n")
        if len(self._received) > MAX_LINE_BYTES:
            raise NoGateError(f"{self._path}: what answers here is not a gate")
        self._lines.extend(self._parsed(one) for one in lines)
        return bool(data)

    def _parsed(self, line: bytes) -> Fields:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise NoGateError(f"{self._path}: what answers here is not a gate") from error
        if not isinstance(fields, dict):
            raise NoGateError(f"{self._path}: what answers here is not a gate")
        return fields

    def _gone(self) -> NoGateError:
        return NoGateError(f"{self._path}: the gate does not answer; look into its journal, restart it")
