"""Usage events as gates send them, taken in by the hub's own intake over the office's database."""

from __future__ import annotations

from collections.abc import Sequence

from office.hub.log_intake import Batch, Entry
from office.hub.reception import take_events
from office.lists.store import hub_store
from sync.events import GENESIS, Event, EventKind, encode_event, link, payload_hash
from sync.records import ClockState
from sync.statements.log_head import LogHead

EPOCH = b"log of the gate."
BOOT = b"boot of the gate"


def event(kind: EventKind, at: int | None, boottime_ms: int = 1000, **about: object) -> Event:
    """An event at a UTC second, as a gate with a trusted clock has it; ``None``: without a clock."""
    clock = ClockState.UNKNOWN if at is None else ClockState.TRUSTED
    wall_ms = None if at is None else at * 1000
    return Event(kind, BOOT, boottime_ms, wall_ms, clock, **about)  # type: ignore[arg-type]


class GateLog:
    """One log of one gate; what is sent goes on from what was sent before."""

    def __init__(self, gate_id: int, epoch: bytes = EPOCH) -> None:
        self.gate_id = gate_id
        self.epoch = epoch
        self._number = 0
        self._link = GENESIS

    def send(self, at: int, *events: Event | Entry) -> None:
        """The office takes these in at this second."""
        entries: Sequence[Entry] = [encode_event(one) if isinstance(one, Event) else one for one in events]
        first = self._number + 1
        for entry in entries:
            self._number += 1
            hashed = payload_hash(entry) if isinstance(entry, bytes) else entry.hashed
            self._link = link(self._link, self._number, hashed)
        store = hub_store()
        head = LogHead(store.gates.estate_id(), self.gate_id, self.epoch, self._number, self._link)
        take_events(store, self.gate_id, Batch(self.epoch, first, list(entries), head), at)
