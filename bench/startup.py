"""From process start to READY, beside the bare interpreter with the modules no gate can do without."""

from __future__ import annotations

import os
import time
from statistics import median
from typing import Final

from bench.figures import Figure, middle
from bench.processes import listening, running, wait_ready
from bench.rig import GateRig, Workshop

SMALL: Final = 1_000
LARGE: Final = 100_000
TIMES_BARE: Final = 3.0
GROWTH: Final = 1.2
BARE: Final = "import threading, sqlite3, msgpack, sys; sys.stdout.write('ready\\n'); sys.stdout.flush()"


def measure(workshop: Workshop) -> list[Figure]:
    """Milliseconds, medians of starts that take turns; code is compiled, files are in memory."""
    starts = 2 if workshop.quick else 25
    rigs = [workshop.gate(SMALL), workshop.gate(LARGE)]
    for rig in rigs:
        _gate_ms(workshop, rig)
    bare, small, large = [], [], []
    for _ in range(starts):
        bare.append(_bare_ms(workshop))
        small.append(_gate_ms(workshop, rigs[0]))
        large.append(_gate_ms(workshop, rigs[1]))
    return [
        middle("bare", bare, "ms"),
        middle(f"ready_{SMALL}", small, "ms"),
        middle(f"ready_{LARGE}", large, "ms"),
        Figure("times_bare", median(small) / median(bare), "x", TIMES_BARE),
        Figure("growth_small_to_large", median(large) / median(small), "x", GROWTH),
    ]


def _bare_ms(workshop: Workshop) -> float:
    began = time.perf_counter()
    with running(workshop, ["-c", BARE]) as process:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError("the bare interpreter did not start")
        return (time.perf_counter() - began) * 1_000


def _gate_ms(workshop: Workshop, rig: GateRig) -> float:
    with listening(workshop.directory / "notify") as messages:
        began = time.perf_counter()
        arguments = ["-m", "terminal", "gate", "--config", str(rig.config)]
        with running(workshop, arguments, NOTIFY_SOCKET=os.fspath(messages.getsockname())) as process:
            wait_ready(messages)
            took = (time.perf_counter() - began) * 1_000
            process.terminate()
            process.wait()
            return took
