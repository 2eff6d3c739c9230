"""Resident size of the gate process: the real one, tapped over its command socket; of the sync process."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from contextlib import closing
from random import Random
from typing import Any, Final

from bench.figures import Figure
from bench.loads import DOORS
from bench.processes import connect, gate, memory_bytes, output_of
from bench.rig import GateRig, Workshop

GRANTS: Final = 100_000
TAPS: Final = 10_000
SETTLED_TAPS: Final = 20_000
"""By then SQLite's page cache of 2 MB is full, and nothing else is kept between taps."""
MOST_MB: Final = 45.0
GROWTH_MB: Final = 1.0
SYNC_MB: Final = 60.0
STEP: Final = 100
MB: Final = 1e6


def measure(workshop: Workshop) -> list[Figure]:
    """Megabytes when ready, and after taps at every door; at most while whole lists are applied."""
    rig = workshop.gate(GRANTS)
    share = 50 if workshop.quick else 1
    with gate(workshop, rig) as process, closing(_Commands(rig)) as commands:
        ready = memory_bytes(process.pid)
        commands.tap(TAPS // share)
        after = memory_bytes(process.pid)
        commands.tap((SETTLED_TAPS - TAPS) // share)
        settled = memory_bytes(process.pid)
        commands.tap(TAPS // share)
        end = memory_bytes(process.pid)
    return [
        Figure("ready", ready / MB, "MB"),
        Figure("after_taps", after / MB, "MB", MOST_MB),
        Figure("growth_once_settled", (end - settled) / MB, "MB", GROWTH_MB),
        Figure("sync_at_most", _sync_at_most(workshop) / MB, "MB", SYNC_MB),
    ]


def _sync_at_most(workshop: Workshop) -> int:
    """Bytes, in three whole lists; without the link's own, which take some 3 MB."""
    rig = workshop.gate(GRANTS)
    return int(output_of(workshop, ["-m", "bench.applying", str(rig.directory), str(rig.count)]))


class _Commands:
    """A client of the gate's command socket."""

    def __init__(self, rig: GateRig) -> None:
        self._cards = rig.cards()
        self._draw = Random("gatehouse memory")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connect(self._socket, str(rig.control_socket))
        self._answers = self._socket.makefile("rb")

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._socket.close()

    def tap(self, count: int) -> None:
        """Tap; every so often wait for the log, so that no event is lost."""
        for number in range(count):
            door = self._draw.choice(DOORS)
            card = self._draw.choice(self._cards.opening(door) + self._cards.strangers[:STEP])
            self._ask({"command": "tap", "reader": f"reader{door}", "card": card.number.hex()})
            if number % STEP == STEP - 1 or number == count - 1:
                self._wait_for_log()

    def _wait_for_log(self) -> None:
        while (log := self._ask({"command": "status"})["log"])["backlog"]:
            time.sleep(0.01)
        if log["lost"]:
            raise RuntimeError("the gate lost events")

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._answers.readline())
        if not answer["ok"]:
            raise RuntimeError(answer["error"])
        return answer
