"""A gate's processes as the service manager runs them: they say when they are ready, and can lose power."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

READY_WITHIN_S: Final = 20.0
"""A small Pi needs about one second; this is for a start that hangs."""
STOP_WITHIN_S: Final = 5.0
_ROOT: Final = Path(__file__).resolve().parents[2]
_MAX_MESSAGE_BYTES: Final = 4096


class GateStartError(Exception):
    """The gate did not become ready; the text ends with what it said."""


class GateProcess:
    """``python -m terminal COMMAND --config CONFIG``, started and ended like a service.

    The process never outlives its owner, however that ends; start it from a thread that stays.
    """

    def __init__(self, config: Path, environment: Mapping[str, str], command: str = "gate") -> None:
        self.config = config
        self._command = command
        self._environment = dict(environment)
        self._journal = config.with_name(f"{command}.err")
        self._notify = config.with_name(f"{command}.notify")
        self._process: subprocess.Popen[bytes] | None = None
        self._pid_fd = -1

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def wait_alive(self, seconds: float) -> bool:
        """Wait so long at most, shorter if the process ends; is it alive?"""
        if self.is_running:
            select.select([self._pid_fd], [], [], seconds)
        return self.is_running

    def start(self) -> None:
        """Start it and wait until it serves taps; raises ``GateStartError``."""
        self._notify.unlink(missing_ok=True)
        with contextlib.ExitStack() as opened:
            notified = opened.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            notified.bind(str(self._notify))
            journal = opened.enter_context(self._journal.open("ab"))
            gate = [sys.executable, "-m", "terminal", self._command, "--config", str(self.config)]
            self._process = subprocess.Popen(
                # Killed with its owner (prctl(2), PR_SET_PDEATHSIG): no gate is left behind by a crash.
                ["setpriv", "--pdeathsig", "KILL", "--", *gate],
                cwd=_ROOT,
                env=self._environment | {"NOTIFY_SOCKET": str(self._notify)},
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=journal,
                start_new_session=True,  # a Ctrl-C is for its owner, who then ends it in order
            )
            self._pid_fd = os.pidfd_open(self._process.pid)
            if not self._wait_ready(notified):
                self.kill()
                said = self._journal.read_text("utf-8", "replace").strip()
                raise GateStartError(f"{self._command} did not become ready: {said or 'it said nothing'}")

    def kill(self) -> None:
        """The power goes: the process ends at once, and nothing of it is written any more."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order, by force if it does not obey. May be called twice."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        os.close(self._pid_fd)

    def _wait_ready(self, notified: socket.socket) -> bool:
        """Whether READY=1 comes (sd_notify(3)) before the process ends or the time is over."""
        messages = notified.fileno()
        readable, _, _ = select.select([messages, self._pid_fd], [], [], READY_WITHIN_S)
        return messages in readable and b"READY=1" in notified.recv(_MAX_MESSAGE_BYTES).splitlines()
