"""A gate's hasher that comes to nothing until the test lets it."""

from __future__ import annotations

import threading
from typing import Final

from tests.support.gate_rig import GateRig

WITHIN_S: Final = 10.0


class Busy:
    """Keeps the gate's hasher from coming to what was typed, until it is let go."""

    def __init__(self, rig: GateRig) -> None:
        self._began, self._go = threading.Event(), threading.Event()
        assert rig.gate.taps.pins.hasher.ask(self._work, lambda _result: None)
        assert self._began.wait(WITHIN_S)

    def _work(self) -> None:
        self._began.set()
        assert self._go.wait(WITHIN_S)

    def let_go(self) -> None:
        """Let it work."""
        self._go.set()
