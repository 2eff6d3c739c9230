"""The gate process with a client at its command socket."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.estate import card
from tests.support.waiting import WITHIN_S, until


class RunningGate:
    """``python -m terminal gate`` on simulated hardware."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        notify = directory / "notify"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(notify))
            manager.settimeout(WITHIN_S)
            self.process = subprocess.Popen(
                [sys.executable, "-m", "terminal", "gate", "--config", str(directory / "gate.toml")],
                env={**os.environ, "NOTIFY_SOCKET": str(notify)},
                stderr=subprocess.PIPE,
            )
            with contextlib.ExitStack() as clearing:
                clearing.callback(self.kill)
                assert manager.recv(1000).startswith(b"READY=1")
                self.commands, self.followed = self._connect(), self._connect()
                self._say(self.followed, command="follow")
                assert select.select([self.followed], [], [], WITHIN_S)[0]
                clearing.pop_all()
        self._left = b""
        self._has_ended = False

    def _connect(self) -> socket.socket:
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(WITHIN_S)
        address = str(self.directory / "gate.sock")
        # It comes a moment after READY, on purpose.
        until("the command socket", lambda: one.connect_ex(address) == 0)
        return one

    def tap(self, reader: str, number: int) -> None:
        """Hold a card to a reader; nothing is waited for."""
        self._say(self.commands, command="tap", reader=reader, card=card(number).number.hex())

    def until_told(self, reason: str) -> None:
        """Wait until it told of a tap with this outcome."""
        self.until_event(f"a tap with {reason}", lambda one: one.get("reason") == reason)

    def until_event(self, what: str, is_it: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until it tells of such an event; fails at once if it ends before."""
        until(what, lambda: any(is_it(one) for one in self.told()), between=self._wait_for_more)

    def _wait_for_more(self) -> None:
        assert not self._has_ended, "the gate has ended"
        select.select([self.followed], [], [], 1.0)

    def _say(self, connection: socket.socket, **request: object) -> None:
        connection.sendall(json.dumps(request).encode() + b"\n")

    def told(self) -> list[dict[str, Any]]:
        """Events it has told of so far, or had told before it died."""
        self.followed.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while data := self.followed.recv(65536):
                self._left += data
            self._has_ended = True
        *lines, self._left = self._left.split(b"\n")
        answers = [json.loads(line) for line in lines]
        return [one["event"] for one in answers if "event" in one]

    def kill(self) -> None:
        """As a power cut would, but for the disk's own memory."""
        self.process.kill()
        self.process.wait(WITHIN_S)

    def close(self) -> None:
        """End it whatever it does. May be called twice."""
        self.kill()
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.commands.close()
        self.followed.close()
