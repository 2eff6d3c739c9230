"""How quiet the machine was: figures taken beside other work are worth less."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct


class CpuTimes(NamedTuple):
    """Ticks of all cores since boot."""

    total: int
    stolen: int
    """Given to other guests of the same host (proc_stat(5)); always 0 on a machine of its own."""


class Conditions(Struct, frozen=True):
    """What else went on during a bench."""

    load: float
    """Mean number of runnable processes over the last minute, our own included."""
    stolen_percent: float
    """Share of the cores' time that the host took away."""

    @classmethod
    def since(cls, before: CpuTimes) -> Conditions:
        """The conditions between ``before`` and now."""
        now = cpu_times()
        share = (now.stolen - before.stolen) / max(1, now.total - before.total)
        return cls(round(os.getloadavg()[0], 2), round(100 * share, 2))

    def __str__(self) -> str:
        return f"load {self.load:.1f}, {self.stolen_percent:.1f} % of the cores' time stolen by the host"


def cpu_times() -> CpuTimes:
    """The counters now."""
    line = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
    fields = [int(one) for one in line.split()[1:]]
    return CpuTimes(sum(fields[:8]), fields[7])  # what follows is part of user time
