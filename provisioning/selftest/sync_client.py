"""The sync process over its local socket, and a stand-in where it need not be asked."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from provisioning.selftest.person import SelfTestError

ANSWER_WITHIN_S: Final = 200.0
"""Ten questions on a slow pair, each with its own limit, and some reserve."""
MAX_ANSWER_BYTES: Final = 1 << 20


class SyncClient:
    """`provisioning.selftest.visit.SyncProcess` at a real socket; a connection for each question."""

    def __init__(self, path: Path, wait: Callable[[Sequence[int], float], None]) -> None:
        """``wait`` waits until a descriptor can be read; a signal may end it."""
        self._path = path
        self._wait = wait

    def ask(self, what: dict[str, object]) -> dict[str, Any]:
        """Its answer; raises ``SelfTestError`` where none can be had."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as connection:
                connection.settimeout(ANSWER_WITHIN_S)
                connection.connect(str(self._path))
                connection.sendall(json.dumps(what).encode() + b"\n")
                self._wait([connection.fileno()], ANSWER_WITHIN_S)
                with connection.makefile("rb") as answers:
                    line = answers.readline(MAX_ANSWER_BYTES)
            answer = json.loads(line)
        except (OSError, ValueError, RecursionError) as error:
            raise SelfTestError(
                f"{self._path}: the sync process does not answer ({error}); start gate-sync.service"
            ) from error
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            told = answer.get("error") if isinstance(answer, dict) else "no object"
            raise SelfTestError(f"the sync process refused: {str(told)[:150]}")
        return answer
