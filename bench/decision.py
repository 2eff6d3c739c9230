"""Look-up and decision of one tap: in three sizes of list, quiet and while the list is replaced."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from random import Random
from typing import Final

from bench.figures import Figure, Spread, p99
from bench.loads import ISSUED_AT, PEDESTRIAN_DOORS, Cards
from bench.processes import replacing
from bench.publisher import ESTATE_ID, GATE_ID
from bench.rig import GateRig, Workshop
from sync.records import ClockState, Credential, Direction, DoorMode, Reason
from terminal.core.decision import decide
from terminal.core.situation import Now, Request, Situation
from terminal.permissions import Permissions
from terminal.stores.list_index import ListIndex

SMALL: Final = 1_000
USUAL: Final = 100_000
LARGE: Final = 1_000_000
QUIET_US: Final = 100.0
REPLACING_US: Final = 1_000.0
GROWTH: Final = 1.3
BLOCK: Final = 250
"""The sizes take turns this often, so that a busy moment of the machine meets all of them."""
PAUSE_S: Final = 0.002
"""Taps do not come back to back: while the list is replaced, the other process must get on."""

_NOW: Final = Now(1_000.0, ISSUED_AT + 3_600, ISSUED_AT, ClockState.TRUSTED)
_SITUATION: Final = Situation(DoorMode.NORMAL, 3_600.0)


class _Decider:
    """Decides taps at one gate, one in five by a card that is on no list."""

    def __init__(self, rig: GateRig) -> None:
        self._permissions = Permissions(
            ListIndex(rig.sync_dir), lambda _report: None, estate_id=ESTATE_ID, gate_id=GATE_ID
        )
        self._cards: Cards = rig.cards()
        self._draw = Random(f"gatehouse decisions {rig.count}")
        self.hits_us: list[float] = []
        self.misses_us: list[float] = []

    @property
    def all_us(self) -> list[float]:
        """Hits and misses."""
        return self.hits_us + self.misses_us

    def close(self) -> None:
        """Release the list."""
        self._permissions.close()

    def forget(self) -> None:
        """Begin a new sample."""
        self.hits_us, self.misses_us = [], []

    def decide(self, taps: int, pause_s: float = 0.0) -> None:
        """Add ``taps`` decisions to the sample."""
        for _ in range(taps):
            if self._draw.random() < 0.2:
                self.misses_us.append(self._one(self._draw.choice(self._cards.strangers), granted=False))
            else:
                self.hits_us.append(self._one(self._draw.choice(self._cards.residents), granted=True))
            if pause_s:
                time.sleep(pause_s)

    def _one(self, credential: Credential, *, granted: bool) -> float:
        request = Request(credential, PEDESTRIAN_DOORS[0], Direction.IN)
        began = time.perf_counter_ns()
        found = self._permissions.look_up(credential)
        reason = Reason.FAULT
        if found is not None:
            reason = decide(request, found.records, found.rules, _SITUATION, _NOW).reason
        took = time.perf_counter_ns() - began
        if reason is not (Reason.GRANTED if granted else Reason.UNKNOWN_CREDENTIAL):
            raise RuntimeError(f"card {credential} was decided {reason.name}")
        return took / 1_000


def measure(workshop: Workshop) -> list[Figure]:
    """Microseconds of look-up and decision together."""
    rounds = 4 if workshop.quick else 80
    with ExitStack() as stack:
        rigs = {count: workshop.gate(count) for count in (SMALL, USUAL, LARGE)}
        deciders = {count: stack.enter_context(closing(_Decider(rig))) for count, rig in rigs.items()}
        for one in deciders.values():
            one.decide(BLOCK)
            one.forget()
        for _ in range(rounds):
            for one in deciders.values():
                one.decide(BLOCK)
        found = [figure for count, one in deciders.items() for figure in _quiet(count, one)]
        growth = Spread.of(deciders[LARGE].all_us).p99 / Spread.of(deciders[SMALL].all_us).p99
        found.append(Figure("growth_small_to_large", growth, "x", GROWTH))
        usual = deciders[USUAL]
        usual.forget()
        with replacing(workshop, rigs[USUAL]):
            usual.decide(rounds * 100, PAUSE_S)
        found.append(p99(f"replacing_{USUAL}", usual.all_us, "us", REPLACING_US))
        return found


def _quiet(count: int, decider: _Decider) -> list[Figure]:
    return [
        p99(f"quiet_{count}", decider.all_us, "us", QUIET_US if count == USUAL else None),
        p99(f"quiet_{count}_hits", decider.hits_us, "us"),
        p99(f"quiet_{count}_misses", decider.misses_us, "us"),
    ]
